// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <unordered_map>

#include "tensor/tensor.h"

namespace quern {

struct Device::Pool {
  std::mutex mutex;
  std::unordered_map<size_t, std::vector<std::byte*>> free_lists;  // by rounded size
  size_t in_use = 0, peak = 0, cached = 0;

  ~Pool() { release(); }
  void release() {
    for (auto& [size, blocks] : free_lists)
      for (std::byte* block : blocks) std::free(block);
    free_lists.clear();
    cached = 0;
  }
};

namespace {
// Sizes in steps of an eighth of a power of two: at most 12.5 % is wasted, and few distinct lists exist.
size_t rounded(size_t n) {
  if (n <= 1024) return std::max<size_t>(64, (n + 63) / 64 * 64);
  const size_t step = std::bit_floor(n) / 8;
  return (n + step - 1) / step * step;
}
constexpr size_t kHugePage = size_t{2} << 20;
}  // namespace

Device::Device() : pool_(std::make_shared<Pool>()) {}
Device::~Device() = default;

Device& Device::cpu() {
  static Device device;
  return device;
}

std::shared_ptr<std::byte> Device::allocate(size_t size_bytes) {
  const size_t size = rounded(size_bytes);
  std::byte* block = nullptr;
  {
    const std::lock_guard lock(pool_->mutex);
    if (auto it = pool_->free_lists.find(size); it != pool_->free_lists.end() && !it->second.empty()) {
      block = it->second.back();
      it->second.pop_back();
      pool_->cached -= size;
    }
    pool_->in_use += size;
    pool_->peak = std::max(pool_->peak, pool_->in_use);
  }
  if (!block) {
    block = static_cast<std::byte*>(std::aligned_alloc(size >= kHugePage ? kHugePage : 64, (size + 63) / 64 * 64));
    if (!block) {
      release_cached();
      block = static_cast<std::byte*>(std::aligned_alloc(64, size));
    }
    if (!block)
      throw Error(ErrorKind::Resources, "can't get {} bytes of memory", size)
          .hint("use a smaller model, batch or context, or activation checkpointing");
    if (size >= kHugePage) ::madvise(block, size, MADV_HUGEPAGE);
  }
  return {block, [size, pool = pool_](std::byte* p) {
            const std::lock_guard lock(pool->mutex);
            pool->free_lists[size].push_back(p);
            pool->in_use -= size;
            pool->cached += size;
          }};
}

size_t Device::bytes_in_use() const {
  const std::lock_guard lock(pool_->mutex);
  return pool_->in_use;
}
size_t Device::peak_bytes() const {
  const std::lock_guard lock(pool_->mutex);
  return pool_->peak;
}
void Device::reset_peak() {
  const std::lock_guard lock(pool_->mutex);
  pool_->peak = pool_->in_use;
}
void Device::release_cached() {
  const std::lock_guard lock(pool_->mutex);
  pool_->release();
}

}  // namespace quern
