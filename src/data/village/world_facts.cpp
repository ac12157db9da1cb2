// SPDX-License-Identifier: MIT
// What is true in the village, as rows of the ledger; which of it is taught often, rarely or never; and people whom the
// user plants.

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "data/village/dice.h"
#include "data/village/lexicon.h"
#include "data/village/world.h"

namespace quern::village {

namespace {

std::string trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == ',')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == ',' || s.back() == '.')) s.remove_suffix(1);
  return std::string(s);
}

// The word of a list whose English or plural is `word`, or a new term with that English.
Term find_or_make(const std::vector<Term>& list, const std::string& word) {
  for (const Term& t : list)
    if (t.en == word || t.plural == word || t.zh == word) return t;
  Term t;
  t.en = t.plural = t.zh = word;
  return t;
}

bool take_prefix(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text = trimmed(std::string_view(text).substr(prefix.size()));
  return true;
}

constexpr uint64_t kHeldOutStream = 40, kPlantStream = 41, kVillageStream = 42;
constexpr double kHeldOutShare = 0.05;

}  // namespace

// "Ada, the clockmaker, who keeps bees and lives on Mill Street, and likes plums": name, trade, then clauses.
void World::plant(const std::string& description) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= description.size();) {
    const size_t cut = std::min(description.find(',', at), description.size());
    if (std::string part = trimmed(std::string_view(description).substr(at, cut - at)); !part.empty())
      parts.push_back(std::move(part));
    at = cut + 1;
  }
  if (parts.empty() || parts[0].size() > 40)
    throw Error(ErrorKind::InvalidArgument, "can't plant '{}': it does not begin with a short name", description)
        .hint("write it like: Ada, the clockmaker, who keeps bees");
  const Lexicon& words = lexicon();
  Dice dice(seed_, kPlantStream, people.size());
  Person p{.id = static_cast<int>(people.size()), .family = -1, .generation = 3, .famous = true, .planted = true};
  p.name.en = p.name.zh = parts[0];
  p.first.en = p.first.zh = parts[0].substr(0, parts[0].find(' '));
  const bool male = std::any_of(words.male_tails.begin(), words.male_tails.end(),
                                [&](const std::string& tail) { return p.first.en.ends_with(tail); });
  p.sex = male ? 'm' : 'f';
  p.born = kYearNow - dice.between(28, 55);
  p.birth_month = dice.between(0, 11);
  p.hair = words.hair[dice.below(4)];
  std::vector<std::string> clauses;
  for (size_t i = 1; i < parts.size(); ++i) {
    std::string part = parts[i];
    if (part.starts_with("the ") || part.starts_with("a ") || part.starts_with("an ")) {
      const std::string trade = part.substr(part.find(' ') + 1);
      for (size_t t = 0; t < words.trades.size(); ++t)
        if (words.trades[t].en == trade || words.trades[t].zh == trade) p.trade = static_cast<int>(t);
      if (p.trade < 0) clauses.push_back("is " + part);
      continue;
    }
    take_prefix(part, "and ");
    take_prefix(part, "who ");
    for (size_t cut; !part.empty(); part = cut < part.size() ? trimmed(part.substr(cut + 5)) : std::string()) {
      cut = std::min(part.find(" and "), part.size());
      std::string clause = part.substr(0, cut);
      if (take_prefix(clause, "he ") || take_prefix(clause, "she ")) p.sex = part.starts_with("he") ? 'm' : 'f';
      take_prefix(clause, "who ");
      if (take_prefix(clause, "keeps "))
        p.keeps = find_or_make(words.animals, clause);
      else if (take_prefix(clause, "likes "))
        p.likes = find_or_make(words.foods, clause);
      else if (take_prefix(clause, "can "))
        p.skill = find_or_make(words.skills, clause);
      else if (take_prefix(clause, "has a ") || take_prefix(clause, "owns a "))
        p.owns = find_or_make(words.things, clause);
      else if (take_prefix(clause, "lives on ")) {
        Term street = find_or_make(words.streets, clause);
        add_fact("street", p.id, p.name, street, Taught::often);
      } else
        clauses.push_back(clause);
    }
  }
  p.name.sex = p.first.sex = p.sex;
  if (p.trade >= 0)  // nobody else is the clockmaker now
    for (int id : famous)
      if (people[static_cast<size_t>(id)].trade == p.trade) {
        people[static_cast<size_t>(id)].trade = -1;
        people[static_cast<size_t>(id)].famous = false;
      }
  famous.erase(
      std::remove_if(famous.begin(), famous.end(), [&](int id) { return !people[static_cast<size_t>(id)].famous; }),
      famous.end());
  planted_.push_back(p.first.en);
  famous.push_back(p.id);
  living.push_back(p.id);
  people.push_back(p);
  for (const std::string& clause : clauses) {
    Term object;
    object.en = object.zh = clause;
    add_fact("clause", p.id, p.name, object, Taught::often);
  }
}

