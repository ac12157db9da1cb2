// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include "tensor/kernels/rms_norm.h"

namespace quern {

void rms_norm_ref(const float* x, const float* w, float w_offset, float eps, float* y, float* rstd, int64_t N,
                  int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float* x_n = x + n * C;
    float* y_n = y + n * C;
    double sum_sq = 0.0;
    for (int64_t c = 0; c < C; ++c) sum_sq += double{x_n[c]} * x_n[c];
    const double r = 1.0 / std::sqrt(sum_sq / double(C) + eps);
    if (rstd) rstd[n] = float(r);
    for (int64_t c = 0; c < C; ++c) y_n[c] = float(x_n[c] * r * (w ? double{w[c]} + w_offset : 1.0));
  }
}

void rms_norm_backward_ref(const float* x, const float* w, float w_offset, const float* rstd, const float* dy,
                           float* dx, bool accumulate_dx, float* dw, int64_t N, int64_t C) {
  std::vector<double> dw_sum(size_t(C), 0.0);
  for (int64_t n = 0; n < N; ++n) {
    const float *x_n = x + n * C, *dy_n = dy + n * C;
    float* dx_n = dx + n * C;
    const double r = rstd[n];
    double sum_gx = 0.0;
    for (int64_t c = 0; c < C; ++c) {
      const double g = dy_n[c] * (w ? double{w[c]} + w_offset : 1.0);
      sum_gx += g * x_n[c];
      dw_sum[size_t(c)] += dy_n[c] * x_n[c] * r;
    }
    for (int64_t c = 0; c < C; ++c) {
      const double g = dy_n[c] * (w ? double{w[c]} + w_offset : 1.0);
      const double d = r * (g - x_n[c] * r * r * sum_gx / double(C));
      dx_n[c] = float(accumulate_dx ? dx_n[c] + d : d);
    }
  }
  if (dw)
    for (int64_t c = 0; c < C; ++c) dw[c] = float(dw[c] + dw_sum[size_t(c)]);
}

}  // namespace quern
