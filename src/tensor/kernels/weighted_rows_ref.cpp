// SPDX-License-Identifier: MIT
#include "tensor/kernels/weighted_rows.h"

namespace quern {

void weighted_rows_ref(const float* const* rows, const float* w, float* out, int64_t N, int64_t J, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t c = 0; c < C; ++c) {
      double sum = 0.0;
      for (int64_t j = 0; j < J; ++j) sum += double{w[n * J + j]} * rows[n * J + j][c];
      out[n * C + c] = float(sum);
    }
  }
}

void weighted_rows_backward_ref(const float* const* rows, const float* w, const float* dy, float* dw,
                                float* const* drows, int64_t N, int64_t J, int64_t C) {
  for (int64_t i = 0; i < N * J; ++i) {
    const float* dy_n = dy + i / J * C;
    double dot = 0.0;
    for (int64_t c = 0; c < C; ++c) dot += double{dy_n[c]} * rows[i][c];
    if (dw) dw[i] = float(dot);
    if (drows[i])
      for (int64_t c = 0; c < C; ++c) drows[i][c] = w[i] * dy_n[c];
  }
}

}  // namespace quern
