// SPDX-License-Identifier: MIT
#pragma once
// SentencePiece's .model files (sentencepiece_model.proto): BPE and Unigram, as a tokenizer of Hugging Face's parts, so
// that it can be saved as a tokenizer.json.

#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace quern {

struct TokenizerExtras;  // tokenizer_extras.h

// Control and unknown pieces become special tokens. Nothing is put around a text unless `extras` says so.
// Throws InvalidModel naming `where` when the bytes are damaged, Unsupported for kinds that are not built.
Tokenizer read_sentencepiece(std::string_view bytes, const std::string& where, const TokenizerExtras& extras);

}  // namespace quern
