// SPDX-License-Identifier: MIT
#pragma once
// What happens to text before it is cut into words. Known so far: NFC. A new kind is a value of Kind, a case in apply()
// and one in apply_aligned().

#include <string>
#include <string_view>
#include <vector>

#include "text/aligned_text.h"

namespace quern {

class Normalizer {
 public:
  enum class Kind { Nfc };

  Normalizer() = default;
  explicit Normalizer(std::vector<Kind> steps) : steps_(std::move(steps)) {}
  bool is_identity() const { return steps_.empty(); }

  // `text` itself when nothing changes, otherwise the new text, kept in `scratch`.
  std::string_view apply(std::string_view text, std::string& scratch) const;
  void apply_aligned(AlignedText& text) const;

 private:
  std::vector<Kind> steps_;
};

// Unicode normalization form C. `text` is well-formed.
std::string_view normalize_nfc(std::string_view text, std::string& scratch);

}  // namespace quern
