// SPDX-License-Identifier: MIT
#pragma once
// Puts together what one run of a model over its paged cache needs: rows of several sequences, one after the other.

#include <cstdint>
#include <span>
#include <vector>

#include "infer/kv_cache.h"
#include "nn/batch.h"

namespace quern {

class StepBatch {
 public:
  void clear();
  // The rows `tokens` of a sequence, of which the first stands at position `begin`. `cache` has room for them and must
  // stay until the model has run. `rope_length`: see Batch::rope_lengths.
  void add(std::span<const int32_t> tokens, int64_t begin, const CachedSequence& cache, int64_t rope_length);
  int64_t rows() const { return int64_t(ids_.size()); }
  const Batch& batch(const KvPool& pool);  // valid until the next call of anything here

 private:
  std::vector<int32_t> ids_, tables_;
  std::vector<const CachedSequence*> caches_;
  Batch batch_;
  CacheView view_;
};

}  // namespace quern
