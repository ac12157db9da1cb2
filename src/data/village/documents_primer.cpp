// SPDX-License-Identifier: MIT
// Pages of a primer: tables, sums, spelling, words and their kinds. What the exercises use is first seen here by
// itself.
#include <algorithm>

#include "data/village/documents.h"

namespace quern::village {

namespace {

void add_line(Scene& s, const char* group, std::string& text) { text += "\n" + s.say(group); }

void times_page(Scene& s, std::string& text) {
  const int k = s.dice.between(2, 9), from = s.dice.between(2, 5);
  s.set("k", k);
  text = s.say("primer.head_times");
  for (int n = from; n < from + 5; ++n) {
    s.set("n", n);
    s.set("c", k * n);
    add_line(s, "primer.times", text);
  }
}

void sums_page(Scene& s, std::string& text) {
  text = s.say("primer.head_sums");
  const uint64_t kind = s.dice.below(3);
  for (int i = 0; i < 6; ++i) {
    int n = s.dice.between(1, 12), m = s.dice.between(1, 12);
    if (kind == 2) {
      n = s.dice.between(2, 20);
      do m = s.dice.between(2, 20);
      while (m == n);
      s.set("p", std::max(n, m));
      s.set("q", std::min(n, m));
      add_line(s, "primer.more", text);
      continue;
    }
    s.set("n", n);
    s.set("m", m);
    s.set("p", n + m);
    s.set("c", kind == 0 ? n + m : m);
    add_line(s, kind == 0 ? "primer.plus" : "primer.minus", text);
  }
}

void letters_page(Scene& s, std::string& text) {
  const Lexicon& words = lexicon();
  text = s.say("primer.head_letters");
  const uint64_t kind = s.dice.below(s.zh() ? 2 : 3);
  for (int i = 0; i < 6; ++i) {
    if (kind == 2) {
      const int n = s.dice.between(0, 24);
      s.set("l", std::string(1, static_cast<char>('a' + n)));
      s.set("r", std::string(1, static_cast<char>('a' + n + 1)));
      if (s.dice.chance(0.4)) {
        s.set("r", std::string(1, static_cast<char>('a' + s.dice.between(n + 1, 25))));
        add_line(s, "primer.order", text);
        continue;
      }
      const bool after = s.dice.chance(0.5);
      if (!after) {
        s.set("l", std::string(1, static_cast<char>('a' + n + 1)));
        s.set("r", std::string(1, static_cast<char>('a' + n)));
      }
      add_line(s, after ? "primer.after" : "primer.before", text);
      continue;
    }
    const std::string& word = s.dice.pick(s.zh() ? words.puzzle_words_zh : words.puzzle_words);
    const std::string letters = letters_apart(word);
    s.set("w", word);
    s.set("l", letters);
    std::vector<std::string> parts = characters(letters);
    std::reverse(parts.begin(), parts.end());
    std::string backwards;
    for (const std::string& part : parts) backwards += part;
    s.set("r", backwards);
    add_line(s, kind == 0 ? (s.dice.chance(0.5) ? "primer.spell" : "primer.join") : "primer.reverse", text);
  }
}

void words_page(Scene& s, std::string& text) {
  const Lexicon& words = lexicon();
  text = s.say("primer.head_words");
  const bool opposites = s.dice.chance(0.5);
  for (int i = 0; i < 6; ++i) {
    if (opposites) {
      const Pair& pair = s.dice.pick(s.zh() ? words.opposites_zh : words.opposites);
      s.set("w", pair.left);
      s.set("r", pair.right);
      add_line(s, "primer.opposite", text);
      continue;
    }
    const Term& term = s.dice.pick(s.dice.chance(0.5)   ? words.animals
                                   : s.dice.chance(0.5) ? words.goods
                                                        : words.things);
    s.set("w", term);
    s.set("r", s.zh() ? term.measure : term.plural);
    add_line(s, "primer.plural", text);
  }
}

void order_page(Scene& s, std::string& text) {  // days and months, one after the other
  const auto& list = s.dice.chance(0.4) ? lexicon().weekdays : lexicon().months;
  text = s.say("primer.head_words");
  const size_t n = list.size(), from = s.dice.below(n);
  for (size_t i = from; i < from + 5; ++i) {
    const bool after = s.dice.chance(0.5);
    s.set("l", list[(after ? i : i + 1) % n]);
    s.set("r", list[(after ? i + 1 : i) % n]);
    add_line(s, after ? "primer.after" : "primer.before", text);
  }
}

void kinds_page(Scene& s, std::string& text) {
  text = s.say("primer.head_kinds");
  for (int i = 0; i < 8; ++i) {
    const WordFamily& family = s.dice.pick(word_families());
    s.set("w", s.dice.pick(*family.members));
    s.set("k", s.zh() ? family.zh : family.en);
    add_line(s, "primer.kind", text);
  }
}

}  // namespace

void write_primer(Scene& s, std::string& text) {
  static constexpr void (*kPages[])(Scene&, std::string&) = {times_page, sums_page,  letters_page,
                                                             words_page, order_page, kinds_page};
  kPages[s.dice.below(6)](s, text);
}

}  // namespace quern::village
