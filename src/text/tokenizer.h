// SPDX-License-Identifier: MIT
#pragma once
// Bytes <-> ids. A Tokenizer is what a tokenizer.json describes: added tokens, normalizer, pre-tokenizer, model,
// post-processor, decoder; the same file gives the same ids here and in Hugging Face tokenizers.
// Text is UTF-8. A byte that is not part of valid UTF-8 is read as U+FFFD, one per maximal bad part, as a lossy UTF-8
// conversion before Hugging Face tokenizers would do; valid text comes back from decode() byte for byte.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

using TokenId = int32_t;

struct EncodeOptions {
  bool add_special = true;     // what the post-processor adds, as a begin-of-text token
  bool parse_special = false;  // special tokens written in the text become their ids; off: they are plain text, so that
                               // a user's text can't forge them. Added tokens that are not special are always found.
};

// One entry per token.
struct Encoding {
  std::vector<TokenId> ids;
  std::vector<std::string> tokens;                   // as written in tokenizer.json
  std::vector<std::pair<int64_t, int64_t>> offsets;  // [begin, end) in code points of the input text
  std::vector<uint8_t> special_mask;                 // 1: added by the post-processor
  std::vector<uint8_t> type_ids;                     // 0: first text, 1: second text
};

// An added token: found in the text as a whole, before the model sees it.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows white space to its left
  bool rstrip = false;       // and to its right
  bool normalized = false;   // looked for in the normalized text rather than in the text as written
  bool special = true;
};

struct TokenizerState;  // in tokenizer_state.h

// Cheap to copy (shared immutable state); const methods may run on several threads at once.
class Tokenizer {
 public:
  Tokenizer() = default;  // empty; every use but assignment and valid() is a bug
  explicit Tokenizer(std::shared_ptr<const TokenizerState> state) : state_(std::move(state)) {}
  bool valid() const { return state_ != nullptr; }

  // A tokenizer.json, a SentencePiece .model, a tiktoken rank file, or the folder that holds one; the last two take
  // added tokens from the tokenizer_config.json beside them. Throws NotFound, InvalidModel (damaged) or Unsupported.
  static Tokenizer load(const std::filesystem::path& file_or_folder);
  static bool exists_in(const std::filesystem::path& folder);  // whether load(folder) finds a file
  static Tokenizer from_json(std::string_view json_text, const std::string& where);
  std::string to_json() const;
  void save(const std::filesystem::path& file) const;  // atomically

  std::vector<TokenId> encode(std::string_view utf8, EncodeOptions options = {}) const;
  void encode_append(std::string_view utf8, EncodeOptions options, std::vector<TokenId>& out) const;
  // The same ids as encode, found by several threads where the text may safely be cut.
  std::vector<TokenId> encode_parallel(std::string_view utf8, int threads, EncodeOptions options = {}) const;
  Encoding encode_full(std::string_view utf8, EncodeOptions options = {}) const;
  Encoding encode_pair(std::string_view first, std::string_view second, EncodeOptions options = {}) const;

  // Ids outside the vocabulary are left out. Bytes that are not valid UTF-8 become U+FFFD.
  std::string decode(std::span<const TokenId> ids, bool skip_special = false) const;

  int64_t vocab_size() const;                                        // largest id + 1, added tokens included
  std::optional<TokenId> token_to_id(std::string_view token) const;  // surface form, as in tokenizer.json
  std::string id_to_token(TokenId id) const;                         // "" when there is none
  std::string_view token_bytes(TokenId id) const;                    // raw bytes it stands for, "" for special tokens
  bool is_special(TokenId id) const;
  size_t bytes_of(std::span<const TokenId> ids) const;  // sum of token_bytes, for bits per byte
  std::span<const AddedToken> added_tokens() const;

  // A copy that also knows these special tokens; new ones get ids after the largest. Existing ones keep theirs.
  Tokenizer with_special_tokens(std::span<const std::string> contents) const;

  const TokenizerState& state() const { return *state_; }

 private:
  std::shared_ptr<const TokenizerState> state_;
};

class DecoderRun;  // decoder.h

// Turns ids into text as they arrive; what push() returns is always whole UTF-8 characters. The pieces together, with
// finish(), are what decode() gives for all ids. (So a run of byte tokens comes out when it ends: a later byte can
// still make all of it U+FFFD.)
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = true);
  ~StreamDecoder();
  StreamDecoder(StreamDecoder&&) noexcept;
  StreamDecoder& operator=(StreamDecoder&&) noexcept;
  std::string push(TokenId id);
  std::string finish();  // what is left: an unfinished character becomes U+FFFD

 private:
  Tokenizer tokenizer_;
  bool skip_special_;
  bool first_ = true;
  std::string pending_;  // bytes of an unfinished character
  std::unique_ptr<DecoderRun> run_;
};

}  // namespace quern
