// SPDX-License-Identifier: MIT
#pragma once
// The tokenizer inside a GGUF file as a tokenizer.json, and the way back. GGUF names the kind of model (gpt2:
// byte-level BPE; llama: SentencePiece BPE; bert: WordPiece; t5: Unigram) and, for byte-level BPE, the way words are
// cut
// ("pre"), where a tokenizer.json spells everything out. Files may carry the tokenizer.json itself
// (tokenizer.huggingface.json); then that counts.

#include "base/json.h"
#include "formats/gguf.h"

namespace quern {

// Empty when the file has no tokenizer. Throws Unsupported (kind of model, pre-tokenizer) or InvalidModel.
std::string tokenizer_json_of_gguf(const GgufMetadata& metadata, const std::string& where);

// What a tokenizer_config.json says: chat_template, add_bos_token, add_eos_token and the special tokens.
Json tokenizer_config_of_gguf(const GgufMetadata& metadata);
// bos_token_id and eos_token_id (with the ends of a turn and of a message).
Json generation_config_of_gguf(const GgufMetadata& metadata);

// What a folder says about its tokenizer.
struct TokenizerFiles {
  std::string tokenizer_json;  // "" when there is none
  Json tokenizer_config = Json::object(), generation_config = Json::object(), config = Json::object();
};
// Adds tokenizer.*: V tokens (the embedding's rows; those without a text are called [PADn]) and the tokenizer.json
// itself.
void add_tokenizer_keys(const TokenizerFiles& files, int64_t V, GgufMetadata& out, std::vector<std::string>& warnings);

// A way of cutting words by its name in GGUF. `steps` is the pre_tokenizer of a tokenizer.json.
struct GgufPreTokenizer {
  std::vector<std::string_view> names;
  Json steps;
  bool ignore_merges = false, add_bos = false, nfc = false;
};
const std::vector<GgufPreTokenizer>& gguf_pre_tokenizers();

enum class GgufTokenKind : int32_t { normal = 1, unknown, control, user_defined, unused, byte };

}  // namespace quern
