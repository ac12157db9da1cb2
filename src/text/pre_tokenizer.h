// SPDX-License-Identifier: MIT
#pragma once
// Cutting text into words: a list of stages, each of which cuts the pieces of the one before.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex_split.h"
#include "text/split_patterns.h"
#include "text/splitters.h"

namespace quern {

// What becomes of the matches of a pattern. (Hugging Face tokenizers' SplitDelimiterBehavior.)
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

struct SplitStage {
  enum class Kind { Gpt2, Gpt4, EveryChar, Digits, Pattern } kind = Kind::Gpt2;
  Gpt4Style style;                     // Gpt4
  bool individual_digits = false;      // Digits
  std::shared_ptr<const Regex> regex;  // Pattern: this, or when null the literal text
  std::string literal;
  SplitBehavior behavior = SplitBehavior::Isolated;
  bool invert = false;
};

// Words of `text` by a Pattern stage.
void split_by_pattern(const SplitStage& stage, std::string_view text, std::vector<std::string_view>& out);

// A place at or after `at` where words end whatever stands around: behind a letter, before a character that is neither
// letter nor mark. All splitters but Pattern stages take letters greedily and nothing after them into the same word.
size_t safe_cut(std::string_view text, size_t at);

struct PreTokenizer {
  std::vector<SplitStage> stages;
  bool byte_level = false;        // ends in ByteLevel: the model works on bytes
  bool add_prefix_space = false;  // ByteLevel puts a space before each of its pieces that has none
  size_t byte_level_stage = 0;    // stages before this one come before ByteLevel

  // emit(begin, end) for each word of `text`, in order; add_prefix_space is the caller's business.
  template <typename Emit>
  void for_each_word(std::string_view text, Emit&& emit) const {
    run(0, stages.size(), text, emit);
  }
  // The same through stages [first, last).
  template <typename Emit>
  void run(size_t first, size_t last, std::string_view text, Emit& emit) const;
};

template <typename Emit>
void PreTokenizer::run(size_t first, size_t last, std::string_view text, Emit& emit) const {
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (first == last) {
    if (begin < end) emit(begin, end);
    return;
  }
  const auto cut = [&](auto&& next) {
    const SplitStage& stage = stages[first];
    switch (stage.kind) {
      case SplitStage::Kind::Gpt2:
        split_gpt2(begin, end, next);
        break;
      case SplitStage::Kind::Gpt4:
        split_gpt4(begin, end, stage.style, next);
        break;
      case SplitStage::Kind::EveryChar:
        split_every_char(begin, end, next);
        break;
      case SplitStage::Kind::Digits:
        split_digits(begin, end, stage.individual_digits, next);
        break;
      case SplitStage::Kind::Pattern: {
        std::vector<std::string_view> pieces;
        split_by_pattern(stage, text, pieces);
        for (std::string_view piece : pieces) next(piece.data(), piece.data() + piece.size());
        break;
      }
    }
  };
  if (first + 1 == last) {
    cut(emit);
  } else {
    cut([&](const char* b, const char* e) { run(first + 1, last, {b, static_cast<size_t>(e - b)}, emit); });
  }
}

}  // namespace quern
