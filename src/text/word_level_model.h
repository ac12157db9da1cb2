// SPDX-License-Identifier: MIT
#pragma once
// One token per word; with a pre-tokenizer that takes every character apart, a tokenizer of characters.

#include <string>
#include <vector>

#include "text/token_model.h"

namespace quern {

class WordLevelModel final : public TokenModel {
 public:
  // `unk_token` stands for words outside the vocabulary. When it is not in the vocabulary either, such a word is an
  // error (InvalidData).
  // `hidden`: tokens that are not looked for, sorted.
  WordLevelModel(Vocabulary surfaces, std::string unk_token, std::vector<TokenId> hidden = {});

  const Vocabulary& surfaces() const override { return surfaces_; }
  void tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const override;
  void encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
              IdSink& out) const override;
  std::shared_ptr<const TokenModel> hiding(const std::vector<TokenId>& ids) const override;
  void write_json(std::string& out) const override;

 private:
  Vocabulary surfaces_;
  std::vector<TokenId> hidden_;  // sorted
  std::string unk_token_;
  TokenId unk_id_;
  std::vector<TokenId> char_ids_;  // of the vocabulary's single characters, by code point; -1 where there is none

  TokenId id_of(std::string_view word) const;
};

}  // namespace quern
