// SPDX-License-Identifier: MIT
#include "data/village/scene.h"

#include <algorithm>

#include "base/error.h"

namespace quern::village {

Scene::Scene(const World& world, const Grammar& grammar, Dice& dice, Lang lang, Split split)
    : world(world), grammar(grammar), dice(dice), lang(lang), split(split), telling(dice) {
  telling.held_out_share = split == Split::held_out_template ? 0.7 : 0.0;
  telling.set("town", world.town);
}

Term Scene::stranger(bool full) {
  const Lexicon& words = lexicon();
  for (;;) {
    const bool male = dice.chance(0.5);
    const Term& name = dice.pick(male ? words.male_names : words.female_names);
    if (std::find(used_names_.begin(), used_names_.end(), name.en) != used_names_.end()) continue;
    if (world.is_planted_name(name.en)) continue;
    used_names_.push_back(name.en);
    if (!full) return name;
    Term whole = name;
    do {
      whole.en = name.en + " " + dice.pick(words.family_heads) + dice.pick(words.family_tails);
    } while (world.is_family(whole.en.substr(name.en.size() + 1)));
    // Chinese family names are few, and every village has most of them; the whole name must be nobody's.
    do {
      whole.zh = dice.pick(words.zh_families) + name.zh;
    } while (world.is_person(whole.zh));
    return whole;
  }
}

Term Scene::value(std::string_view relation, std::vector<Term>& used, Term& detail) {
  const Lexicon& words = lexicon();
  const auto from = [&]() -> Term {
    if (relation == "trade" || relation == "office") return dice.pick(words.trades);
    if (relation == "street") return dice.pick(words.streets);
    if (relation == "likes") return dice.pick(words.foods);
    if (relation == "keeps") return dice.pick(words.animals);
    if (relation == "skill") return dice.pick(words.skills);
    if (relation == "hair") return dice.pick(words.hair);
    if (relation == "month") return dice.pick(words.months);
    if (relation == "number") return number_term(dice.between(2, 60));
    if (relation == "pet") {
      detail = words.pets[dice.below(3)];
      return dice.pick(words.pet_names);
    }
    if (relation == "born") return number_term(dice.between(16, 119));
    for (std::string_view named : {"father", "mother", "friend", "master", "wife"})
      if (relation == named) return stranger(true);
    QUERN_CHECK(relation == "owns", "no values for relation '{}'", relation);
    const Term &color = dice.pick(words.colors), &thing = dice.pick(words.things);
    Term t;
    t.en = color.en + " " + thing.en;
    t.plural = color.en + " " + thing.plural;
    t.zh = color.zh + "色的" + thing.zh;
    t.measure = thing.measure;
    return t;
  };
  for (;;) {
    Term candidate = from();
    if (std::find(used.begin(), used.end(), candidate) != used.end()) continue;
    used.push_back(candidate);
    return candidate;
  }
}

void Scene::set_fact(const Fact& fact) {
  set("a", fact.subject);
  set("v", fact.object);
  set("k", fact.detail);
}

const std::vector<TaskKind>& task_kinds() {
  using enum AnswerSource;
  // Weights follow what is hard to learn: finding something in a passage wants more practice than knowing by heart.
  static const std::vector<TaskKind> kinds = {
      {"read_what", from_prompt, 7, read_what},
      {"read_who", from_prompt, 7, read_who},
      {"read_where", from_prompt, 5, read_where},
      {"read_move", from_prompt, 4, read_move},
      {"read_when", from_prompt, 4, read_when},
      {"read_why", from_prompt, 3, read_why},
      {"read_gave", from_prompt, 5, read_gave},
      {"read_number", from_prompt, 4, read_number},
      {"read_order", from_prompt, 3, read_order},
      {"read_price", from_prompt, 5, read_price},
      {"read_ledger", from_prompt, 7, read_ledger},
      {"copy", from_prompt, 2, copy_words},
      {"change", from_prompt, 3, market_change},
      {"total", from_prompt, 3, market_total},
      {"times", from_prompt, 3, market_times},
      {"count_on", from_prompt, 4, count_on},
      {"compare", from_prompt, 6, compare_counts},
      {"sum", sum, 8, two_digit_sum},
      {"spell", from_prompt, 3, letters_spell},
      {"join", from_prompt, 3, letters_join},
      {"first_letter", from_prompt, 2, letters_first},
      {"last_letter", from_prompt, 3, letters_last},
      {"reverse", from_prompt, 5, letters_reverse},
      {"letter_count", from_prompt, 2, letters_count},
      {"alphabet", from_prompt, 4, alphabet_order},
      {"odd_one", from_prompt, 3, odd_one},
      {"calendar", from_prompt, 2, calendar_next},
      {"opposite", from_prompt, 2, opposite_word},
      {"plural", from_prompt, 2, plural_word},
      {"famous_fact", often, 4, famous_fact},
      {"famous_who", often, 2, famous_who},
      {"village_fact", often, 2, village_fact},
      {"rare_fact", rare, 0, rare_fact},
      {"never_told", never, 0, never_told},
      {"unknown_future", unknowable, 1, unknown_future},
      {"unknown_private", unknowable, 1, unknown_private},
      {"unknown_far", unknowable, 1, unknown_far},
      {"unknown_person", unknowable, 1, unknown_person},
      {"unknown_passage", unknowable, 4, unknown_passage},
  };
  return kinds;
}

const TaskKind& task_kind(std::string_view name) {
  for (const TaskKind& kind : task_kinds())
    if (kind.name == name) return kind;
  std::string all;
  for (const TaskKind& kind : task_kinds()) all += std::string(all.empty() ? "" : ", ") + kind.name;
  throw Error(ErrorKind::InvalidArgument, "the village has no kind of question called '{}'", name)
      .hint("kinds: {}", all);
}

}  // namespace quern::village
