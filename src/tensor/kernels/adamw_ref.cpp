// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>

#include "tensor/kernels/adamw.h"

namespace quern {

void adamw_ref(std::span<const AdamwTensor> tensors, const AdamwStep& step) {
  const double correction1 = 1 - std::pow(double{step.beta1}, double(step.step));
  const double correction2 = 1 - std::pow(double{step.beta2}, double(step.step));
  for (const AdamwTensor& t : tensors) {
    const double lr = double{step.lr} * t.lr_scale;
    for (int64_t i = 0; i < t.n; ++i) {
      const double g = double{step.grad_scale} * t.grad[i];
      double p =
          t.param ? t.param[i] : std::bit_cast<float>((uint32_t{t.param_bf16[i]} << 16) | uint32_t{t.param_low[i]});
      if (t.decay) p *= 1 - lr * step.weight_decay;
      const double m = double{step.beta1} * t.m[i] + (1 - double{step.beta1}) * g;
      const double v = double{step.beta2} * t.v[i] + (1 - double{step.beta2}) * g * g;
      p -= lr / correction1 * m / (std::sqrt(v) / std::sqrt(correction2) + step.eps);
      t.m[i] = float(m);
      t.v[i] = float(v);
      if (t.param) {
        t.param[i] = float(p);
      } else {
        const uint32_t bits = std::bit_cast<uint32_t>(float(p));
        t.param_bf16[i] = uint16_t(bits >> 16);
        t.param_low[i] = uint16_t(bits & 0xffffu);
      }
    }
  }
}

std::vector<double> sum_squares_ref(std::span<const std::span<const float>> tensors) {
  std::vector<double> sums;
  for (const std::span<const float> tensor : tensors) {
    double sum = 0.0;
    for (float x : tensor) sum += double{x} * x;
    sums.push_back(sum);
  }
  return sums;
}

GlobalNorm global_norm(std::span<const std::span<const float>> tensors) {
  GlobalNorm result;
  double total = 0.0;
  const std::vector<double> sums = sum_squares_simd(tensors);
  for (size_t i = 0; i < sums.size(); ++i) {
    total += sums[i];
    if (!std::isfinite(sums[i]) && result.first_non_finite < 0) result.first_non_finite = int64_t(i);
  }
  result.norm = std::sqrt(total);
  return result;
}

}  // namespace quern
