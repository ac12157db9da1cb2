// SPDX-License-Identifier: MIT
#include "data/village/lexicon.h"

#include "data/village/word_lists.h"

namespace quern::village {

namespace {

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t cut = text.find(by);
    std::string_view part = text.substr(0, cut);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\n')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\n')) part.remove_suffix(1);
    if (!part.empty()) parts.push_back(part);
    if (cut == std::string_view::npos) return parts;
    text.remove_prefix(cut + 1);
  }
}

// "goat,goats,山羊,只; ..." : English, plural (- for none), Chinese, measure word.
std::vector<Term> terms(std::string_view list) {
  std::vector<Term> result;
  for (std::string_view entry : split(list, ';')) {
    const auto fields = split(entry, ',');
    Term term;
    term.en = fields[0];
    const auto field = [&](size_t i) { return i < fields.size() && fields[i] != "-" ? std::string(fields[i]) : ""; };
    term.plural = field(1);
    term.zh = field(2);
    term.measure = field(3);
    result.push_back(std::move(term));
  }
  return result;
}

std::vector<std::string> words(std::string_view list) {
  std::vector<std::string> result;
  for (std::string_view w : split(list, ' ')) result.emplace_back(w);
  return result;
}

std::vector<Pair> pairs(std::string_view list) {
  std::vector<Pair> result;
  for (std::string_view entry : split(list, ';')) {
    const auto fields = split(entry, ',');
    result.push_back({std::string(fields[0]), std::string(fields[1])});
  }
  return result;
}

std::vector<Term> first_names(const std::vector<std::string>& heads, const std::vector<std::string>& tails,
                              const std::vector<std::string>& zh, char sex) {
  std::vector<Term> result;
  for (size_t h = 0; h < heads.size(); ++h)
    for (size_t t = 0; t < tails.size(); ++t) {
      Term name;
      name.en = heads[h] + tails[t];
      // Chinese given names: two characters of one list; distinct for distinct (h, t) while the list is long enough.
      const size_t n = result.size();
      name.zh = zh[n % zh.size()] + zh[(n / zh.size() * 7 + n * 3 + 1) % zh.size()];
      name.sex = sex;
      result.push_back(std::move(name));
    }
  return result;
}

Lexicon build() {
  Lexicon l;
  l.animals = terms(kAnimals);
  l.pets = terms(kPets);
  l.trades = terms(kTrades);
  l.foods = terms(kFoods);
  l.goods = terms(kGoods);
  l.things = terms(kThings);
  l.colors = terms(kColors);
  l.places = terms(kPlaces);
  l.spots = terms(kSpots);
  l.skills = terms(kSkills);
  l.streets = terms(kStreets);
  l.hair = terms(kHair);
  l.weekdays = terms(kWeekdays);
  l.months = terms(kMonths);
  l.seasons = terms(kSeasons);
  l.festivals = terms(kFestivals);
  l.weathers = terms(kWeathers);
  l.crops = terms(kCrops);
  l.materials = terms(kMaterials);
  l.tools = terms(kTools);
  l.occasions = terms(kOccasions);
  l.pet_names = terms(kPetNames);
  l.inns = terms(kInns);
  l.rivers = terms(kRivers);
  l.far_towns = terms(kFarTowns);
  l.puzzle_words = words(kPuzzleWords);
  l.puzzle_words_zh = words(kPuzzleWordsZh);
  l.opposites = pairs(kOpposites);
  l.opposites_zh = pairs(kOppositesZh);
  l.name_heads = words(kNameHeads);
  l.male_tails = words(kMaleTails);
  l.female_tails = words(kFemaleTails);
  l.family_heads = words(kFamilyHeads);
  l.family_tails = words(kFamilyTails);
  l.stranger_tails = words(kStrangerTails);
  l.zh_families = words(kZhFamilies);
  l.zh_male = words(kZhMale);
  l.zh_female = words(kZhFemale);
  l.zh_stranger_families = words(kZhStrangerFamilies);
  l.town_heads = words(kTownHeads);
  l.town_tails = words(kTownTails);
  l.zh_towns = words(kZhTowns);
  l.male_names = first_names(l.name_heads, l.male_tails, l.zh_male, 'm');
  l.female_names = first_names(l.name_heads, l.female_tails, l.zh_female, 'f');
  return l;
}

}  // namespace

const Lexicon& lexicon() {
  static const Lexicon built = build();
  return built;
}

const std::vector<WordFamily>& word_families() {
  static const std::vector<WordFamily> families = {{"animal", "动物", &lexicon().animals},
                                                   {"colour", "颜色", &lexicon().colors},
                                                   {"food", "食物", &lexicon().foods},
                                                   {"month", "月份", &lexicon().months},
                                                   {"trade", "职业", &lexicon().trades}};
  return families;
}

Term number_term(int n) {
  Term term;
  term.en = term.zh = std::to_string(n);
  return term;
}

std::vector<std::string> characters(std::string_view utf8) {
  std::vector<std::string> result;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    result.emplace_back(utf8.substr(i, length));
    i += length;
  }
  return result;
}

std::string letters_apart(std::string_view word) {
  std::string out;
  for (const std::string& c : characters(word)) {
    if (!out.empty()) out += ' ';
    out += c;
  }
  return out;
}

}  // namespace quern::village
