// SPDX-License-Identifier: MIT
#include "infer/kv_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/files.h"
#include "models/causal_lm.h"

namespace quern {

KvPool::KvPool(const ModelShape& shape, uint64_t budget_bytes, int64_t most_pages, DType storage) {
  for (int64_t layer = 0; layer < shape.L; ++layer)
    check_cache_storage(storage, shape.kv_format(layer).D, shape.kv_format(layer).D_v);
  page_bytes_ = size_bytes(storage, shape.kv_size() * kPageSize);
  num_pages_ = std::min(int64_t(budget_bytes / page_bytes_), most_pages);
  if (num_pages_ < 1)
    throw Error(ErrorKind::Resources,
                "the key/value cache may take {}, but one page of {} positions of this model takes {}",
                format_size(budget_bytes), kPageSize, format_size(page_bytes_));
  void* address = MAP_FAILED;
  for (;; num_pages_ /= 2) {  // a limit on address space (ulimit -v) may leave room for less
    address = ::mmap(nullptr, size_t(num_pages_) * page_bytes_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address != MAP_FAILED || num_pages_ == 1) break;
  }
  const size_t size_bytes = size_t(num_pages_) * page_bytes_;
  if (address == MAP_FAILED)
    throw Error(ErrorKind::Resources, "can't get {} for one page of the key/value cache", format_size(page_bytes_))
        .hint("use a smaller model, or close other programs");
  memory_ =
      std::shared_ptr<const void>(address, [size_bytes](const void* p) { ::munmap(const_cast<void*>(p), size_bytes); });
  const auto* at = static_cast<const std::byte*>(address);
  const auto pages = [&](int64_t heads, int64_t size) {
    const Tensor t = Tensor::borrow(at, {num_pages_, heads, size * kPageSize}, storage, memory_);
    at += t.size_bytes();
    return t;
  };
  for (int64_t layer = 0; layer < shape.L; ++layer) {
    const KvFormat format = shape.kv_format(layer);
    LayerPages& l = layers_.emplace_back();
    l.D_v = format.D_v;
    l.k = pages(format.K, format.D);
    if (!format.values_in_keys) l.v = pages(format.K, format.D_v);
  }
}

KvPool::~KvPool() = default;

std::optional<int32_t> KvPool::take() {
  int32_t page = 0;
  if (!free_.empty()) {  // the last one used is the likeliest to be in a cache
    page = free_.back();
    free_.pop_back();
  } else if (fresh_ < num_pages_) {
    page = int32_t(fresh_++);
    owners_.push_back(0);
  } else {
    return std::nullopt;
  }
  owners_[size_t(page)] = 1;
  return page;
}

void KvPool::share(int32_t page) { ++owners_[size_t(page)]; }

void KvPool::release(int32_t page) {
  if (--owners_[size_t(page)] == 0) free_.push_back(page);
}

void KvPool::copy(int32_t from, int32_t to) {
  for (const LayerPages& l : layers_)
    for (const Tensor* t : {&l.k, &l.v}) {
      if (!*t) continue;
      const size_t size = size_bytes(t->dtype(), t->strides()[0]);
      auto* pages = static_cast<std::byte*>(t->raw());
      std::memcpy(pages + size_t(to) * size, pages + size_t(from) * size, size);
    }
}

CachedSequence::CachedSequence(KvPool& pool, std::span<const int32_t> shared_pages)
    : pool_(&pool), pages_(shared_pages.begin(), shared_pages.end()) {
  for (const int32_t page : pages_) pool.share(page);
}

bool CachedSequence::reserve(int64_t length) {
  const size_t before = pages_.size(), needed = size_t(pages_for(length));
  while (pages_.size() < needed) {
    const auto page = pool_->take();
    if (!page) {
      for (; pages_.size() > before; pages_.pop_back()) pool_->release(pages_.back());
      return false;
    }
    pages_.push_back(*page);
  }
  return true;
}

std::optional<CachedSequence> CachedSequence::fork(int64_t length) const {
  QUERN_CHECK(length <= capacity(), "fork of {} positions, {} are held", length, capacity());
  CachedSequence child(*pool_);
  const int64_t full = length / kPageSize;
  for (int64_t b = 0; b < full; ++b) {
    pool_->share(pages_[size_t(b)]);
    child.pages_.push_back(pages_[size_t(b)]);
  }
  if (full < pages_for(length)) {
    const auto page = pool_->take();
    if (!page) return std::nullopt;
    pool_->copy(pages_[size_t(full)], *page);
    child.pages_.push_back(*page);
  }
  return child;
}

void CachedSequence::clear() {
  for (const int32_t page : pages_) pool_->release(page);
  pages_.clear();
}

}  // namespace quern
