// SPDX-License-Identifier: MIT
#include "data/village/world.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/village/dice.h"
#include "data/village/lexicon.h"

namespace quern::village {

namespace {

// Streams of dice, one per part of the world, so that a change in one part leaves the others as they were.
enum Stream : uint64_t { kName = 1, kPeople, kMap, kLives, kMarket, kCalendar };

constexpr int kFoundingCouples = 76;
constexpr int kFamousPeople = 38;

// "red" + "hat" -> "red hat, red hats, 红帽子, 顶"
Term colored(const Term& color, const Term& thing) {
  Term t;
  t.en = color.en + " " + thing.en;
  t.plural = color.en + " " + thing.plural;
  t.zh = color.zh + "色的" + thing.zh;
  t.measure = thing.measure;
  return t;
}

}  // namespace

World::World(const WorldOptions& options) : seed_(options.seed) {
  const Lexicon& words = lexicon();
  Dice dice(seed_, kName);
  town.en = options.name.empty() ? dice.pick(words.town_heads) + dice.pick(words.town_tails) : options.name;
  const std::string zh = dice.pick(words.zh_towns) + "村";
  town.zh = options.name.empty() ? zh : options.name;
  build_people();
  settle();
  give_lives();
  for (const std::string& description : options.plants) plant(description);
  build_market();
  build_calendar();
  collect_facts();
  for (const Family& f : families) family_names_.insert(f.name.en);
  for (const Person& p : people) chinese_names_.insert(p.name.zh);
}

void World::build_people() {
  const Lexicon& words = lexicon();
  Dice dice(seed_, kPeople);
  // A village knows a part of all first names, so that another village's people are strangers to it.
  const auto name_pool = [&](const std::vector<Term>& all) {
    std::vector<Term> pool;
    const int all_count = static_cast<int>(all.size());
    for (int i : dice.distinct(all_count, all_count * 2 / 3)) pool.push_back(all[static_cast<size_t>(i)]);
    return pool;
  };
  const std::vector<Term> men = name_pool(words.male_names), women = name_pool(words.female_names);
  std::vector<std::string> family_names;
  for (const std::string& head : words.family_heads)
    for (std::string tail : words.family_tails) {
      std::string lower = head;
      lower[0] = static_cast<char>(lower[0] - 'A' + 'a');
      if (lower != tail) family_names.push_back(head + tail);
    }
  dice.shuffle(family_names);
  std::vector<std::string> zh_names = words.zh_families;
  dice.shuffle(zh_names);
  QUERN_CHECK(zh_names.size() >= kFoundingCouples, "village: too few Chinese family names");
  for (int f = 0; f < kFoundingCouples; ++f) {
    Family family{.id = f};
    family.name.en = family_names[static_cast<size_t>(f)];
    family.name.zh = zh_names[static_cast<size_t>(f)];
    families.push_back(family);
  }

  std::set<std::pair<int, std::string>> taken;  // family and first name
  const auto add = [&](int family, char sex, int generation, int born) {
    Person p{
        .id = static_cast<int>(people.size()), .family = family, .generation = generation, .sex = sex, .born = born};
    int tries = 0;  // a family larger than the list of names may name two alike
    do p.first = dice.pick(sex == 'm' ? men : women);
    while (!taken.emplace(family, p.first.en).second && ++tries < 2000);
    const Family& f = families[static_cast<size_t>(family)];
    p.name.en = p.first.en + " " + f.name.en;
    p.name.zh = f.name.zh + p.first.zh;
    p.name.sex = p.first.sex = sex;
    p.birth_month = dice.between(0, 11);
    families[static_cast<size_t>(family)].members.push_back(p.id);
    people.push_back(std::move(p));
    return static_cast<int>(people.size()) - 1;
  };
  const auto marry = [&](int a, int b) {
    people[static_cast<size_t>(a)].spouse = b;
    people[static_cast<size_t>(b)].spouse = a;
  };

  std::vector<std::pair<int, int>> couples;  // husband, wife
  for (int f = 0; f < kFoundingCouples; ++f) {
    const int husband = add(f, 'm', 0, dice.between(16, 26));
    const int wife = add((f + 1 + static_cast<int>(dice.below(kFoundingCouples - 1))) % kFoundingCouples, 'f', 0,
                         dice.between(18, 28));
    marry(husband, wife);
    couples.emplace_back(husband, wife);
  }
  for (int generation = 1; generation <= 3; ++generation) {
    std::vector<int> sons, daughters;
    for (const auto& [husband, wife] : couples) {
      const int count = dice.pick(std::vector<int>{2, 3, 3, 4, 4});
      int born = std::max(people[static_cast<size_t>(wife)].born, people[static_cast<size_t>(husband)].born) +
                 dice.between(18, 23);
      for (int c = 0; c < count && born <= kYearNow; ++c, born += dice.between(2, 4)) {
        const char sex = dice.chance(0.5) ? 'm' : 'f';
        const int child = add(people[static_cast<size_t>(husband)].family, sex, generation, born);
        people[static_cast<size_t>(child)].father = husband;
        people[static_cast<size_t>(child)].mother = wife;
        people[static_cast<size_t>(husband)].children.push_back(child);
        people[static_cast<size_t>(wife)].children.push_back(child);
        (sex == 'm' ? sons : daughters).push_back(child);
      }
    }
    couples.clear();
    dice.shuffle(sons);
    for (int son : sons) {  // the nearest in age of another family
      const Person& groom = people[static_cast<size_t>(son)];
      if (groom.born > kYearNow - 22) continue;
      int best = -1;
      for (size_t d = 0; d < daughters.size(); ++d) {
        const Person& bride = people[static_cast<size_t>(daughters[d])];
        if (bride.spouse >= 0 || bride.family == groom.family || bride.born > kYearNow - 20) continue;
        if (std::abs(bride.born - groom.born) > 9) continue;
        const auto gap = [&](int id) { return std::abs(people[static_cast<size_t>(id)].born - groom.born); };
        if (best < 0 || gap(daughters[d]) < gap(best)) best = daughters[d];
      }
      if (best < 0 || dice.chance(0.04)) continue;
      marry(son, best);
      couples.emplace_back(son, best);
    }
  }
  for (Person& p : people) {
    const int age = kYearNow - p.born;
    const double chance_dead = age >= 90 ? 1.0 : age >= 75 ? 0.6 : age >= 58 ? 0.25 : age >= 30 ? 0.03 : 0.0;
    if (!dice.chance(chance_dead)) continue;
    p.died = std::min(kYearNow - 1, p.born + std::min(age, dice.between(age >= 58 ? 55 : 30, age >= 58 ? 86 : 57)));
    // Nobody dies before the children are born.
    for (int child : p.children) p.died = std::max(p.died, people[static_cast<size_t>(child)].born + 1);
    if (p.died >= kYearNow) p.died = -1;
  }
  for (const Person& p : people)
    if (p.alive()) living.push_back(p.id);
}

void World::settle() {
  const Lexicon& words = lexicon();
  Dice dice(seed_, kMap);
  // Six lanes run east to west, six north to south; the market lies where the middle ones cross.
  const std::vector<int> chosen = dice.distinct(static_cast<int>(words.streets.size()), 12);
  for (int s = 0; s < 12; ++s) {
    const double at = 12.0 + 15.0 * (s % 6) + dice.between(-3, 3);
    const double from = dice.between(4, 14), to = dice.between(84, 96);
    Street street{.name = words.streets[static_cast<size_t>(chosen[static_cast<size_t>(s)])]};
    if (s < 6) {
      street.x0 = from, street.x1 = to, street.y0 = at, street.y1 = at + dice.between(-3, 3);
    } else {
      street.y0 = from, street.y1 = to, street.x0 = at, street.x1 = at + dice.between(-3, 3);
    }
    streets.push_back(street);
  }
  // One house for each couple, single grown-up and widow, near the father's where there is room.
  std::vector<int> used(12, 0);
  for (Person& p : people) {
    if (!p.alive() || p.house >= 0) continue;
    const bool grown = p.age() >= 22;
    const int home = p.father >= 0 ? people[static_cast<size_t>(p.father)].house : -1;
    const int mothers = p.mother >= 0 ? people[static_cast<size_t>(p.mother)].house : -1;
    if (!grown && (home >= 0 || mothers >= 0)) {
      p.house = home >= 0 ? home : mothers;
    } else {
      const int street = static_cast<int>(dice.below(12));
      const int number = ++used[static_cast<size_t>(street)];
      House house{.id = static_cast<int>(houses.size()), .street = street, .number = number};
      p.house = house.id;
      houses.push_back(house);
      if (p.spouse >= 0 && people[static_cast<size_t>(p.spouse)].alive())
        people[static_cast<size_t>(p.spouse)].house = p.house;
    }
  }
  for (const Person& p : people)
    if (p.house >= 0) houses[static_cast<size_t>(p.house)].residents.push_back(p.id);
  for (House& h : houses) {
    const Street& s = streets[static_cast<size_t>(h.street)];
    const double along = (h.number - 0.5) / std::max(1, used[static_cast<size_t>(h.street)]);
    const double side = h.number % 2 ? 1.4 : -1.4;
    h.x = s.x0 + (s.x1 - s.x0) * along + (h.street < 6 ? 0.0 : side);
    h.y = s.y0 + (s.y1 - s.y0) * along + (h.street < 6 ? side : 0.0);
  }
  for (const Term& place : words.places) {
    Place p{.name = place};
    p.x = dice.between(6, 94);
    p.y = dice.between(6, 94);
    if (place.en == "market" || place.en == "green") p.x = 50 + dice.between(-6, 6), p.y = 50 + dice.between(-6, 6);
    places.push_back(p);
  }
}

void World::give_lives() {
  const Lexicon& words = lexicon();
  Dice dice(seed_, kLives);
  std::vector<int> adults;
  for (int id : living) {
    const int age = people[static_cast<size_t>(id)].age();
    if (age >= 24 && age <= 72) adults.push_back(id);
  }
  // The famous: every one another trade and another first name, and no two from one house.
  std::vector<int> trades(words.trades.size());
  for (size_t i = 0; i < trades.size(); ++i) trades[i] = static_cast<int>(i);
  dice.shuffle(trades);
  dice.shuffle(adults);
  std::set<std::string> first_names;
  std::set<int> homes;
  for (int id : adults) {
    if (famous.size() == kFamousPeople) break;
    Person& p = people[static_cast<size_t>(id)];
    if (!homes.insert(p.house).second || !first_names.insert(p.first.en).second) continue;
    p.famous = true;
    p.trade = trades[famous.size()];
    famous.push_back(id);
  }
  QUERN_CHECK(famous.size() == kFamousPeople, "village: only {} people fit to be famous", famous.size());
  for (Person& p : people) {
    p.likes = dice.pick(words.foods);
    p.hair = p.alive() && p.age() > 62 ? words.hair[4] : words.hair[dice.below(4)];
    if (p.age() >= 16 && p.trade < 0) p.trade = static_cast<int>(dice.below(words.trades.size()));
    if (!p.alive() || p.age() < 8) continue;
    p.skill = dice.pick(words.skills);
    if (p.age() < 14) continue;
    p.owns = colored(dice.pick(words.colors), dice.pick(words.things));
    if (p.famous || dice.chance(0.6)) p.keeps = dice.pick(words.animals);
    if (p.famous || dice.chance(0.4)) {
      Animal animal{.id = static_cast<int>(animals.size()), .owner = p.id};
      animal.name = dice.pick(words.pet_names);
      animal.kind = words.pets[dice.below(dice.chance(0.8) ? 2 : words.pets.size())];
      p.pet = animal.id;
      animals.push_back(animal);
    }
    const Person& other = people[static_cast<size_t>(dice.pick(living))];
    if (other.id != p.id && std::abs(other.age() - p.age()) < 12 && other.family != p.family) p.friend_id = other.id;
    if (p.age() <= 20 && !p.famous) {
      const Person& master = people[static_cast<size_t>(dice.pick(famous))];
      p.master = master.id;
      p.trade = -1;
    }
  }
}

void World::build_market() {
  Dice dice(seed_, kMarket);
  for (const Term& name : lexicon().goods) goods.push_back({.name = name, .price = dice.between(2, 9)});
}

void World::build_calendar() {
  const Lexicon& words = lexicon();
  Dice dice(seed_, kCalendar);
  const std::vector<int> chosen = dice.distinct(static_cast<int>(words.festivals.size()), 6);
  const std::vector<int> months = dice.distinct(12, 6);
  for (size_t f = 0; f < 6; ++f) {
    Festival festival{.name = words.festivals[static_cast<size_t>(chosen[f])], .month = months[f]};
    festival.place = dice.pick(words.places);
    festivals.push_back(festival);
  }
  // What the weather was, day by day: like yesterday's as often as not, and fitting the season.
  const std::vector<std::vector<int>> likely = {{2, 5, 3, 7}, {0, 1, 3, 4}, {1, 1, 0, 7}, {0, 4, 3, 6}};
  int kind = 2;
  for (int month = 0; month < 12; ++month)
    for (int day = 1; day <= 30; ++day) {
      const size_t season = month < 2 || month == 11 ? 0 : month < 5 ? 1 : month < 8 ? 2 : 3;
      if (dice.chance(0.55)) kind = dice.pick(likely[season]);
      const int base[] = {1, 12, 22, 10};
      const int degrees = base[season] + dice.between(-4, 6);
      weather.push_back({day, month, kind, degrees < 2 ? 0 : degrees});
    }
  const auto tell = [&](int year, std::string kind, std::string en, std::string zh, std::vector<int> who = {}) {
    events.push_back(
        {static_cast<int>(events.size()), year, std::move(kind), std::move(en), std::move(zh), std::move(who)});
  };
  for (int i = 0; i < 60; ++i) {
    const int year = dice.between(40, kYearNow - 1);
    const Term& place = dice.pick(words.places);
    switch (dice.below(5)) {
      case 0:
        tell(year, "fire", "a fire burned at the " + place.en, place.zh + "着了火");
        break;
      case 1:
        tell(year, "flood", "the flood reached the " + place.en, "洪水淹到了" + place.zh);
        break;
      case 2:
        tell(year, "building", "the " + place.en + " was built anew", place.zh + "重新修好了");
        break;
      case 3:
        tell(year, "storm", "a storm broke the roof of the " + place.en, "大风吹坏了" + place.zh + "的屋顶");
        break;
      default: {
        const Term& crop = dice.pick(words.crops);
        tell(year, "harvest", "the harvest of " + crop.en + " was the best in memory", crop.zh + "获得了少有的大丰收");
      }
    }
  }
  for (const Person& p : people)
    if (p.spouse > p.id) {
      const Person& s = people[static_cast<size_t>(p.spouse)];
      const int year = std::max(p.born, s.born) + 19;
      tell(year, "wedding", p.name.en + " married " + s.name.en, p.name.zh + "和" + s.name.zh + "结了婚", {p.id, s.id});
    }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.year < b.year; });
  for (size_t i = 0; i < events.size(); ++i) events[i].id = static_cast<int>(i);
}

bool World::is_planted_name(const std::string& first) const {
  return std::find(planted_.begin(), planted_.end(), first) != planted_.end();
}

}  // namespace quern::village
