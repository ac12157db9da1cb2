// SPDX-License-Identifier: MIT
#pragma once
// The merges of byte pair encoding, and merging itself: of all adjacent pairs the one that comes first in the list is
// joined, the leftmost of equals first, until no pair is in the list.

#include <cstdint>
#include <string>
#include <vector>

#include "text/vocabulary.h"

namespace quern {

struct EncodeScratch;  // encode_scratch.h

struct BpeMerge {
  TokenId left, right, result;
  bool operator==(const BpeMerge&) const = default;
};

// (left, right) -> rank, in one 64-bit word each: 21 + 21 bits of ids, 22 bits of rank.
class MergeTable {
 public:
  static constexpr uint32_t kNone = (1u << 22) - 1;

  void build(const std::vector<BpeMerge>& merges);
  uint32_t rank(TokenId left, TokenId right) const {
    const uint64_t key = uint64_t(uint32_t(left)) << 21 | uint32_t(right);
    for (size_t slot = (key * kMultiplier) >> shift_;; slot = (slot + 1) & mask_) {
      const uint64_t entry = slots_[slot];
      if ((entry >> 22) == key || entry == ~uint64_t{0}) return static_cast<uint32_t>(entry) & kNone;
    }
  }

 private:
  static constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  std::vector<uint64_t> slots_;
  size_t mask_ = 0;
  int shift_ = 0;
};

class MergeList {
 public:
  // Up to this many symbols the next merge is found by looking at all ranks, beyond it by a heap.
  static constexpr size_t kShort = 128;

  MergeList() : MergeList(std::vector<BpeMerge>()) {}
  // A pair that is listed twice keeps its last place, as in Hugging Face tokenizers.
  explicit MergeList(std::vector<BpeMerge> merges);

  const std::vector<BpeMerge>& all() const { return merges_; }  // by rank
  const MergeTable& table() const { return table_; }
  uint32_t rank(TokenId left, TokenId right) const { return table_.rank(left, right); }

  // ranks[i] is that of (symbols[i], symbols[i + 1]). Writes what is left to `out`, returns its end.
  TokenId* merge_short(size_t count, TokenId* symbols, uint32_t* ranks, TokenId* out) const;
  // The same for scratch.symbols and scratch.ranks. Afterwards scratch.next leads from the first of the symbols joined
  // into one to the first of the next, -1 at the end. Time grows as n log n.
  TokenId* merge_long(size_t count, EncodeScratch& scratch, TokenId* out) const;
  // scratch.symbols as they are, whatever their number; fills scratch.ranks.
  TokenId* merge(EncodeScratch& scratch, TokenId* out) const;

  void write_json(std::string& out, const Vocabulary& surfaces) const;  // a list of pairs

 private:
  std::vector<BpeMerge> merges_;
  std::vector<TokenId> results_;  // of merges_, by rank
  MergeTable table_;
  void fill_ranks(EncodeScratch& scratch) const;
};

}  // namespace quern
