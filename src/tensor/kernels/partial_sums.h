// SPDX-License-Identifier: MIT
#pragma once
// Sums over rows with one order for any number of threads: the rows are cut into chunks by their number alone, each
// chunk is summed on its own, and the chunks' sums are added in order.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/threads.h"

namespace quern {

inline constexpr int64_t kMaxChunks = 64;

inline int64_t rows_per_chunk(int64_t N) { return std::max<int64_t>(64, (N + kMaxChunks - 1) / kMaxChunks); }

// body(first, last, partial) adds rows [first, last) into partial (C), which starts at zero; then out (C) += the
// partials.
inline void sum_over_rows(int64_t N, int64_t C, float* out,
                          const std::function<void(int64_t first, int64_t last, float* partial)>& body) {
  const int64_t step = rows_per_chunk(N), chunks = (N + step - 1) / step;
  std::vector<float> partials(size_t(chunks * C), 0.0f);
  parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk)
      body(chunk * step, std::min(N, (chunk + 1) * step), partials.data() + chunk * C);
  });
  if (!out) return;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const float* partial = partials.data() + chunk * C;
    for (int64_t c = 0; c < C; ++c) out[c] += partial[c];
  }
}

// Rows that are worth a thread of their own.
inline int64_t row_grain(int64_t C) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, C)); }
inline constexpr int64_t kElementGrain = 16384;

}  // namespace quern
