// SPDX-License-Identifier: MIT
// Reading: who does what, as invented people do it in a passage of one to four sentences. Works in any village.
#include <algorithm>
#include <array>

#include "data/village/scene.h"

namespace quern::village {

namespace {

struct Line {
  std::string relation;
  Term subject, value, detail;
};

constexpr std::array<const char*, 8> kForward = {"keeps", "likes", "trade", "street", "owns", "skill", "hair", "pet"};
// With full names also who belongs to whom.
constexpr std::array<const char*, 13> kForwardFull = {"keeps", "likes", "trade",  "street", "owns",   "skill", "hair",
                                                      "pet",   "born",  "father", "mother", "friend", "master"};
constexpr std::array<const char*, 8> kReverse = kForward;
constexpr std::array<const char*, 7> kPlain = {"keeps", "likes", "trade", "street", "owns", "skill", "hair"};

void put(Scene& s, const Line& line) {
  s.set("a", line.subject);
  s.set("v", line.value);
  s.set("k", line.detail);
}

std::string tell(Scene& s, const Line& line) {
  put(s, line);
  return s.say("k." + line.relation);
}

// One to three lines; one person may have several.
template <size_t N>
std::vector<Line> make_lines(Scene& s, const std::array<const char*, N>& relations, int at_most = 3,
                             bool full = false) {
  const bool alike = s.dice.chance(kAlike);
  const int count = alike ? 2 : s.dice.between(1, at_most);
  const std::vector<int> kinds = s.dice.distinct(int(N), count);
  std::vector<Line> lines;
  std::vector<Term> used;
  for (int i = 0; i < count; ++i) {
    Line line{.relation = relations[size_t(kinds[alike ? 0 : size_t(i)])]};
    const bool same_person = !alike && i > 0 && s.dice.chance(0.4);
    line.subject = same_person ? lines.back().subject : s.stranger(full);
    line.value = s.value(line.relation, used, line.detail);
    lines.push_back(line);
  }
  return lines;
}

// All lines about one person, but now and then one about another.
std::vector<Line> make_lines_of_one(Scene& s, bool full) {
  const int count = s.dice.between(1, 3);
  const std::vector<int> kinds = s.dice.distinct(int(kReverse.size()), count);
  const Term person = s.stranger(full), other = s.stranger(full);
  const int of_other = s.dice.chance(0.25) ? int(s.dice.below(uint64_t(count))) : -1;
  std::vector<Line> lines;
  std::vector<Term> used;
  for (int i = 0; i < count; ++i) {
    Line line{.relation = kReverse[size_t(kinds[size_t(i)])], .subject = i == of_other ? other : person};
    line.value = s.value(line.relation, used, line.detail);
    lines.push_back(line);
  }
  return lines;
}

std::string passage_of(Scene& s, std::vector<Line> lines) {
  s.dice.shuffle(lines);
  std::string text;
  for (const Line& line : lines) {
    if (!text.empty() && !s.zh()) text += ' ';
    text += tell(s, line);
  }
  return text;
}

void ask_value(Scene& s, Task& t, const Line& line) {
  put(s, line);
  t.question = s.say("q." + line.relation);
  t.answer = s.say("h." + line.relation);
  t.accepted = {s.text(line.value)};
  if (!line.value.plural.empty() && !s.zh()) t.accepted.push_back(line.value.plural);
}

void ask_subject(Scene& s, Task& t, const Line& line) {
  put(s, line);
  t.question = s.say("r." + line.relation);
  t.answer = s.say("w." + line.relation);
  t.accepted = {s.text(line.subject)};
}

// Something the passage does not say: of someone else, or of someone in it but of another kind.
void ask_unsaid(Scene& s, Task& t, const std::vector<Line>& lines, bool full = false) {
  const Line& line = s.dice.pick(lines);
  std::vector<Term> used;
  for (const Line& l : lines) used.push_back(l.value);
  Line asked = line;
  switch (s.dice.below(20)) {
    case 0:
      asked.subject = s.stranger(full);
      put(s, asked);
      t.question = s.say("q." + asked.relation);
      break;
    case 1:
      if (std::find(kPlain.begin(), kPlain.end(), asked.relation) == kPlain.end()) asked.relation = "keeps";
      asked.value = s.value(asked.relation, used, asked.detail);
      put(s, asked);
      t.question = s.say("r." + asked.relation);
      break;
    default:
      put(s, asked);
      t.question = s.say("unsaid.ask");
  }
  t.answer = s.say("idk");
}

std::string spots_passage(Scene& s, std::vector<Line>& lines, int count) {
  std::vector<Term> used;
  const std::vector<int> things = s.dice.distinct(static_cast<int>(lexicon().things.size()), count);
  for (int i = 0; i < count; ++i) {
    Line line{.relation = "spot", .subject = lexicon().things[static_cast<size_t>(things[static_cast<size_t>(i)])]};
    do line.value = s.dice.pick(lexicon().spots);
    while (std::find(used.begin(), used.end(), line.value) != used.end());
    used.push_back(line.value);
    lines.push_back(line);
  }
  std::string text;
  for (const Line& line : lines) {
    s.set("a", s.stranger());
    s.set("t", line.subject);
    s.set("v", line.value);
    if (!text.empty() && !s.zh()) text += ' ';
    text += s.say("spot.tell");
  }
  return text;
}

void ask_spot(Scene& s, Task& t, const Line& line) {
  s.set("t", line.subject);
  s.set("v", line.value);
  t.question = s.say("spot.ask");
  t.answer = s.say("a.spot");
  t.accepted = {s.text(line.value)};
}

}  // namespace

void add_other_line(Scene& s, std::string& passage) {
  Line line{.relation = s.dice.pick(kPlain), .subject = s.stranger()};
  std::vector<Term> used;
  line.value = s.value(line.relation, used, line.detail);
  const std::string sentence = tell(s, line), space = s.zh() ? "" : " ";
  passage = s.dice.chance(0.5) ? passage + space + sentence : sentence + space + passage;
}

void read_what(Scene& s, Task& t) {
  const bool full = s.dice.chance(0.35);
  const std::vector<Line> lines = full ? make_lines(s, kForwardFull, 3, true) : make_lines(s, kForward);
  t.passage = passage_of(s, lines);
  ask_value(s, t, s.dice.pick(lines));
}

void read_who(Scene& s, Task& t) {
  const std::vector<Line> lines = make_lines_of_one(s, s.dice.chance(0.2));
  t.passage = passage_of(s, lines);
  ask_subject(s, t, s.dice.pick(lines));
}

void unknown_passage(Scene& s, Task& t) {
  const bool full = s.dice.chance(0.25);
  const std::vector<Line> lines = full ? make_lines(s, kForwardFull, 3, true) : make_lines(s, kForward, 3);
  t.passage = passage_of(s, lines);
  ask_unsaid(s, t, lines, full);
}

void read_where(Scene& s, Task& t) {
  std::vector<Line> lines;
  t.passage = spots_passage(s, lines, s.dice.chance(kAlike) ? 2 : 1);
  ask_spot(s, t, s.dice.pick(lines));
  if (lines.size() == 1 && s.dice.chance(0.7)) add_other_line(s, t.passage);
}

void read_move(Scene& s, Task& t) {
  // One or two people go from place to place; where each is now is where each went last.
  const int people = s.dice.chance(kAlike) ? 2 : 1;
  std::vector<Term> who, last;
  const std::vector<int> places = s.dice.distinct(static_cast<int>(lexicon().places.size()), 4);
  size_t next = 0;
  for (int p = 0; p < people; ++p) {
    who.push_back(s.stranger());
    last.push_back(lexicon().places[static_cast<size_t>(places[next++])]);
    s.set("a", who.back());
    s.set("v", last.back());
    if (!t.passage.empty() && !s.zh()) t.passage += ' ';
    t.passage += s.say("move.first");
    if (!s.dice.chance(people == 1 ? 0.85 : 0.5)) continue;
    last.back() = lexicon().places[static_cast<size_t>(places[next++])];
    s.set("v", last.back());
    if (!s.zh()) t.passage += ' ';
    t.passage += s.say("move.next");
  }
  const size_t asked = s.dice.below(who.size());
  s.set("a", who[asked]);
  s.set("v", last[asked]);
  t.question = s.say("move.ask");
  t.answer = s.say("a.place");
  t.accepted = {s.text(last[asked])};
}

void read_gave(Scene& s, Task& t) {
  const int count = s.dice.chance(kAlike) ? 2 : 1;
  const std::vector<int> things = s.dice.distinct(static_cast<int>(lexicon().things.size()), count);
  struct Gift {
    Term giver, receiver, thing;
  };
  std::vector<Gift> gifts;
  for (int thing : things) {
    gifts.push_back({s.stranger(), s.stranger(), lexicon().things[static_cast<size_t>(thing)]});
    s.set("a", gifts.back().giver);
    s.set("b", gifts.back().receiver);
    s.set("t", gifts.back().thing);
    if (!t.passage.empty() && !s.zh()) t.passage += ' ';
    t.passage += s.say("gave.tell");
  }
  const Gift& gift = s.dice.pick(gifts);
  s.set("a", gift.giver);
  s.set("b", gift.receiver);
  s.set("t", gift.thing);
  const uint64_t asked = s.dice.below(3);
  t.question = s.say(asked == 0 ? "gave.ask_giver" : asked == 1 ? "gave.ask_receiver" : "gave.ask_thing");
  t.answer = s.say(asked == 0 ? "a.giver" : asked == 1 ? "a.receiver" : "a.gave_thing");
  t.accepted = {s.text(asked == 0 ? gift.giver : asked == 1 ? gift.receiver : gift.thing)};
}

void read_number(Scene& s, Task& t) {
  const int count = s.dice.chance(kAlike) ? 2 : 1;
  const std::vector<int> kinds = s.dice.distinct(static_cast<int>(lexicon().animals.size()), count);
  struct Herd {
    Term owner, animal;
    int n;
  };
  std::vector<Herd> herds;
  const bool one_kind = s.dice.chance(0.4);
  for (int kind : kinds) {
    herds.push_back(
        {s.stranger(), lexicon().animals[static_cast<size_t>(one_kind ? kinds[0] : kind)], s.dice.between(2, 20)});
    s.set("a", herds.back().owner);
    s.set("v", herds.back().animal);
    s.set("n", herds.back().n);
    if (!t.passage.empty() && !s.zh()) t.passage += ' ';
    t.passage += s.say("number.tell");
  }
  const Herd& herd = s.dice.pick(herds);
  s.set("a", herd.owner);
  s.set("v", herd.animal);
  s.set("n", herd.n);
  t.question = s.say("number.ask");
  t.answer = s.say("a.count");
  t.accepted = {std::to_string(herd.n),
                std::to_string(herd.n) + (s.zh() ? herd.animal.measure + herd.animal.zh : " " + herd.animal.plural)};
  if (s.zh()) t.accepted.push_back(std::to_string(herd.n) + herd.animal.measure);
  if (herds.size() == 1 && s.dice.chance(0.6)) add_other_line(s, t.passage);
}

void read_order(Scene& s, Task& t) {
  const Term first = s.stranger(), second = s.stranger(), third = s.stranger();
  s.set("a", first);
  s.set("b", second);
  s.set("c", third);
  t.passage = s.say("order.tell");
  const bool ask_first = s.dice.chance(0.5);
  t.question = s.say(ask_first ? "order.ask_first" : "order.ask_last");
  s.set("a", ask_first ? first : third);
  t.answer = s.say(ask_first ? "a.first" : "a.last");
  t.accepted = {s.text(ask_first ? first : third)};
}

// A passage, the same said again in another order, and questions about it.
Reading make_reading(Scene& s, int questions) {
  Reading reading;
  std::vector<Line> lines;
  if (s.dice.chance(0.2)) {
    reading.passage = spots_passage(s, lines, s.dice.between(1, 2));
    s.dice.shuffle(lines);
    for (size_t i = 0; i < lines.size() && static_cast<int>(i) < questions; ++i) {
      Task t;
      ask_spot(s, t, lines[i]);
      reading.tasks.push_back(std::move(t));
    }
    return reading;
  }
  const bool full = s.dice.chance(0.3);
  lines = full ? make_lines(s, kForwardFull, 3, true) : make_lines(s, kForward, 3);
  reading.passage = passage_of(s, lines);
  if (s.dice.chance(0.6)) {
    reading.passage += s.zh() ? "" : " ";
    reading.passage += s.say("again") + (s.zh() ? "" : " ") + passage_of(s, lines);
  }
  for (int i = 0; i < questions; ++i) {
    Task t;
    const Line& line = s.dice.pick(lines);
    const bool common = std::find(kPlain.begin(), kPlain.end(), line.relation) != kPlain.end();
    const uint64_t kind = s.dice.below(10);
    if (kind < 4 || (!common && kind < 9))
      ask_value(s, t, line);
    else if (kind < 9)
      ask_subject(s, t, line);
    else
      ask_unsaid(s, t, lines, full);
    reading.tasks.push_back(std::move(t));
  }
  return reading;
}

}  // namespace quern::village
