// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/kernels/softmax.h"

namespace quern {

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
}

void softmax_ref(const float* x, float scale, float* y, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float* x_n = x + n * C;
    float* y_n = y + n * C;
    double largest = -kInfinity, sum = 0.0;
    for (int64_t c = 0; c < C; ++c) largest = std::max(largest, double{x_n[c]} * scale);
    if (largest == -kInfinity) {
      std::fill(y_n, y_n + C, 0.0f);
      continue;
    }
    for (int64_t c = 0; c < C; ++c) sum += std::exp(double{x_n[c]} * scale - largest);
    for (int64_t c = 0; c < C; ++c) y_n[c] = float(std::exp(double{x_n[c]} * scale - largest) / sum);
  }
}

void softmax_backward_ref(const float* y, const float* dy, float scale, float* dx, bool accumulate, int64_t N,
                          int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float *y_n = y + n * C, *dy_n = dy + n * C;
    float* dx_n = dx + n * C;
    double dot = 0.0;
    for (int64_t c = 0; c < C; ++c) dot += double{dy_n[c]} * y_n[c];
    for (int64_t c = 0; c < C; ++c) {
      const double d = double{scale} * y_n[c] * (dy_n[c] - dot);
      dx_n[c] = float(accumulate ? dx_n[c] + d : d);
    }
  }
}

void log_softmax_ref(const float* x, float* y, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float* x_n = x + n * C;
    double largest = -kInfinity, sum = 0.0;
    for (int64_t c = 0; c < C; ++c) largest = std::max(largest, double{x_n[c]});
    for (int64_t c = 0; c < C; ++c) sum += std::exp(x_n[c] - largest);
    const double log_sum = largest + std::log(sum);
    for (int64_t c = 0; c < C; ++c) y[n * C + c] = float(x_n[c] - log_sum);
  }
}

void log_softmax_backward_ref(const float* y, const float* dy, float* dx, bool accumulate, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n) {
    const float *y_n = y + n * C, *dy_n = dy + n * C;
    float* dx_n = dx + n * C;
    double sum = 0.0;
    for (int64_t c = 0; c < C; ++c) sum += dy_n[c];
    for (int64_t c = 0; c < C; ++c) {
      const double d = dy_n[c] - std::exp(double{y_n[c]}) * sum;
      dx_n[c] = float(accumulate ? dx_n[c] + d : d);
    }
  }
}

}  // namespace quern
