// SPDX-License-Identifier: MIT
#include "text/merge_list.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "text/encode_scratch.h"
#include "text/json_write.h"

namespace quern {

void MergeTable::build(const std::vector<BpeMerge>& merges) {
  QUERN_CHECK(merges.size() < kNone, "{} merges", merges.size());
  const size_t size = std::bit_ceil(std::max<size_t>(16, merges.size() * 2));
  slots_.assign(size, ~uint64_t{0});
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
  for (size_t r = 0; r < merges.size(); ++r) {
    const uint64_t key = uint64_t(uint32_t(merges[r].left)) << 21 | uint32_t(merges[r].right);
    size_t slot = (key * kMultiplier) >> shift_;
    while (slots_[slot] != ~uint64_t{0} && (slots_[slot] >> 22) != key) slot = (slot + 1) & mask_;
    slots_[slot] = key << 22 | r;
  }
}

MergeList::MergeList(std::vector<BpeMerge> merges) : merges_(std::move(merges)) {
  table_.build(merges_);
  size_t kept = 0;
  for (size_t r = 0; r < merges_.size(); ++r) {
    if (table_.rank(merges_[r].left, merges_[r].right) == r) merges_[kept++] = merges_[r];
  }
  if (kept < merges_.size()) {
    merges_.resize(kept);
    table_.build(merges_);
  }
  for (const BpeMerge& merge : merges_) results_.push_back(merge.result);
}

// Both arrays stay dense.
TokenId* MergeList::merge_short(size_t count, TokenId* symbols, uint32_t* ranks, TokenId* out) const {
  while (count > 1) {
    size_t best = 0;
    uint32_t best_rank = ranks[0];
    for (size_t i = 1; i + 1 < count; ++i) {
      if (ranks[i] < best_rank) best_rank = ranks[i], best = i;
    }
    if (best_rank == MergeTable::kNone) break;
    symbols[best] = results_[best_rank];
    const size_t behind = count - best - 2;  // symbols behind the pair
    std::memmove(symbols + best + 1, symbols + best + 2, behind * sizeof *symbols);
    if (behind > 0) {
      std::memmove(ranks + best, ranks + best + 1, behind * sizeof *ranks);
      ranks[best] = table_.rank(symbols[best], symbols[best + 1]);
    }
    if (best > 0) ranks[best - 1] = table_.rank(symbols[best - 1], symbols[best]);
    --count;
  }
  std::memcpy(out, symbols, count * sizeof *symbols);
  return out + count;
}

// A heap of (rank, place); entries that no longer hold are dropped when they surface. Positions are 31 bits.
TokenId* MergeList::merge_long(size_t count, EncodeScratch& scratch, TokenId* out) const {
  QUERN_CHECK(count < (size_t{1} << 31), "a word of {} bytes", count);
  std::vector<TokenId>& symbols = scratch.symbols;
  std::vector<uint32_t>& ranks = scratch.ranks;
  std::vector<int32_t>&next = scratch.next, &previous = scratch.previous;
  std::vector<uint64_t>& heap = scratch.heap;
  next.resize(count);
  previous.resize(count);
  heap.clear();
  ranks[count - 1] = MergeTable::kNone;
  for (size_t i = 0; i < count; ++i) {
    next[i] = i + 1 < count ? static_cast<int32_t>(i + 1) : -1;
    previous[i] = static_cast<int32_t>(i) - 1;
    if (ranks[i] != MergeTable::kNone) heap.push_back(uint64_t{ranks[i]} << 32 | i);
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  const auto set_rank = [&](int32_t at, uint32_t rank) {
    ranks[static_cast<size_t>(at)] = rank;
    if (rank == MergeTable::kNone) return;
    heap.push_back(uint64_t{rank} << 32 | static_cast<uint32_t>(at));
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  while (!heap.empty()) {
    const uint64_t top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    heap.pop_back();
    const auto at = static_cast<int32_t>(top & 0xFFFFFFFFu);
    const auto rank = static_cast<uint32_t>(top >> 32);
    const auto place = static_cast<size_t>(at);
    if (ranks[place] != rank) continue;
    const int32_t gone = next[place];
    symbols[place] = results_[rank];
    ranks[static_cast<size_t>(gone)] = MergeTable::kNone;
    next[place] = next[static_cast<size_t>(gone)];
    if (next[place] >= 0) {
      previous[static_cast<size_t>(next[place])] = at;
      set_rank(at, table_.rank(symbols[place], symbols[static_cast<size_t>(next[place])]));
    } else {
      ranks[place] = MergeTable::kNone;
    }
    if (previous[place] >= 0) {
      set_rank(previous[place], table_.rank(symbols[static_cast<size_t>(previous[place])], symbols[place]));
    }
  }
  for (int32_t at = 0; at >= 0; at = next[static_cast<size_t>(at)]) *out++ = symbols[static_cast<size_t>(at)];
  return out;
}

void MergeList::fill_ranks(EncodeScratch& scratch) const {
  const std::vector<TokenId>& symbols = scratch.symbols;
  scratch.ranks.resize(symbols.size());
  for (size_t i = 0; i + 1 < symbols.size(); ++i) scratch.ranks[i] = table_.rank(symbols[i], symbols[i + 1]);
}

TokenId* MergeList::merge(EncodeScratch& scratch, TokenId* out) const {
  const size_t count = scratch.symbols.size();
  if (count == 0) return out;
  fill_ranks(scratch);
  if (count <= kShort) return merge_short(count, scratch.symbols.data(), scratch.ranks.data(), out);
  return merge_long(count, scratch, out);
}

void MergeList::write_json(std::string& out, const Vocabulary& surfaces) const {
  out += '[';
  for (size_t r = 0; r < merges_.size(); ++r) {
    out += r > 0 ? ",\n      [" : "\n      [";
    write_json_string(out, surfaces.text_of(merges_[r].left));
    out += ", ";
    write_json_string(out, surfaces.text_of(merges_[r].right));
    out += ']';
  }
  out += merges_.empty() ? "]" : "\n    ]";
}

}  // namespace quern