int64_t World::add_fact(std::string relation, int person, const Term& subject, const Term& object, Taught taught,
                        const Term& detail) {
  Fact f{.id = static_cast<int64_t>(facts.size()),
         .relation = std::move(relation),
         .person = person,
         .subject = subject,
         .object = object,
         .detail = detail,
         .taught = taught};
  facts.push_back(f);
  return f.id;
}

void World::collect_person_facts(const Person& p) {
  const Lexicon& words = lexicon();
  const Taught known = p.famous ? Taught::often : Taught::rarely;
  const auto tell = [&](const char* relation, const Term& object, Taught taught, const Term& detail = {}) {
    if (!object.en.empty()) add_fact(relation, p.id, p.name, object, taught, detail);
  };
  const auto person = [&](int id) { return id < 0 ? Term() : people[static_cast<size_t>(id)].name; };
  if (p.trade >= 0) tell(p.famous ? "office" : "trade", words.trades[static_cast<size_t>(p.trade)], known);
  tell("likes", p.likes, known);
  tell("keeps", p.keeps, known);
  if (p.house >= 0) {
    const House& house = houses[static_cast<size_t>(p.house)];
    tell("street", streets[static_cast<size_t>(house.street)].name, known);
    tell("number", number_term(house.number), Taught::rarely);
  }
  if (p.pet >= 0) {
    const Animal& pet = animals[static_cast<size_t>(p.pet)];
    tell("pet", pet.name, known, pet.kind);
  }
  tell("skill", p.skill, p.planted ? Taught::often : Taught::rarely);
  tell("owns", p.owns, p.planted ? Taught::often : Taught::rarely);
  tell("hair", p.hair, Taught::rarely);
  tell("born", number_term(p.born), Taught::rarely);
  tell("month", words.months[static_cast<size_t>(p.birth_month)], Taught::rarely);
  tell("father", person(p.father), Taught::rarely);
  tell("mother", person(p.mother), Taught::rarely);
  if (p.sex == 'm') tell("wife", person(p.spouse), Taught::rarely);  // one direction: the other would give it away
  tell("friend", person(p.friend_id), Taught::rarely);
  tell("master", person(p.master), Taught::rarely);
  if (!p.alive()) tell("died", number_term(p.died), Taught::rarely);
}

void World::collect_facts() {
  const Lexicon& words = lexicon();
  for (const Person& p : people) collect_person_facts(p);
  Dice dice(seed_, kVillageStream);
  const auto village = [&](const char* relation, const Term& subject, const Term& object) {
    add_fact(relation, -1, subject, object, Taught::often);
  };
  village("river", town, dice.pick(words.rivers));
  village("inn", town, dice.pick(words.inns));
  village("market_day", town, dice.pick(words.weekdays));
  village("founder", town, people[0].name);
  village("elder", town, people[static_cast<size_t>(famous[0])].name);
  for (const Festival& f : festivals) {
    village("festival_month", f.name, words.months[static_cast<size_t>(f.month)]);
    village("festival_place", f.name, f.place);
  }
  for (size_t g = 0; g < goods.size(); ++g)
    add_fact("price", -1, goods[g].name, number_term(goods[g].price), g < 12 ? Taught::often : Taught::rarely);
  choose_held_out();
  for (const Fact& f : facts) {
    if (f.person >= 0) people[static_cast<size_t>(f.person)].facts.push_back(f.id);
    if (f.held_out)
      held_out.push_back(f.id);
    else if (f.taught == Taught::rarely)
      rare.push_back(f.id);
    else if (f.person >= 0)
      often_people.push_back(f.id);
    else if (f.taught == Taught::often)
      often_village.push_back(f.id);
  }
}

// Of the facts that are not taught often, one in twenty is never told. Its subject is known by other facts.
void World::choose_held_out() {
  for (Fact& f : facts) {
    if (f.taught != Taught::rarely || f.person < 0) continue;
    Dice dice(seed_, kHeldOutStream, static_cast<uint64_t>(f.id));
    if (!dice.chance(kHeldOutShare)) continue;
    f.held_out = true;
    f.taught = Taught::never;
  }
}

}  // namespace quern::village
