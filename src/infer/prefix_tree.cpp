// SPDX-License-Identifier: MIT
#include "infer/prefix_tree.h"

#include <algorithm>

namespace quern {

namespace {
uint64_t hash_of_block(std::span<const int32_t> block) {
  uint64_t h = 0x9e3779b97f4a7c15;
  for (const int32_t id : block) h = (h ^ uint64_t(uint32_t(id))) * 0xff51afd7ed558ccd, h ^= h >> 29;
  return h;
}
}  // namespace

PrefixTree::PrefixTree(KvPool& pool, int64_t most_pages) : pool_(pool), most_pages_(most_pages) {}

PrefixTree::~PrefixTree() {
  while (!leaves_.empty()) remove(*leaves_.begin()->second);
}

PrefixTree::Node* PrefixTree::child(Node& parent, std::span<const int32_t> block, uint64_t hash) const {
  const auto [begin, end] = parent.children.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (std::ranges::equal(it->second->tokens, block)) return it->second.get();
  return nullptr;
}

void PrefixTree::touch(Node& node) {
  const bool leaf = leaves_.erase({node.used, &node}) > 0;
  node.used = ++clock_;
  if (leaf) leaves_.insert({node.used, &node});
}

void PrefixTree::remove(Node& leaf) {
  leaves_.erase({leaf.used, &leaf});
  pool_.release(leaf.page);
  --stats_.pages;
  Node& parent = *leaf.parent;
  const auto [begin, end] = parent.children.equal_range(hash_of_block(leaf.tokens));
  parent.children.erase(std::find_if(begin, end, [&](const auto& entry) { return entry.second.get() == &leaf; }));
  if (!parent.children.empty()) return;
  if (parent.parent)
    leaves_.insert({parent.used, &parent});
  else
    roots_.erase(parent.key);
}

CachedSequence PrefixTree::find(std::span<const int32_t> tokens, int64_t key) {
  ++stats_.lookups;
  std::vector<int32_t> pages;
  const auto root = roots_.find(key);
  Node* at = root == roots_.end() ? nullptr : &root->second;
  while (at && tokens.size() >= size_t(kPageSize)) {
    const auto block = tokens.first(kPageSize);
    at = child(*at, block, hash_of_block(block));
    if (!at) break;
    touch(*at);
    pages.push_back(at->page);
    tokens = tokens.subspan(kPageSize);
  }
  if (!pages.empty()) ++stats_.hits;
  stats_.hit_tokens += int64_t(pages.size()) * kPageSize;
  return CachedSequence(pool_, pages);
}

void PrefixTree::add(std::span<const int32_t> tokens, const CachedSequence& cache, int64_t key) {
  if (most_pages_ == 0 || tokens.size() < size_t(kPageSize)) return;
  Node* at = &roots_[key];
  at->key = key;
  for (size_t b = 0; tokens.size() >= size_t(kPageSize); ++b, tokens = tokens.subspan(kPageSize)) {
    const auto block = tokens.first(kPageSize);
    const uint64_t hash = hash_of_block(block);
    Node* next = child(*at, block, hash);
    if (!next) {
      auto node = std::make_unique<Node>();
      std::ranges::copy(block, node->tokens.begin());
      node->page = cache.pages()[b];
      node->parent = at;
      pool_.share(node->page);
      ++stats_.pages;
      leaves_.erase({at->used, at});
      next = node.get();
      at->children.emplace(hash, std::move(node));
      leaves_.insert({next->used, next});
    }
    touch(*next);
    at = next;
  }
  while (stats_.pages > most_pages_) {
    remove(*leaves_.begin()->second);
    ++stats_.dropped;
  }
}

bool PrefixTree::drop_one() {
  const auto unused =
      std::ranges::find_if(leaves_, [&](const auto& leaf) { return pool_.owners(leaf.second->page) == 1; });
  if (unused == leaves_.end()) return false;
  remove(*unused->second);
  ++stats_.dropped;
  return true;
}

}  // namespace quern
