// SPDX-License-Identifier: MIT
#pragma once
// What a Tokenizer shares between its copies.

#include <memory>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/decoder.h"
#include "text/encode_scratch.h"
#include "text/normalizer.h"
#include "text/post_processor.h"
#include "text/pre_tokenizer.h"
#include "text/token_model.h"

namespace quern {

enum class DecoderKind {
  ByteLevel,  // tokens are bytes written in the byte-level alphabet
  Fuse,       // tokens are joined as they are
  Spaces,     // no decoder: tokens are joined by spaces
  Steps,      // anything else: see decoder.h
};

// The parts as a file or a trainer gives them. finish_tokenizer() makes a Tokenizer of them.
struct TokenizerParts {
  std::shared_ptr<const TokenModel> model;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  PostProcessor post_processor;
  DecoderKind decoder = DecoderKind::Spaces;
  Decoder decoder_steps;  // Steps
  std::vector<AddedToken> added;
  // The JSON of what is kept as it was read.
  std::string normalizer_json = "null", pre_tokenizer_json = "null", post_processor_json = "null",
              decoder_json = "null";
};

struct TokenizerState : TokenizerParts {
  Vocabulary added_contents;
  AddedTokenMatcher written, normalized;  // added tokens looked for before and after normalization
  std::vector<uint8_t> special;           // by id
  // What each id adds to decoded text, and how much of that counts as text bytes (none for special tokens).
  struct Piece {
    uint32_t begin = 0, size : 31 = 0, known : 1 = 0;
  };
  std::string piece_bytes;
  std::vector<Piece> pieces;  // by id
  mutable ScratchPool scratch;

  std::string_view piece(TokenId id) const {
    const Piece& p = pieces[static_cast<size_t>(id)];
    return {piece_bytes.data() + p.begin, p.size};
  }
  std::string_view surface(TokenId id) const {  // of an id that is known
    return added_contents.contains(id) ? added_contents.text_of(id) : model->surfaces().text_of(id);
  }
  bool knows(TokenId id) const {
    return id >= 0 && static_cast<size_t>(id) < pieces.size() && pieces[static_cast<size_t>(id)].known;
  }
};

// Checks that the added tokens agree with the model (InvalidModel naming `where`) and lays out the tables.
Tokenizer finish_tokenizer(TokenizerParts parts, const std::string& where);

// "model", "normalizer" and so on of a tokenizer.json, from their JSON text. `where` names the file in errors.
// The pre-tokenizer comes before the model, which may take over a last ByteLevel stage.
std::shared_ptr<const TokenModel> parse_model(std::string_view json, TokenizerParts& parts, const std::string& where);
void parse_normalizer(std::string_view json, TokenizerParts& parts, const std::string& where);
void parse_pre_tokenizer(std::string_view json, TokenizerParts& parts, const std::string& where);
void parse_post_processor(std::string_view json, TokenizerParts& parts, const std::string& where);
void parse_decoder(std::string_view json, TokenizerParts& parts, const std::string& where);
std::vector<AddedToken> parse_added_tokens(std::string_view json, const std::string& where);

}  // namespace quern
