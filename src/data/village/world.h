// SPDX-License-Identifier: MIT
#pragma once
// The village itself, before a word is written about it: people over four generations, houses on a map, animals, a
// market, a calendar, and the facts that follow from them. Everything is drawn from the seed.

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "data/village/term.h"

namespace quern::village {

inline constexpr int kYearNow = 120;  // years are counted from the village's founding era

enum class Taught { often, rarely, never };

struct Person {
  int id = 0, family = 0, generation = 0;
  Term name, first;  // "Marlo Ashwell" / 王建国, "Marlo" / 建国
  char sex = 'm';
  int born = 0, birth_month = 0, died = -1;  // died -1: alive
  int father = -1, mother = -1, spouse = -1, friend_id = -1, master = -1, house = -1;
  std::vector<int> children;
  int trade = -1, pet = -1;  // index into lexicon().trades; animal id
  Term likes, keeps, skill, hair, owns;
  bool famous = false, planted = false;
  std::vector<int64_t> facts;
  int age() const { return (died >= 0 ? died : kYearNow) - born; }
  bool alive() const { return died < 0; }
};

struct Family {
  int id = 0;
  Term name;
  std::vector<int> members;
};

struct Street {
  Term name;
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // on a map of 100 x 100
};

struct House {
  int id = 0, street = 0, number = 0;
  double x = 0, y = 0;
  std::vector<int> residents;
};

struct Animal {
  int id = 0, owner = 0;
  Term name, kind;
};

struct Place {
  Term name;
  double x = 0, y = 0;
};

struct Good {
  Term name;
  int price = 0;  // pence for one
};

struct Festival {
  Term name;
  int month = 0;
  Term place;
};

struct Event {
  int id = 0, year = 0;
  std::string kind, en, zh;
  std::vector<int> people;
};

struct Weather {
  int day = 0, month = 0, kind = 0, degrees = 0;  // of year kYearNow - 1; kind indexes lexicon().weathers
};

// One thing that is true in the village. `relation` names the group of sentences that can tell it.
struct Fact {
  int64_t id = 0;
  std::string relation;
  int person = -1;  // -1: about the village, a festival or a good
  Term subject, object;
  Term detail;  // the kind of a pet
  Taught taught = Taught::rarely;
  bool held_out = false;
};

struct WorldOptions {
  uint64_t seed = 7;
  std::string name;                 // of the village; invented when empty
  std::vector<std::string> plants;  // "Ada, the clockmaker, who keeps bees"
};

class World {
 public:
  explicit World(const WorldOptions& options);

  Term town;
  std::vector<Person> people;
  std::vector<Family> families;
  std::vector<Street> streets;
  std::vector<House> houses;
  std::vector<Animal> animals;
  std::vector<Place> places;
  std::vector<Good> goods;
  std::vector<Festival> festivals;
  std::vector<Event> events;
  std::vector<Weather> weather;
  std::vector<Fact> facts;

  // Fact ids by use. Held-out facts are in `held_out` only.
  std::vector<int64_t> often_people, often_village, rare, held_out;
  std::vector<int> famous, living;  // person ids

  const Fact& fact(int64_t id) const { return facts[static_cast<size_t>(id)]; }
  bool is_planted_name(const std::string& first) const;
  bool is_family(const std::string& english) const { return family_names_.count(english) > 0; }
  bool is_person(const std::string& chinese) const { return chinese_names_.count(chinese) > 0; }

 private:
  std::vector<std::string> planted_;  // first names
  std::unordered_set<std::string> family_names_, chinese_names_;
  uint64_t seed_;
  void build_people();
  void settle();      // streets, houses, places
  void give_lives();  // trades, likes, animals, friends
  void build_market();
  void build_calendar();
  void plant(const std::string& description);
  void collect_facts();
  void collect_person_facts(const Person& p);
  void choose_held_out();
  int64_t add_fact(std::string relation, int person, const Term& subject, const Term& object, Taught taught,
                   const Term& detail = {});
};

}  // namespace quern::village
