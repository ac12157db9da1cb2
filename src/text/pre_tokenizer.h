// SPDX-License-Identifier: MIT
#pragma once
// Cutting text into words: a list of stages, each of which cuts the pieces of the one before. Three stages change a
// piece instead (PrefixSpace, Metaspace, ByteLevel).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/aligned_text.h"
#include "text/regex_split.h"
#include "text/split_behavior.h"
#include "text/split_patterns.h"
#include "text/splitters.h"

namespace quern {

struct SplitStage {
  enum class Kind {
    Gpt2,
    Gpt4,
    EveryChar,
    Digits,
    Chars,        // at each character of `set`
    Words,        // runs of word characters, and runs of what is neither word nor space
    FixedLength,  // every `length` characters
    Pattern,      // at each match of `regex`, or of `literal` where that is null
    // These change a piece, as transform() says.
    PrefixSpace,  // a space before a piece that has none
    Metaspace,    // `literal` in place of spaces, and in front
    ByteLevel,    // the byte-level alphabet in place of bytes
  } kind = Kind::Gpt2;
  enum class CharSet { Space, Punctuation } set = CharSet::Space;
  enum class Prepend { Always, First, Never } prepend = Prepend::Always;
  Gpt4Style style;                     // Gpt4
  bool individual_digits = false;      // Digits
  std::shared_ptr<const Regex> regex;  // Pattern
  std::string literal;                 // Pattern, Metaspace
  SplitBehavior behavior = SplitBehavior::Isolated;
  bool invert = false;
  size_t length = 0;  // FixedLength

  bool transforms() const { return kind >= Kind::PrefixSpace; }
};

// Words of `text` by a Pattern stage.
void split_by_pattern(const SplitStage& stage, std::string_view text, std::vector<std::string_view>& out);

// What a transforming stage makes of a piece, in `out`; `at_start` tells that the piece begins the input text. The
// piece itself when nothing changes.
std::string_view transform(const SplitStage& stage, std::string_view piece, bool at_start, std::string& out);
void transform_aligned(const SplitStage& stage, AlignedText& piece);

// A place at or after `at` where words end whatever stands around: behind a letter, before a character that is neither
// letter nor mark. The splitters of byte-level models take letters greedily and nothing after them into the same word.
size_t safe_cut(std::string_view text, size_t at);

struct PreTokenizer {
  std::vector<SplitStage> stages;
  bool byte_level = false;  // the model works on bytes: a last stage ByteLevel is left to it

  // First stage from `from` on that changes pieces; the number of stages when there is none.
  size_t next_transform(size_t from) const {
    while (from < stages.size() && !stages[from].transforms()) ++from;
    return from;
  }
  // Some stage treats the begin of the input text apart.
  bool asks_for_start() const;
  // The model does not work on bytes after all.
  void spell_out_bytes() {
    if (byte_level) stages.push_back({.kind = SplitStage::Kind::ByteLevel});
    byte_level = false;
  }

  // emit(begin, end) for each word of `text`, in order. No stage transforms.
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
      case SplitStage::Kind::Chars:
        if (stage.set == SplitStage::CharSet::Space) {
          split_by_char(begin, end, stage.behavior, is_white_space, next);
        } else {
          split_by_char(begin, end, stage.behavior, is_split_punctuation, next);
        }
        break;
      case SplitStage::Kind::Words:
        split_words(begin, end, next);
        break;
      case SplitStage::Kind::FixedLength:
        split_fixed_length(begin, end, stage.length, next);
        break;
      case SplitStage::Kind::Pattern:
        if (stage.regex == nullptr && !stage.literal.empty() && !stage.invert) {
          split_by_literal(begin, end, stage.behavior, stage.literal, next);
        } else {
          std::vector<std::string_view> pieces;
          split_by_pattern(stage, text, pieces);
          for (std::string_view piece : pieces) next(piece.data(), piece.data() + piece.size());
        }
        break;
      case SplitStage::Kind::PrefixSpace:
      case SplitStage::Kind::Metaspace:
      case SplitStage::Kind::ByteLevel:
        QUERN_CHECK(false, "a stage that changes text is asked to cut it");
    }
  };
  if (first + 1 == last) {
    cut(emit);
  } else {
    cut([&](const char* b, const char* e) { run(first + 1, last, {b, static_cast<size_t>(e - b)}, emit); });
  }
}

}  // namespace quern
