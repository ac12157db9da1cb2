// SPDX-License-Identifier: MIT
#pragma once
// WordPiece as BERT uses it: the longest token first, what follows within a word from the tokens that are marked as
// continuations; a word that can't be written so is one unknown token. Devlin et al. 2018, arXiv:1810.04805, after
// Schuster and Nakajima 2012.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/token_model.h"

namespace quern {

class WordPieceModel final : public TokenModel {
 public:
  // `prefix` marks continuations ("##"). Words of more than `max_chars` characters are unknown. When a word is unknown
  // and `unk_token` is not in the vocabulary, that is an error (InvalidData).
  // `hidden`: tokens that are not looked for, sorted.
  WordPieceModel(Vocabulary surfaces, std::string unk_token, std::string prefix, int64_t max_chars,
                 std::vector<TokenId> hidden = {});

  const Vocabulary& surfaces() const override { return surfaces_; }
  void tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const override;
  void encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
              IdSink& out) const override;
  std::shared_ptr<const TokenModel> hiding(const std::vector<TokenId>& ids) const override;
  void write_json(std::string& out) const override;

  // Appends at most `size` ids, returns the new end of `out`.
  TokenId* encode_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const;

 private:
  Vocabulary surfaces_;
  std::vector<TokenId> hidden_;  // sorted
  std::string unk_token_, prefix_;
  int64_t max_chars_;
  TokenId unk_id_;
  std::optional<ByteTrie> first_, following_;  // the latter without their prefix

  TokenId unknown(std::string_view word) const;
};

}  // namespace quern
