// SPDX-License-Identifier: MIT
#pragma once
// Byte pair encoding without merging. What BPE makes of a word is the one sequence of tokens in which each two
// neighbours are what BPE makes of them alone:
//   - a merge never crosses the final borders, so any part of the result between two borders encodes to itself;
//   - conversely, take a sequence whose neighbours all agree, and the first merge that would cross a border: it would
//     also have happened in the two tokens beside that border alone, against the assumption. (Of overlapping merges of
//     one rank the leftmost goes first in both.)
// So the result is found from left to right, longest token first, stepping back where the neighbours disagree. Whether
// two tokens agree is seen by undoing their merges, latest first, and looking for a pair across the border that would
// have come earlier. The idea is that of the Rust crate `bpe` (GitHub, 2024); the plain way in bpe_model.cpp judges
// this one.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "text/bpe_model.h"
#include "text/byte_trie.h"

namespace quern {

class BpeMatcher {
 public:
  // Null when a merge comes before one that it needs: undoing would then not go backwards in rank.
  static std::unique_ptr<const BpeMatcher> build(const Vocabulary& bytes, const std::vector<BpeMerge>& merges,
                                                 const MergeTable& table, const std::array<TokenId, 256>& byte_ids);

  // Appends the word's ids, at most `size`; returns the new end of `out`.
  TokenId* encode(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const;

 private:
  struct Token {
    int32_t rank = kUnreachable;  // of the merge that makes it, -1 for a byte
    TokenId left = -1, right = -1;
    TokenId shorter = -1;  // the longest token that is a proper prefix of this
    uint32_t size = 0;
  };
  static constexpr int32_t kUnreachable = -2;  // no word encodes to it
  const MergeTable& table_;
  std::vector<Token> tokens_;
  std::unique_ptr<ByteTrie> trie_;

  explicit BpeMatcher(const MergeTable& table) : table_(table) {}
  bool agree(TokenId a, TokenId b, uint32_t limit) const;
};

}  // namespace quern
