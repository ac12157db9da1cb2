// SPDX-License-Identifier: MIT
#pragma once
// What files without a post-processor get from a tokenizer_config.json.

#include <string>

#include "text/tokenizer_extras.h"
#include "text/tokenizer_state.h"

namespace quern {

// Added tokens that `parts` does not have yet; a known one takes over the flags.
void add_extra_tokens(const TokenizerExtras& extras, TokenizerParts& parts);

// The JSON of the template that puts extras.bos and extras.eos around a text; `bos` and `eos` are the vocabulary's own.
// "null" when there is nothing to put. Throws InvalidModel when such a token is not known.
std::string template_json(const TokenizerExtras& extras, const std::string& bos, const std::string& eos,
                          const TokenizerParts& parts, const std::string& where);

}  // namespace quern
