// SPDX-License-Identifier: MIT
#include "nn/batch.h"

namespace quern {

Batch Batch::of(std::span<const int32_t> ids) {
  return of(std::vector<std::vector<int32_t>>{{ids.begin(), ids.end()}});
}

Batch Batch::of(const std::vector<std::vector<int32_t>>& sequences) {
  Batch batch;
  std::vector<int32_t> all;
  batch.segments = {0};
  for (const auto& sequence : sequences) {
    for (size_t i = 0; i < sequence.size(); ++i) batch.positions.push_back(int32_t(i));
    all.insert(all.end(), sequence.begin(), sequence.end());
    batch.segments.push_back(int64_t(all.size()));
  }
  batch.ids = Tensor::from(all, {int64_t(all.size())});
  return batch;
}

}  // namespace quern
