// SPDX-License-Identifier: MIT
#pragma once
// The published word patterns, and which hand-written splitter does the same.

#include <optional>
#include <string_view>

#include "text/splitters.h"

namespace quern {

// Radford et al. 2019; also what the ByteLevel pre-tokenizer does by itself.
inline constexpr std::string_view kPatternGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// cl100k_base of tiktoken as first published (GPT-4), taken over by Llama-3.
inline constexpr std::string_view kPatternLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kPatternQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kPatternEveryChar = R"([\s\S])";

struct KnownSplit {
  enum class Kind { Gpt2, Gpt4, EveryChar } kind;
  Gpt4Style style;
};
// The splitter that does what `pattern` says, if there is one.
std::optional<KnownSplit> known_split(std::string_view pattern);

}  // namespace quern
