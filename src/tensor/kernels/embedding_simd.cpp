// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "tensor/kernels/convert.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/embedding.h"
#include "tensor/kernels/partial_sums.h"

namespace quern {

void embedding_simd(const void* table, DType dtype, const int32_t* ids, float scale, float* out, int64_t N, int64_t C) {
  const auto* bytes = static_cast<const uint8_t*>(table);
  const int64_t row_bytes = int64_t(size_bytes(dtype, C));
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const uint8_t* row = bytes + ids[n] * row_bytes;
      float* out_n = out + n * C;
      if (dtype == DType::f32) {
        std::memcpy(out_n, row, size_t(row_bytes));
      } else {
        convert_to_f32_simd(dtype, row, out_n, C);
      }
      if (scale != 1.0f) scale_simd(out_n, scale, out_n, C);
    }
  });
}

void embedding_backward_simd(const float* dy, const int32_t* ids, float scale, float* dtable, int64_t N, int64_t C) {
  // Ids repeat: each thread owns columns and walks all rows in order.
  parallel_for(C, std::max<int64_t>(16, kElementGrain / std::max<int64_t>(1, N) / 16 * 16),
               [=](int64_t begin, int64_t end) {
                 for (int64_t n = 0; n < N; ++n)
                   axpy_simd(dy + n * C + begin, scale, dtable + ids[n] * C + begin, end - begin);
               });
}

}  // namespace quern
