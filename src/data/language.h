// SPDX-License-Identifier: MIT
#pragma once
// Which script and, for Latin letters, which language: counts of letters and of small words. A guess for reports and
// for choosing the wording of instructions, no more.

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/reader.h"

namespace quern {

CorpusStats::Script script_of(char32_t c);  // of a letter; kNumScripts for what is no letter
// Adds the letters and small words of a piece of text to the statistics.
void count_language(std::string_view utf8, CorpusStats& stats);
std::string_view latin_language_code(size_t index);  // "en", "de", ...: index into CorpusStats::small_words

}  // namespace quern
