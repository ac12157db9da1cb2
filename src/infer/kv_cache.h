// SPDX-License-Identifier: MIT
#pragma once
// Keys and values of the sequences in flight, in pages of kPageSize positions that any sequence may own. Two sequences
// with the same beginning share its full pages. Kwon et al. 2023, "PagedAttention", arXiv:2309.06180.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/batch.h"

namespace quern {

struct ModelShape;

// The pool of pages; what a page holds of a layer is that layer's own (KvFormat). Address space for the whole budget is
// taken at once; memory only when a page is first written, so that a generous budget costs a small run nothing.
class KvPool {
 public:
  // As many pages as `budget_bytes` holds, at most `most_pages`, of numbers stored as f32, f16, bf16 or q8_0. Throws
  // Resources when that is not even one, Unsupported for a format that does not fit the model.
  KvPool(const ModelShape& shape, uint64_t budget_bytes, int64_t most_pages, DType storage = DType::f32);
  ~KvPool();
  KvPool(const KvPool&) = delete;
  KvPool& operator=(const KvPool&) = delete;

  std::span<const LayerPages> layers() const { return layers_; }
  int64_t num_pages() const { return num_pages_; }
  int64_t free_pages() const { return num_pages_ - fresh_ + int64_t(free_.size()); }
  uint64_t page_bytes() const { return page_bytes_; }  // of one page in all layers, keys and values

  std::optional<int32_t> take();  // a page with one owner; none when all are taken
  void share(int32_t page);       // one owner more
  void release(int32_t page);     // one owner less; without owners it is free again
  int32_t owners(int32_t page) const { return owners_[size_t(page)]; }
  void copy(int32_t from, int32_t to);

 private:
  std::vector<LayerPages> layers_;
  std::shared_ptr<const void> memory_;
  int64_t num_pages_ = 0, fresh_ = 0;  // fresh_: pages below it were taken before
  uint64_t page_bytes_ = 0;
  std::vector<int32_t> free_;
  std::vector<int32_t> owners_;  // by page
};

inline int64_t pages_for(int64_t length) { return (length + kPageSize - 1) / kPageSize; }

// The pages of one sequence, given back at the end of its life. The pool must outlive it.
class CachedSequence {
 public:
  CachedSequence() = default;
  explicit CachedSequence(KvPool& pool) : pool_(&pool) {}
  CachedSequence(KvPool& pool, std::span<const int32_t> shared_pages);  // one owner more of each
  CachedSequence(CachedSequence&& other) noexcept { swap(other); }
  CachedSequence& operator=(CachedSequence&& other) noexcept {
    swap(other);
    return *this;
  }
  ~CachedSequence() { clear(); }

  // Makes room for positions 0 .. length - 1. False, with nothing taken, when the pool has too few pages left.
  bool reserve(int64_t length);
  // A sequence with the same first `length` positions: full pages are shared, a begun one is copied. None when the pool
  // has no page left for that copy.
  std::optional<CachedSequence> fork(int64_t length) const;
  void clear();

  int64_t capacity() const { return int64_t(pages_.size()) * kPageSize; }  // positions
  std::span<const int32_t> pages() const { return pages_; }

 private:
  KvPool* pool_ = nullptr;
  std::vector<int32_t> pages_;
  void swap(CachedSequence& other) noexcept {
    std::swap(pool_, other.pool_);
    pages_.swap(other.pages_);
  }
};

}  // namespace quern
