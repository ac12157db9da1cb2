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

// A set of "some merge joins a part that ends so with a part that begins so": the last two bytes of the left part and
// the first two of the right one, or the only byte where there is one. May say yes wrongly, never no.
class BorderFilter {
 public:
  void reset(size_t num_merges);
  void add(std::string_view left, std::string_view right);
  // Whether a merge may cross `border`, between tokens of these sizes.
  bool may_cross(const char* border, size_t left_size, size_t right_size) const {
    const auto byte = [border](int i) { return uint32_t{static_cast<unsigned char>(border[i])}; };
    const uint32_t l1 = byte(-1) | kSingle, r1 = byte(0) | kSingle;
    if (test(l1, r1)) return true;
    const uint32_t l2 = left_size > 1 ? byte(-2) << 8 | byte(-1) : 0, r2 = right_size > 1 ? byte(0) << 8 | byte(1) : 0;
    return (right_size > 1 && test(l1, r2)) || (left_size > 1 && (test(l2, r1) || (right_size > 1 && test(l2, r2))));
  }

 private:
  static constexpr uint32_t kSingle = 1 << 16;
  std::vector<uint64_t> bits_;
  int shift_ = 0;
  size_t place(uint32_t left, uint32_t right) const {
    return ((uint64_t{left} << 17 | right) * 0x9E3779B97F4A7C15u) >> shift_;
  }
  bool test(uint32_t left, uint32_t right) const {
    const size_t at = place(left, right);
    return bits_[at / 64] >> at % 64 & 1;
  }
};

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
  BorderFilter filter_;

  explicit BpeMatcher(const MergeTable& table) : table_(table) {}
  bool agree(TokenId a, TokenId b, uint32_t limit) const;
};

}  // namespace quern
