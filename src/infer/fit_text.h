// SPDX-License-Identifier: MIT
#pragma once
// Texts as an encoder takes them: ids with what the tokenizer puts around them, cut where they are longer than the
// model. Which tokens stay is what Hugging Face tokenizers' truncation "longest_first" keeps.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

struct FittedText {
  std::vector<int32_t> ids;
  std::vector<int32_t> types;  // one for each id; none where all are 0
  int64_t cut = 0;             // tokens left out because the text was too long

  int64_t full_size() const { return int64_t(ids.size()) + cut; }
};

// One text of at most `limit` tokens (0: any). Added tokens stay, the text loses its end. Throws InvalidArgument where
// the added tokens alone are more than that.
FittedText fit_text(const Tokenizer& tokenizer, std::string_view text, int64_t limit);
// Two texts as one; the longer loses its end first.
FittedText fit_pair(const Tokenizer& tokenizer, std::string_view first, std::string_view second, int64_t limit);

// Tokens of two texts of `first` and `second` that are kept of at most `limit`.
std::pair<int64_t, int64_t> kept_of_pair(int64_t first, int64_t second, int64_t limit);

// In lower case, for models whose folder asks for it beside what the tokenizer does.
std::string lower_cased(std::string_view utf8);

}  // namespace quern
