// SPDX-License-Identifier: MIT
#include "pipeline/report_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/village/lexicon.h"

namespace quern {

namespace {

using village::Lang;
using village::Person;
using village::World;

const Person* person_at(const World& world, int id) {
  return id >= 0 && size_t(id) < world.people.size() ? &world.people[size_t(id)] : nullptr;
}

// "clockmaker, 61-118": the trade when there is one, the year of birth, and of death.
std::string note_of(const Person& p, Lang lang) {
  const auto& trades = village::lexicon().trades;
  std::string note = p.trade >= 0 && size_t(p.trade) < trades.size() ? trades[size_t(p.trade)].text(lang) : "";
  if (!note.empty()) note += lang == Lang::zh ? "，" : ", ";
  return note + (p.alive() ? fmt::format("*{}", p.born) : fmt::format("{}–{}", p.born, p.died));
}

const Person& founder_of(const World& world, const Person& person) {
  const Person* top = &person;
  for (size_t steps = 0; steps < world.people.size(); ++steps) {
    const Person* father = person_at(world, top->father);
    if (!father) break;
    top = father;
  }
  return *top;
}

// Sons carry the line on; a daughter stands in it with her husband, their children in his family's tree.
void add_descendants(const World& world, const Person& p, int64_t parent, Lang lang, ReportFamily& family) {
  constexpr size_t kMost = 120;
  if (family.people.size() >= kMost) return;
  ReportPerson row{.parent = parent, .name = p.name.text(lang), .note = note_of(p, lang), .marked = p.planted};
  if (const Person* spouse = person_at(world, p.spouse)) {
    row.partner = spouse->name.text(lang);
    row.partner_note = note_of(*spouse, lang);
    row.marked |= spouse->planted;
  }
  const int64_t index = int64_t(family.people.size());
  family.people.push_back(std::move(row));
  for (const int child : p.children)
    if (const Person* c = person_at(world, child); c && c->father == p.id)
      add_descendants(world, *c, index, lang, family);
}

}  // namespace

ReportMap report_map(const World& world, Lang lang) {
  ReportMap map;
  for (const village::Street& s : world.streets)
    map.paths.push_back({s.name.text(lang), "street", {{s.x0, s.y0}, {s.x1, s.y1}}});
  for (const village::House& h : world.houses) {
    std::string name = size_t(h.street) < world.streets.size() ? world.streets[size_t(h.street)].name.text(lang) : "";
    name += fmt::format(" {}", h.number);
    const char* separator = lang == Lang::zh ? "：" : ": ";
    bool planted = false;
    for (const int id : h.residents)
      if (const Person* p = person_at(world, id)) {
        planted |= p->planted;
        name += separator + p->name.text(lang);
        separator = lang == Lang::zh ? "、" : ", ";
      }
    map.places.push_back({std::move(name), planted ? "planted house" : "house", h.x, h.y});
  }
  for (const village::Place& p : world.places) map.places.push_back({p.name.text(lang), "place", p.x, p.y});
  return map;
}

std::vector<ReportFamily> report_families(const World& world, Lang lang, size_t most) {
  std::vector<const Person*> founders;
  const auto want = [&](const Person& p) {
    const Person& founder = founder_of(world, p);
    if (founders.size() < most && std::ranges::find(founders, &founder) == founders.end()) founders.push_back(&founder);
  };
  for (const Person& p : world.people)
    if (p.planted && (p.father >= 0 || !p.children.empty())) want(p);
  std::vector<std::pair<int, const Person*>> rest;  // how many of the line are famous, founder
  for (const Person& p : world.people) {
    if (p.father >= 0 || p.children.empty() || p.sex != 'm') continue;
    const auto famous = std::ranges::count_if(world.famous, [&](int id) {
      const Person* f = person_at(world, id);
      return f && &founder_of(world, *f) == &p;
    });
    rest.emplace_back(int(famous), &p);
  }
  std::ranges::stable_sort(rest, [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [famous, founder] : rest) want(*founder);

  std::vector<ReportFamily> families;
  for (const Person* founder : founders) {
    ReportFamily family;
    if (founder->family >= 0 && size_t(founder->family) < world.families.size())
      family.name = world.families[size_t(founder->family)].name.text(lang);
    if (family.name.empty()) family.name = founder->name.text(lang);
    add_descendants(world, *founder, -1, lang, family);
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace quern
