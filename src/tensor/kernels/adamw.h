// SPDX-License-Identifier: MIT
#pragma once
// AdamW over all parameters in one call, and the sums over all gradients that come before it.
// Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2; Kingma & Ba 2014, arXiv:1412.6980.

#include <cstdint>
#include <span>
#include <vector>

namespace quern {

// One parameter of n values. Stored as f32 in `param`, or split in two: `param_bf16` holds the upper 16 bits of the f32
// master weight (a bf16, rounded towards zero, that the forward pass reads) and `param_low` the lower 16 bits, so that
// both together are the f32 value exactly, in 4 bytes. The split loses nothing in the update; it is the lookup of the
// bf16 that truncates instead of rounding to nearest.
struct AdamwTensor {
  float* param = nullptr;          // (n), or nullptr when split
  uint16_t* param_bf16 = nullptr;  // (n)
  uint16_t* param_low = nullptr;   // (n)
  const float* grad = nullptr;     // (n)
  float* m = nullptr;              // (n), first moment
  float* v = nullptr;              // (n), second moment
  int64_t n = 0;
  bool decay = true;      // matrices decay, gains and biases usually don't
  float lr_scale = 1.0f;  // factor on the learning rate of this tensor
};

struct AdamwStep {
  float lr = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f, weight_decay = 0.01f;
  int64_t step = 1;         // counts from 1, for the bias correction
  float grad_scale = 1.0f;  // every gradient is multiplied by it: clipping and the division by the token count
};

// With g = grad_scale * grad and lr' = lr * lr_scale:
//   p *= 1 - lr' * weight_decay (if decay);  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
//   p -= lr' / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
using AdamwFn = void(std::span<const AdamwTensor> tensors, const AdamwStep& step);
AdamwFn adamw_ref, adamw_simd;

// Sum of squares of each tensor, in double, in fixed chunks added in order. A tensor holds a NaN or an infinity exactly
// when its sum is not finite (squares of f32 can't overflow a double).
using SumSquaresFn = std::vector<double>(std::span<const std::span<const float>> tensors);
SumSquaresFn sum_squares_ref, sum_squares_simd;

// sqrt of the sum over all tensors, and the index of the first tensor with a non-finite value, or -1.
struct GlobalNorm {
  double norm = 0.0;
  int64_t first_non_finite = -1;
};
GlobalNorm global_norm(std::span<const std::span<const float>> tensors);

}  // namespace quern
