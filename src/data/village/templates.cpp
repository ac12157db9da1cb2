// SPDX-License-Identifier: MIT
#include "data/village/templates.h"

#include "base/rng.h"
#include "data/village/village_impl.h"

namespace quern::village {

std::vector<const char*> english_templates() {
  return {kFactsEn, kQuestionsEn, kReadingEn, kMarketEn,  kPuzzlesEn,   kUnknownEn, kStoriesEn,
          kPlotsEn, kLettersEn,   kNoticesEn, kEntriesEn, kDialoguesEn, kTalkEn};
}

std::vector<const char*> chinese_templates() {
  return {kFactsZh, kQuestionsZh, kReadingZh, kMarketZh,  kPuzzlesZh,   kUnknownZh, kStoriesZh,
          kPlotsZh, kLettersZh,   kNoticesZh, kEntriesZh, kDialoguesZh, kTalkZh};
}

uint64_t stream_id_of(std::string_view name) { return stream_id(name) >> 24; }

}  // namespace quern::village
