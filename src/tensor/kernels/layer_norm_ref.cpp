// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include "tensor/kernels/layer_norm.h"

namespace quern {

void layer_norm_ref(const float* x, const float* w, const float* b, float eps, float* y, float* mean, float* rstd,
                    int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float* x_n = x + n * C;
    float* y_n = y + n * C;
    double sum = 0.0, sum_sq = 0.0;
    for (int64_t c = 0; c < C; ++c) sum += x_n[c];
    const double m = sum / double(C);
    for (int64_t c = 0; c < C; ++c) sum_sq += (x_n[c] - m) * (x_n[c] - m);
    const double r = 1.0 / std::sqrt(sum_sq / double(C) + eps);
    if (mean) mean[n] = float(m);
    if (rstd) rstd[n] = float(r);
    for (int64_t c = 0; c < C; ++c) y_n[c] = float((x_n[c] - m) * r * (w ? w[c] : 1.0f) + (b ? b[c] : 0.0f));
  }
}

void layer_norm_backward_ref(const float* x, const float* w, const float* mean, const float* rstd, const float* dy,
                             float* dx, bool accumulate_dx, float* dw, float* db, int64_t N, int64_t C) {
  std::vector<double> dw_sum(size_t(C), 0.0), db_sum(size_t(C), 0.0);
  for (int64_t n = 0; n < N; ++n) {
    const float *x_n = x + n * C, *dy_n = dy + n * C;
    float* dx_n = dx + n * C;
    const double m = mean[n], r = rstd[n];
    double mean_g = 0.0, mean_gx = 0.0;
    for (int64_t c = 0; c < C; ++c) {
      const double g = double{dy_n[c]} * (w ? w[c] : 1.0f), xhat = (x_n[c] - m) * r;
      mean_g += g / double(C);
      mean_gx += g * xhat / double(C);
      dw_sum[size_t(c)] += dy_n[c] * xhat;
      db_sum[size_t(c)] += dy_n[c];
    }
    for (int64_t c = 0; c < C; ++c) {
      const double g = double{dy_n[c]} * (w ? w[c] : 1.0f), xhat = (x_n[c] - m) * r;
      const double d = r * (g - mean_g - xhat * mean_gx);
      dx_n[c] = float(accumulate_dx ? dx_n[c] + d : d);
    }
  }
  for (int64_t c = 0; c < C; ++c) {
    if (dw) dw[c] = float(dw[c] + dw_sum[size_t(c)]);
    if (db) db[c] = float(db[c] + db_sum[size_t(c)]);
  }
}

}  // namespace quern
