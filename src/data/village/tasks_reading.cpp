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

constexpr std::array<const char*, 10> kForward = {"keeps", "likes", "trade", "street", "owns",
                                                  "skill", "hair",  "pet",   "month",  "number"};
// With full names also who belongs to whom.
constexpr std::array<const char*, 15> kForwardFull = {"keeps", "likes",  "trade",  "street", "owns",
                                                      "skill", "hair",   "pet",    "month",  "number",
                                                      "born",  "father", "mother", "friend", "master"};
constexpr std::array<const char*, 9> kReverse = {"keeps", "likes", "trade", "street", "owns",
                                                 "skill", "hair",  "pet",   "month"};
constexpr std::array<const char*, 7> kYesNo = {"keeps", "likes", "trade", "street", "owns", "skill", "hair"};

void put(Scene& s, const Line& line) {
  s.set("a", line.subject);
  s.set("v", line.value);
  s.set("k", line.detail);
}

std::string tell(Scene& s, const Line& line) {
  put(s, line);
  return s.say("s." + line.relation);
}

// Two to four lines. Either all tell the same kind of thing of different people, or kinds are mixed; in a mixed passage
// one person may have two lines.
template <size_t N>
std::vector<Line> make_lines(Scene& s, const std::array<const char*, N>& relations, int at_most = 4,
                             bool full = false) {
  const int count = s.dice.between(1, at_most);
  const bool alike = s.dice.chance(0.5);
  std::vector<Line> lines;
  std::vector<Term> used;
  const char* relation = s.dice.pick(relations);
  for (int i = 0; i < count; ++i) {
    if (!alike) relation = s.dice.pick(relations);
    Line line{.relation = relation};
    const bool same_person = !alike && i > 0 && lines.back().relation != line.relation && s.dice.chance(0.4);
    line.subject = same_person ? lines.back().subject : s.stranger(full);
    for (const Line& other : lines)  // one value of a kind for one person
      if (other.subject == line.subject && other.relation == line.relation) line.subject = s.stranger(full);
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
  t.answer = s.say("a." + line.relation);
  t.accepted = {s.text(line.value)};
  if (!line.value.plural.empty() && !s.zh()) t.accepted.push_back(line.value.plural);
}

void ask_subject(Scene& s, Task& t, const Line& line) {
  put(s, line);
  t.question = s.say("r." + line.relation);
  t.answer = s.say("a.who");
  t.accepted = {s.text(line.subject)};
}

void ask_yes_no(Scene& s, Task& t, const Line& line, bool truth) {
  Line asked = line;
  std::vector<Term> used = {line.value};
  if (!truth) asked.value = s.value(line.relation, used, asked.detail);
  put(s, asked);
  t.question = s.say("y." + line.relation);
  put(s, line);
  std::string predicate;
  s.grammar.expand("n." + line.relation, s.telling, predicate);
  s.set("p", predicate);
  t.answer = s.say(truth ? "a.yes" : "a.no");
  t.accepted = s.zh() ? std::vector<std::string>{truth ? "是" : "不是", truth ? "是的" : "不"}
                      : std::vector<std::string>{truth ? "yes" : "no"};
}

// Something the passage does not say: of someone else, or of someone in it but of another kind.
void ask_unsaid(Scene& s, Task& t, const std::vector<Line>& lines, bool full = false) {
  const Line& line = s.dice.pick(lines);
  std::vector<Term> used;
  for (const Line& l : lines) used.push_back(l.value);
  Line asked = line;
  switch (s.dice.below(4)) {
    case 0:
      asked.subject = s.stranger(full);
      put(s, asked);
      t.question = s.say("q." + asked.relation);
      break;
    case 1:
      if (std::find(kYesNo.begin(), kYesNo.end(), asked.relation) == kYesNo.end()) asked.relation = "keeps";
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

std::string spots_passage(Scene& s, std::vector<Line>& lines) {
  const int count = s.dice.between(2, 4);
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

void ask_spot(Scene& s, Task& t, const Line& line, bool thing) {
  s.set("t", line.subject);
  s.set("v", line.value);
  t.question = s.say(thing ? "spot.ask_thing" : "spot.ask");
  t.answer = s.say(thing ? "a.spot_thing" : "a.spot");
  t.accepted = {s.text(thing ? line.subject : line.value)};
}

}  // namespace

void read_what(Scene& s, Task& t) {
  const bool full = s.dice.chance(0.35);
  const std::vector<Line> lines = full ? make_lines(s, kForwardFull, 3, true) : make_lines(s, kForward);
  t.passage = passage_of(s, lines);
  ask_value(s, t, s.dice.pick(lines));
}

void read_who(Scene& s, Task& t) {
  const std::vector<Line> lines = make_lines(s, kReverse, 4, s.dice.chance(0.2));
  t.passage = passage_of(s, lines);
  ask_subject(s, t, s.dice.pick(lines));
}

void read_yes_no(Scene& s, Task& t) {
  const std::vector<Line> lines = make_lines(s, kYesNo, 3);
  t.passage = passage_of(s, lines);
  const Line& line = s.dice.pick(lines);
  ask_yes_no(s, t, line, s.dice.chance(0.5));
}

void unknown_passage(Scene& s, Task& t) {
  const bool full = s.dice.chance(0.25);
  const std::vector<Line> lines = full ? make_lines(s, kForwardFull, 3, true) : make_lines(s, kForward, 3);
  t.passage = passage_of(s, lines);
  ask_unsaid(s, t, lines, full);
}

void read_where(Scene& s, Task& t) {
  std::vector<Line> lines;
  t.passage = spots_passage(s, lines);
  ask_spot(s, t, s.dice.pick(lines), s.dice.chance(0.3));
}

void read_move(Scene& s, Task& t) {
  // One or two people go from place to place; where each is now is where each went last.
  const int people = s.dice.between(1, 2);
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
  const int count = s.dice.between(1, 2);
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
  if (asked == 2) {
    t.answer = s.say("a.gave_thing");
    t.accepted = {s.text(gift.thing)};
  } else {
    s.set("a", asked == 0 ? gift.giver : gift.receiver);
    t.answer = s.say("a.who");
    t.accepted = {s.text(asked == 0 ? gift.giver : gift.receiver)};
  }
}

void read_number(Scene& s, Task& t) {
  const int count = s.dice.between(1, 3);
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
  t.accepted = {std::to_string(herd.n)};
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
  t.answer = s.say("a.who");
  t.accepted = {s.text(ask_first ? first : third)};
}

Reading make_reading(Scene& s, int questions) {
  Reading reading;
  if (s.dice.chance(0.25)) {
    std::vector<Line> lines;
    reading.passage = spots_passage(s, lines);
    s.dice.shuffle(lines);
    for (size_t i = 0; i < lines.size() && static_cast<int>(i) < questions; ++i) {
      Task t;
      ask_spot(s, t, lines[i], s.dice.chance(0.3));
      reading.tasks.push_back(std::move(t));
    }
    return reading;
  }
  std::vector<Line> lines = make_lines(s, kYesNo, 4, s.dice.chance(0.25));
  reading.passage = passage_of(s, lines);
  for (int i = 0; i < questions; ++i) {
    Task t;
    const Line& line = lines[static_cast<size_t>(i) % lines.size()];
    const uint64_t kind = s.dice.below(10);
    if (kind < 4)
      ask_value(s, t, line);
    else if (kind < 7)
      ask_subject(s, t, line);
    else if (kind < 8)
      ask_yes_no(s, t, line, s.dice.chance(0.5));
    else
      ask_unsaid(s, t, lines);
    reading.tasks.push_back(std::move(t));
  }
  return reading;
}

}  // namespace quern::village
