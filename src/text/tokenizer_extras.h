// SPDX-License-Identifier: MIT
#pragma once
// What a tokenizer_config.json adds to a vocabulary file that lacks it: added tokens, and whether texts begin and end
// with one.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

struct TokenizerExtras {
  std::vector<AddedToken> added;
  std::optional<std::string> bos, eos;  // put around each text; "": the vocabulary's own
};

// From the file in `folder`; nothing when there is none. Throws InvalidModel when it is damaged.
TokenizerExtras read_tokenizer_extras(const std::filesystem::path& folder);

}  // namespace quern
