// SPDX-License-Identifier: MIT
#pragma once
// Byte pair encoding of one word: starting from its bytes, the adjacent pair that comes first in the list of merges is
// joined, the leftmost of equals first, until no pair is in the list. Sennrich et al. 2016, arXiv:1508.07909,
// algorithm 1.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "text/merge_list.h"
#include "text/token_model.h"

namespace quern {

class BpeMatcher;

class BpeModel final : public TokenModel {
 public:
  // `bytes`: the bytes of each token that writes any, by id. A byte without a token of its own is left out of words.
  BpeModel(Vocabulary surfaces, Vocabulary bytes, std::vector<BpeMerge> merges, bool ignore_merges);

  const Vocabulary& surfaces() const override { return surfaces_; }
  void tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const override;
  void encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
              IdSink& out) const override;
  void write_json(std::string& out) const override;

  ~BpeModel() override;

  // Appends the word's ids; writes at most `size` of them. Returns the new end of `out`. Merges, or does as BpeMatcher
  // once that has been built, which happens when enough has been merged to make it worth while.
  TokenId* encode_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const;

  // By merging: the definition. encode_word() gives the same.
  TokenId* merge_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const;
  // Builds the matcher now; false when these merges can't have one.
  bool build_matcher() const;

  const Vocabulary& bytes() const { return bytes_; }
  const std::vector<BpeMerge>& merges() const { return merges_.all(); }  // by rank, no pair twice
  bool ignore_merges() const { return ignore_merges_; }
  bool has_all_bytes() const { return has_all_bytes_; }

 private:
  Vocabulary surfaces_, bytes_;
  MergeList merges_;
  std::vector<uint32_t> byte_pair_rank_;  // [first * 256 + second]
  std::array<TokenId, 256> byte_ids_;
  bool ignore_merges_, has_all_bytes_ = true;

  mutable std::once_flag matcher_once_;
  mutable std::unique_ptr<const BpeMatcher> matcher_;
  mutable std::atomic<const BpeMatcher*> ready_matcher_ = nullptr;
};

}  // namespace quern
