// SPDX-License-Identifier: MIT
#include "text/split_patterns.h"

namespace quern {

std::optional<KnownSplit> known_split(std::string_view pattern) {
  using Kind = KnownSplit::Kind;
  struct Row {
    std::string_view pattern;
    KnownSplit split;
  };
  // Possessive forms match the same words: what the quantifier holds on to can't begin what follows.
  static constexpr Row kRows[] = {
      {kPatternGpt2, {Kind::Gpt2, {}}},
      {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", {Kind::Gpt2, {}}},
      {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)", {Kind::Gpt2, {}}},
      {kPatternLlama3, {Kind::Gpt4, {.max_digits = 3}}},
      {kPatternQwen2, {Kind::Gpt4, {.max_digits = 1}}},
      {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
       {Kind::Gpt4, {.max_digits = 3}}},
      {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
       {Kind::Gpt4, {.max_digits = 2}}},
      {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)",
       {Kind::Gpt4, {.max_digits = 3, .space_to_end = true}}},
      {kPatternEveryChar, {Kind::EveryChar, {}}},
  };
  for (const Row& row : kRows) {
    if (row.pattern == pattern) return row.split;
  }
  return std::nullopt;
}

}  // namespace quern
