// SPDX-License-Identifier: MIT
#pragma once
// What a Village holds; for the files that implement it.

#include <string_view>
#include <vector>

#include "data/village/grammar.h"
#include "data/village/scene.h"
#include "data/village/village.h"

namespace quern {

struct Village::Impl {
  explicit Impl(const VillageOptions& options);

  VillageOptions options;
  village::World world;
  village::Grammar en, zh;

  const village::Grammar& grammar(village::Lang lang) const { return lang == village::Lang::zh ? zh : en; }
  village::Lang lang_of(uint64_t index) const;
  village::Task task(const village::TaskKind& kind, village::Dice& dice, village::Lang lang, Split split,
                     std::vector<int64_t>& facts, int64_t& template_id) const;
  InstructPair talk(village::Dice& dice, village::Lang lang) const;
  void reading_talk(village::Dice& dice, village::Lang lang, Split split, InstructPair& pair) const;
  static std::string prompt_of(const village::Task& task, village::Lang lang);
};

namespace village {
std::vector<const char*> english_templates();
std::vector<const char*> chinese_templates();
uint64_t stream_id_of(std::string_view name);  // a number from a name
}  // namespace village

}  // namespace quern
