// SPDX-License-Identifier: MIT
#pragma once
// What happens to text before it is cut into words: a list of steps. A new step is a value of Kind, a case in
// normalizer.cpp and a row in normalizer_json.cpp.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/aligned_text.h"
#include "text/charsmap.h"
#include "text/regex_split.h"

namespace quern {

struct NormalizerStep {
  enum class Kind {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    StripAccents,  // leaves out all marks
    StripMarks,    // leaves out nonspacing marks, as BERT does
    CleanText,     // BERT: control characters go, white space becomes a space
    SpaceCjk,      // BERT: spaces around each ideograph
    Strip,         // white space at the ends
    Replace,
    Prepend,
    Nmt,        // SentencePiece's clean-up
    CharsMap,   // SentencePiece's replacements
    ByteLevel,  // each byte as a character of the byte-level alphabet
  } kind = Kind::Nfc;
  bool left = true, right = true;      // Strip
  std::string content;                 // Replace, Prepend
  std::string literal;                 // Replace: what is replaced, when `regex` is null
  std::shared_ptr<const Regex> regex;  // Replace
  std::shared_ptr<const class CharsMap> charsmap;
};

class Normalizer {
 public:
  Normalizer() = default;
  explicit Normalizer(std::vector<NormalizerStep> steps) : steps_(std::move(steps)) {}
  bool is_identity() const { return steps_.empty(); }
  // Cutting a text between a letter and what is neither letter nor mark changes nothing: all steps look at single
  // characters and the marks behind them.
  bool is_local() const;

  // `text` itself when nothing changes, otherwise the new text, kept in `scratch`. Throws InvalidData when the text
  // would grow beyond what is sensible.
  std::string_view apply(std::string_view text, std::string& scratch) const;
  void apply_aligned(AlignedText& text) const;

 private:
  std::vector<NormalizerStep> steps_;
};

}  // namespace quern
