// SPDX-License-Identifier: MIT
#pragma once
// The unigram language model: of all ways to write a word as tokens, the one with the largest sum of scores (logarithms
// of probabilities). Kudo 2018, arXiv:1804.10959; found by dynamic programming from left to right.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/token_model.h"

namespace quern {

class UnigramModel final : public TokenModel {
 public:
  // scores[id] belongs to the token `id` of `surfaces`, all finite. A character that is no token counts as the unknown
  // one with 10 less than the smallest score; without one (unk_id < 0) it is an error (InvalidData). byte_fallback: the
  // tokens "<0x0A>" of its bytes take its place, where there are all.
  // `hidden`: tokens that are not looked for, sorted.
  UnigramModel(Vocabulary surfaces, std::vector<double> scores, TokenId unk_id, bool byte_fallback,
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
  std::vector<double> scores_;
  TokenId unk_id_;
  bool byte_fallback_;
  double unk_score_ = 0;
  std::optional<ByteTrie> trie_;
  std::vector<TokenId> byte_tokens_;

  // piece(begin, end, id) for each token of the word in order; a run of unknown ones is one piece.
  template <typename Piece>
  void best_path(std::string_view word, EncodeScratch& scratch, Piece&& piece) const;
  // add(id, begin, end, spelled): what a piece becomes.
  template <typename Add>
  void resolve(std::string_view word, size_t begin, size_t end, TokenId id, Add&& add) const;
};

}  // namespace quern
