// SPDX-License-Identifier: MIT
// Puzzles with letters and words. Letters stand apart (l a m p), so that each is a token of its own.
#include <algorithm>

#include "data/village/scene.h"

namespace quern::village {

namespace {

const std::string& puzzle_word(Scene& s) {
  return s.dice.pick(s.zh() ? lexicon().puzzle_words_zh : lexicon().puzzle_words);
}

void answer_with(Scene& s, Task& t, std::string_view slot, const std::string& value, const char* group) {
  s.set(slot, value);
  t.answer = s.say(group);
  t.accepted = {value};
}

// Letters at random make it a matter of reading rather than of knowing the word.
std::string loose_letters(Scene& s, int least, int most) {
  if (s.zh()) return letters_apart(puzzle_word(s));
  std::string out;
  std::string used;
  for (int i = s.dice.between(least, most); i > 0; --i) {
    char c = 'a';
    do c = static_cast<char>('a' + s.dice.below(26));
    while (used.find(c) != std::string::npos);
    used += c;
    out += out.empty() ? "" : " ";
    out += c;
  }
  return out;
}

std::string letters_of(Scene& s) { return s.dice.chance(0.6) ? letters_apart(puzzle_word(s)) : loose_letters(s, 3, 5); }

void pick_end(Scene& s, Task& t, bool first) {
  if (s.dice.chance(0.6)) {
    const std::string& word = puzzle_word(s);
    s.set("w", word);
    t.question = s.say(first ? "first.ask" : "last.ask");
    const auto c = characters(word);
    s.set("l", letters_apart(word));
    answer_with(s, t, "r", first ? c.front() : c.back(), first ? "a.first_letter" : "a.last_letter");
  } else {
    const std::string letters = letters_of(s);
    s.set("l", letters);
    t.question = s.say(first ? "first.given" : "last.given");
    const auto c = characters(letters);
    answer_with(s, t, "r", first ? c.front() : c.back(), first ? "a.first_letter" : "a.last_letter");
  }
}

}  // namespace

void copy_words(Scene& s, Task& t) {
  const Lexicon& words = lexicon();
  std::string list;
  const int count = s.dice.between(2, 4);
  for (int i = 0; i < count; ++i) {
    if (i) list += s.zh() ? "，" : ", ";
    list += s.text(s.dice.pick(words.colors)) + (s.zh() ? "色的" : " ");
    list += s.text(s.dice.pick(s.dice.chance(0.5) ? words.things : words.animals));
  }
  list += s.zh() ? "。" : ".";
  s.set("x", list);
  t.question = s.say("copy.ask");
  t.answer = list;
  t.accepted = {list};
}

void letters_spell(Scene& s, Task& t) {
  const std::string& word = puzzle_word(s);
  s.set("w", word);
  t.question = s.say("spell.ask");
  answer_with(s, t, "l", letters_apart(word), "a.spell");
}

void letters_join(Scene& s, Task& t) {
  const std::string& word = puzzle_word(s);
  s.set("l", letters_apart(word));
  t.question = s.say("join.ask");
  answer_with(s, t, "w", word, "a.join");
}

void letters_first(Scene& s, Task& t) { pick_end(s, t, true); }
void letters_last(Scene& s, Task& t) { pick_end(s, t, false); }

void letters_reverse(Scene& s, Task& t) {
  const std::string letters = letters_of(s);
  s.set("l", letters);
  t.question = s.say("reverse.ask");
  auto c = characters(letters);
  std::string backwards;
  for (size_t i = c.size(); i > 0; --i) backwards += c[i - 1];
  answer_with(s, t, "r", backwards, "a.reverse");
  std::string joined = backwards;
  joined.erase(std::remove(joined.begin(), joined.end(), ' '), joined.end());
  t.accepted.push_back(joined);
}

void letters_count(Scene& s, Task& t) {
  const std::string letters = letters_of(s);
  s.set("l", letters);
  t.question = s.say("count.letters");
  std::string counted;
  int n = 0;
  for (const std::string& c : characters(letters))
    if (c != " ") counted += (n ? (s.zh() ? "，" : ", ") : std::string()) + c + " " + std::to_string(n + 1), ++n;
  s.set("r", counted);
  answer_with(s, t, "n", std::to_string(n), "a.count_letters");
}

void alphabet_order(Scene& s, Task& t) {
  if (s.zh()) {  // the order of numbers and seasons stands in for the alphabet
    const auto& months = lexicon().months;
    const size_t i = s.dice.below(11), j = i + 1 + s.dice.below(11 - i);
    const bool swap = s.dice.chance(0.5);
    s.set("w", months[swap ? j : i]);
    s.set("x", months[swap ? i : j]);
    t.question = s.say("alphabet.words");
    answer_with(s, t, "r", months[i].zh, "a.alphabet");
    return;
  }
  if (s.dice.chance(0.4)) {
    const bool after = s.dice.chance(0.6);
    const char letter = static_cast<char>('a' + (after ? s.dice.below(25) : 1 + s.dice.below(25)));
    s.set("l", std::string(1, letter));
    t.question = s.say(after ? "alphabet.after" : "alphabet.before");
    answer_with(s, t, "r", std::string(1, static_cast<char>(letter + (after ? 1 : -1))),
                after ? "a.after" : "a.before");
    return;
  }
  const std::string* w = &puzzle_word(s);
  const std::string* x = w;
  while ((*x)[0] == (*w)[0]) x = &puzzle_word(s);
  s.set("w", *w);
  s.set("x", *x);
  t.question = s.say("alphabet.words");
  s.set("l", w->substr(0, 1));
  s.set("m", x->substr(0, 1));
  s.set("n", std::min(*w, *x).substr(0, 1));
  answer_with(s, t, "r", std::min(*w, *x), "a.alphabet");
}

void odd_one(Scene& s, Task& t) {
  const std::vector<WordFamily>& families = word_families();
  const std::vector<int> two = s.dice.distinct(static_cast<int>(families.size()), 2);
  const WordFamily &main = families[size_t(two[0])], &other = families[size_t(two[1])];
  const bool odd = s.dice.chance(0.5);  // one that is not of the kind among two that are; or the other way round
  const std::vector<int> pair = s.dice.distinct(static_cast<int>(main.members->size()), 2);
  const std::vector<int> others = s.dice.distinct(static_cast<int>(other.members->size()), 2);
  const auto of = [](const WordFamily& f, int i) { return (*f.members)[static_cast<size_t>(i)]; };
  using Shown = std::pair<Term, const WordFamily*>;
  std::vector<Shown> shown =
      odd ? std::vector<Shown>{{of(other, others[0]), &other}, {of(main, pair[0]), &main}, {of(main, pair[1]), &main}}
          : std::vector<Shown>{
                {of(main, pair[0]), &main}, {of(other, others[0]), &other}, {of(other, others[1]), &other}};
  const Term right = shown[0].first;
  s.dice.shuffle(shown);
  const char* const slots[][2] = {{"x", "xk"}, {"y", "yk"}, {"z", "zk"}};
  for (size_t i = 0; i < 3; ++i) {
    s.set(slots[i][0], shown[i].first);
    s.set(slots[i][1], s.zh() ? shown[i].second->zh : shown[i].second->en);
  }
  s.set("k", s.zh() ? main.zh : main.en);
  t.question = s.say(odd ? "kind.not" : "kind.is");
  s.set("r", right);
  t.answer = s.say("a.kind");
  t.accepted = {s.text(right)};
}

void calendar_next(Scene& s, Task& t) {
  const bool day = s.dice.chance(0.5), after = s.dice.chance(0.6);
  const auto& list = day ? lexicon().weekdays : lexicon().months;
  const size_t i = s.dice.below(list.size()), n = list.size();
  s.set("d", list[i]);
  t.question = s.say(std::string(day ? "day." : "month.") + (after ? "after" : "before"));
  const Term& right = list[(i + (after ? 1 : n - 1)) % n];
  s.set("r", right);
  s.set("l", list[i]);
  t.answer = s.say(after ? "a.after" : "a.before");
  t.accepted = {s.text(right)};
}

void opposite_word(Scene& s, Task& t) {
  const Pair& pair = s.dice.pick(s.zh() ? lexicon().opposites_zh : lexicon().opposites);
  const bool turn = s.dice.chance(0.5);
  s.set("w", turn ? pair.right : pair.left);
  t.question = s.say("opposite.ask");
  answer_with(s, t, "r", turn ? pair.left : pair.right, "a.opposite");
}

void plural_word(Scene& s, Task& t) {
  const Lexicon& words = lexicon();
  const Term* term = nullptr;
  do term = &s.dice.pick(s.dice.chance(0.4) ? words.animals : s.dice.chance(0.5) ? words.things : words.goods);
  while (term->plural.empty() || term->plural == term->en);
  s.set("w", *term);
  t.question = s.say("plural.ask");
  // Chinese has measure words where English has plurals.
  answer_with(s, t, "r", s.zh() ? term->measure : term->plural, "a.plural");
}

}  // namespace quern::village
