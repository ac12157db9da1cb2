// SPDX-License-Identifier: MIT
#pragma once
// tiktoken's rank files: lines of a base64 token and its rank. The word pattern and the special tokens are not in the
// file; they go by its name.

#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace quern {

struct TokenizerExtras;  // tokenizer_extras.h

bool looks_like_tiktoken(std::string_view bytes);

// `name`: "gpt2", "r50k_base", "p50k_base", "cl100k_base", "o200k_base", "qwen", "llama3"; any other name has the
// pattern of cl100k_base and no special tokens but those of `extras`. Throws InvalidModel naming `where`.
Tokenizer read_tiktoken(std::string_view bytes, const std::string& name, const std::string& where,
                        const TokenizerExtras& extras);

}  // namespace quern
