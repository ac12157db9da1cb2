// SPDX-License-Identifier: MIT
#pragma once
// Layer normalisation. Ba, Kiros & Hinton 2016, arXiv:1607.06450.

#include <cstdint>

namespace quern {

// y = (x - mean) * rstd * w + b with rstd = 1 / sqrt(mean((x - mean)^2) + eps), row by row.
//   x (N, C)   w, b (C), nullptr = ones, zeros   ->   y (N, C), may alias x   mean, rstd (N), both or neither nullptr
using LayerNormFn = void(const float* x, const float* w, const float* b, float eps, float* y, float* mean, float* rstd,
                         int64_t N, int64_t C);
LayerNormFn layer_norm_ref, layer_norm_simd;

// With g = dy * w and xhat = (x - mean) * rstd:  dx = rstd * (g - mean(g) - xhat * mean(g * xhat)),
// dw = sum over rows of dy * xhat,  db = sum over rows of dy.
//   x, dy, dx (N, C)   mean, rstd (N) from the forward pass   w, dw, db (C)
// dx is written, or added to when accumulate_dx, may alias dy; dw and db are always added to, nullptr skips them.
using LayerNormBackwardFn = void(const float* x, const float* w, const float* mean, const float* rstd, const float* dy,
                                 float* dx, bool accumulate_dx, float* dw, float* db, int64_t N, int64_t C);
LayerNormBackwardFn layer_norm_backward_ref, layer_norm_backward_simd;

}  // namespace quern
