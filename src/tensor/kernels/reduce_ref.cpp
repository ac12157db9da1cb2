// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tensor/kernels/reduce.h"

namespace quern {

void column_sum_ref(const float* x, int64_t stride, float* out, int64_t N, int64_t C) {
  for (int64_t c = 0; c < C; ++c) {
    double sum = 0.0;
    for (int64_t n = 0; n < N; ++n) sum += x[n * stride + c];
    out[c] = float(out[c] + sum);
  }
}

void row_sum_ref(const float* x, float* out, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) out[n] = float(sum_ref(x + n * C, C));
}

void row_dot_ref(const float* a, const float* b, float* out, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    double sum = 0.0;
    for (int64_t c = 0; c < C; ++c) sum += double{a[n * C + c]} * b[n * C + c];
    out[n] = float(sum);
  }
}

double sum_ref(const float* x, int64_t n) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

void row_argmax_ref(const float* x, float* value, int32_t* place, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float* x_n = x + n * C;
    int64_t best = 0;
    for (int64_t c = 1; c < C; ++c)
      if (x_n[c] > x_n[best] || (std::isnan(x_n[best]) && !std::isnan(x_n[c]))) best = c;
    if (value) value[n] = x_n[best];
    if (place) place[n] = int32_t(best);
  }
}

void row_top_k_ref(const float* x, int64_t k, float* value, int32_t* place, int64_t N, int64_t C) {
  std::vector<int32_t> order(static_cast<size_t>(C));
  for (int64_t n = 0; n < N; ++n) {
    const float* x_n = x + n * C;
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [x_n](int32_t a, int32_t b) {
      const bool nan_a = std::isnan(x_n[a]), nan_b = std::isnan(x_n[b]);
      if (nan_a != nan_b) return nan_b;
      if (nan_a || x_n[a] == x_n[b]) return a < b;
      return x_n[a] > x_n[b];
    });
    for (int64_t i = 0; i < k; ++i) {
      place[n * k + i] = order[size_t(i)];
      value[n * k + i] = x_n[order[size_t(i)]];
    }
  }
}

}  // namespace quern
