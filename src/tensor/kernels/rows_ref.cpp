// SPDX-License-Identifier: MIT
#include "tensor/kernels/rows.h"

namespace quern {

void transpose_ref(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n)
    for (int64_t c = 0; c < C; ++c) out[c * out_stride + n] = x[n * x_stride + c];
}

void gather_rows_ref(const float* x, int64_t x_stride, const int32_t* rows, float* out, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n)
    for (int64_t c = 0; c < C; ++c) out[n * C + c] = x[rows[n] * x_stride + c];
}

void scatter_rows_ref(const float* x, const int32_t* rows, float* out, int64_t out_stride, bool accumulate, int64_t N,
                      int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t c = 0; c < C; ++c) {
      float& to = out[rows[n] * out_stride + c];
      to = accumulate ? to + x[n * C + c] : x[n * C + c];
    }
  }
}

void copy_rows_ref(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n)
    for (int64_t c = 0; c < C; ++c) out[n * out_stride + c] = x[n * x_stride + c];
}

}  // namespace quern
