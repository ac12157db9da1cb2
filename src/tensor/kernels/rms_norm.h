// SPDX-License-Identifier: MIT
#pragma once
// Root-mean-square normalisation. Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.

#include <cstdint>

namespace quern {

// y = x * rstd * (w + w_offset) with rstd = 1 / sqrt(mean(x^2) + eps), row by row. w_offset is 1 for Gemma, else 0.
//   x (N, C)   w (C), nullptr = all ones (w_offset unused)   ->   y (N, C), may alias x   rstd (N) or nullptr
using RmsNormFn = void(const float* x, const float* w, float w_offset, float eps, float* y, float* rstd, int64_t N,
                       int64_t C);
RmsNormFn rms_norm_ref, rms_norm_simd;

// With g = dy * (w + w_offset):  dx = rstd * (g - x * rstd^2 * mean(g * x)),  dw = sum over rows of dy * x * rstd.
//   x, dy, dx (N, C)   rstd (N) from the forward pass   w, dw (C)
// dx is written, or added to when accumulate_dx, may alias dy; dw is always added to, nullptr skips it.
using RmsNormBackwardFn = void(const float* x, const float* w, float w_offset, const float* rstd, const float* dy,
                               float* dx, bool accumulate_dx, float* dw, int64_t N, int64_t C);
RmsNormBackwardFn rms_norm_backward_ref, rms_norm_backward_simd;

}  // namespace quern
