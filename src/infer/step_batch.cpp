// SPDX-License-Identifier: MIT
#include "infer/step_batch.h"

#include <algorithm>

namespace quern {

void StepBatch::clear() {
  ids_.clear();
  caches_.clear();
  view_.slots.clear();
  batch_.positions.clear();
  batch_.segments.assign(1, 0);
  batch_.rope_lengths.clear();
}

void StepBatch::add(std::span<const int32_t> tokens, int64_t begin, const CachedSequence& cache, int64_t rope_length) {
  if (caches_.empty()) clear();
  const int32_t slot = int32_t(caches_.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    ids_.push_back(tokens[i]);
    batch_.positions.push_back(int32_t(begin + int64_t(i)));
    view_.slots.push_back(slot);
  }
  batch_.segments.push_back(rows());
  batch_.rope_lengths.push_back(rope_length);
  caches_.push_back(&cache);
}

const Batch& StepBatch::batch(const KvPool& pool) {
  size_t max_blocks = 1;
  for (const CachedSequence* cache : caches_) max_blocks = std::max(max_blocks, cache->pages().size());
  tables_.assign(caches_.size() * max_blocks, 0);
  for (size_t s = 0; s < caches_.size(); ++s)
    std::ranges::copy(caches_[s]->pages(), tables_.begin() + int64_t(s * max_blocks));
  view_.block_tables = Tensor::from(tables_, {int64_t(caches_.size()), int64_t(max_blocks)});
  view_.layers = pool.layers();
  batch_.ids = Tensor::from(ids_, {rows()});
  batch_.cache = &view_;
  return batch_;
}

}  // namespace quern
