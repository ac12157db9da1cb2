// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/kernels/cross_entropy.h"

namespace quern {

void cross_entropy_ref(float* logits, int64_t stride, const int32_t* labels, const float* row_weight, float* loss,
                       float* lse, const CrossEntropyOptions& options, int64_t N, int64_t V) {
  const double e = options.label_smoothing, z = options.z_loss, cap = options.softcap;
  std::vector<double> l(static_cast<size_t>(V));
  for (int64_t n = 0; n < N; ++n) {
    float* x = logits + n * stride;
    double largest = -std::numeric_limits<double>::infinity(), sum = 0.0, total = 0.0;
    for (int64_t v = 0; v < V; ++v) {
      l[size_t(v)] = cap > 0 ? cap * std::tanh(x[v] / cap) : x[v];
      largest = std::max(largest, l[size_t(v)]);
      total += l[size_t(v)];
    }
    for (double l_v : l) sum += std::exp(l_v - largest);
    const double log_sum = largest + std::log(sum);
    if (lse) lse[n] = float(log_sum);
    const bool counts = labels[n] != kIgnoreLabel;
    const int64_t y = counts ? labels[n] : 0;
    loss[n] = 0.0f;
    if (counts) {
      loss[n] = float((1 - e) * (log_sum - l[size_t(y)]) + (e > 0 ? e * (log_sum - total / double(V)) : 0.0) +
                      z * log_sum * log_sum);
    }
    if (!options.write_grad) continue;
    const double factor = counts ? double{options.grad_scale} * (row_weight ? row_weight[n] : 1.0f) : 0.0;
    for (int64_t v = 0; v < V; ++v) {
      const double p = std::exp(l[size_t(v)] - log_sum);
      double d = (1 + 2 * z * log_sum) * p - (v == y ? 1 - e : 0.0) - e / double(V);
      if (cap > 0) d *= 1 - (l[size_t(v)] / cap) * (l[size_t(v)] / cap);
      x[v] = counts ? float(factor * d) : 0.0f;
    }
  }
}

}  // namespace quern
