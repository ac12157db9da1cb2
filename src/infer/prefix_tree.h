// SPDX-License-Identifier: MIT
#pragma once
// Beginnings of texts whose keys and values are in the pool, as a tree with a page on every node: what requests have in
// common is computed once, also by those that run side by side. Zheng et al. 2023, "RadixAttention", arXiv:2312.07104.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>

#include "infer/kv_cache.h"

namespace quern {

struct PrefixStats {
  int64_t lookups = 0, hits = 0;  // requests that asked, and those that found at least a page
  int64_t hit_tokens = 0;         // positions that need not be computed
  int64_t pages = 0;              // of the tree now
  int64_t dropped = 0;            // pages that made room for others
};

class PrefixTree {
 public:
  // Holds at most `most_pages` pages of `pool`, which must outlive it.
  PrefixTree(KvPool& pool, int64_t most_pages);
  ~PrefixTree();

  // The pages of the longest known beginning of `tokens`, shared; empty when not even the first page is known. Texts
  // with different keys share nothing (rotary scaling that depends on the length changes all keys and values).
  CachedSequence find(std::span<const int32_t> tokens, int64_t key);
  // Remembers the full pages of `tokens`, of which `cache` holds all.
  void add(std::span<const int32_t> tokens, const CachedSequence& cache, int64_t key);
  // Gives back the page that nobody else owns and nobody asked for the longest. False when there is none.
  bool drop_one();

  const PrefixStats& stats() const { return stats_; }
  size_t num_keys() const { return roots_.size(); }  // that have pages

 private:
  using Block = std::array<int32_t, kPageSize>;
  struct Node {
    Block tokens{};
    int32_t page = -1;
    uint64_t used = 0;  // by a clock that ticks with every use
    Node* parent = nullptr;
    int64_t key = 0;                                                    // of a root
    std::unordered_multimap<uint64_t, std::unique_ptr<Node>> children;  // by the hash of their tokens
  };

  Node* child(Node& parent, std::span<const int32_t> block, uint64_t hash) const;
  void touch(Node& node);
  void remove(Node& leaf);

  KvPool& pool_;
  int64_t most_pages_;
  std::map<int64_t, Node> roots_;                // by key; none without children
  std::set<std::pair<uint64_t, Node*>> leaves_;  // the longest unused first
  uint64_t clock_ = 0;
  PrefixStats stats_;
};

}  // namespace quern
