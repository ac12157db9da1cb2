// SPDX-License-Identifier: MIT
// What must be remembered (facts of the village), what stands in a passage from the ledger, and what nobody can know.
#include <algorithm>
#include <set>

#include "data/village/scene.h"

namespace quern::village {

namespace {

// `answer`: "h." from a passage, "a." from memory.
void ask_fact(Scene& s, Task& t, const Fact& fact, const char* answer = "a.") {
  s.set_fact(fact);
  t.question = s.say("q." + fact.relation);
  t.answer = s.say(answer + fact.relation);
  t.accepted = {s.text(fact.object)};
  if (!fact.object.plural.empty() && !s.zh()) t.accepted.push_back(fact.object.plural);
  s.told(fact);
}

Term ledger_person(Scene& s) { return s.world.people[static_cast<size_t>(s.dice.pick(s.world.famous))].name; }

}  // namespace

// One or two true sentences about people of this village, then a question about one of them.
void read_ledger(Scene& s, Task& t) {
  const World& w = s.world;
  const Fact* asked = nullptr;
  if (s.wants_held_out_fact()) {
    asked = &w.fact(s.dice.pick(w.held_out));
  } else {
    const auto& pool = s.dice.chance(0.85) ? w.rare : w.often_people;
    do asked = &w.fact(s.dice.pick(pool));
    while (asked->person < 0 || asked->relation == "clause");
  }
  std::vector<const Fact*> told = {asked};
  std::set<std::string> families = {asked->subject.en};
  for (int i = s.dice.between(0, 1); i > 0; --i) {
    const Fact* other = asked;
    const bool alike = s.dice.chance(kAlike);  // of the same kind, so that the name decides
    for (int tries = 0; tries < 200; ++tries) {
      other = &w.fact(s.dice.pick(w.rare));
      if (other->person >= 0 && !families.count(other->subject.en) && alike == (other->relation == asked->relation))
        break;
    }
    if (other->person < 0 || !families.insert(other->subject.en).second) continue;
    told.push_back(other);
  }
  s.dice.shuffle(told);
  for (const Fact* fact : told) {
    s.set_fact(*fact);
    if (!t.passage.empty() && !s.zh()) t.passage += ' ';
    t.passage += s.say("k." + fact->relation);
    if (fact != asked) s.told(*fact);
  }
  ask_fact(s, t, *asked, "h.");
}

void famous_fact(Scene& s, Task& t) {
  t.portable = false;
  ask_fact(s, t, s.world.fact(s.dice.pick(s.world.often_people)));
}

void famous_who(Scene& s, Task& t) {
  t.portable = false;
  const Fact* fact = nullptr;
  do fact = &s.world.fact(s.dice.pick(s.world.often_people));
  while (fact->relation != "office");
  s.set_fact(*fact);
  t.question = s.say("r.office");
  t.answer = s.say("a.who");
  t.accepted = {s.text(fact->subject)};
  s.told(*fact);
}

void village_fact(Scene& s, Task& t) {
  t.portable = false;
  ask_fact(s, t, s.world.fact(s.dice.pick(s.world.often_village)));
}

void rare_fact(Scene& s, Task& t) {
  t.portable = false;
  ask_fact(s, t, s.world.fact(s.dice.pick(s.world.rare)));
}

// Asked without the passage: a model that answers anything but "I don't know" has made it up.
void never_told(Scene& s, Task& t) {
  t.portable = false;
  ask_fact(s, t, s.world.fact(s.dice.pick(s.world.held_out)));
  t.accepted.push_back(s.say("idk"));
}

void unknown_future(Scene& s, Task& t) {
  s.set("a", s.dice.chance(0.5) ? s.stranger() : ledger_person(s));
  s.set("g", s.dice.pick(lexicon().goods));
  t.question = s.say("future.ask");
  t.answer = s.say("idk");
}

void unknown_private(Scene& s, Task& t) {
  s.set("a", s.dice.chance(0.5) ? s.stranger() : ledger_person(s));
  t.question = s.say("private.ask");
  t.answer = s.say("idk");
}

void unknown_far(Scene& s, Task& t) {
  s.set("g", s.dice.pick(lexicon().goods));
  s.set("t", s.dice.pick(lexicon().trades));
  s.set("f", s.dice.pick(lexicon().far_towns));
  t.question = s.say("far.ask");
  t.answer = s.say("idk");
}

// Somebody who does not live here: the family name is of no family of any village.
void unknown_person(Scene& s, Task& t) {
  const Lexicon& words = lexicon();
  Term name = s.stranger();
  std::string family = s.dice.pick(words.name_heads);
  name.en += " " + family + s.dice.pick(words.stranger_tails);
  name.zh = s.dice.pick(words.zh_stranger_families) + name.zh;
  s.set("s", name);
  t.question = s.say("person.ask");
  t.answer = s.say("idk");
}

}  // namespace quern::village
