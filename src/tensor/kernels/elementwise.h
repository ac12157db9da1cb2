// SPDX-License-Identifier: MIT
#pragma once
// Sums and products point by point. Outputs may alias inputs.

#include <cstdint>

namespace quern {

using BinaryFn = void(const float* a, const float* b, float* out, int64_t n);
BinaryFn add_ref, add_simd;                    // out = a + b
BinaryFn subtract_ref, subtract_simd;          // out = a - b
BinaryFn multiply_ref, multiply_simd;          // out = a * b
BinaryFn multiply_add_ref, multiply_add_simd;  // out += a * b, rounded twice

using ScaleFn = void(const float* x, float factor, float* out, int64_t n);
ScaleFn scale_ref, scale_simd;  // out = factor * x
ScaleFn axpy_ref, axpy_simd;    // out += factor * x, rounded twice

// out = x + b, row by row;  x, out (N, C)   b (C)
using BiasAddFn = void(const float* x, const float* b, float* out, int64_t N, int64_t C);
BiasAddFn bias_add_ref, bias_add_simd;

// out = x * w, row by row;  x, out (N, C)   w (C)
BiasAddFn column_scale_ref, column_scale_simd;

// out_n = x_n * s_n;  x, out (N, C)   s (N)
using RowScaleFn = void(const float* x, const float* s, float* out, int64_t N, int64_t C);
RowScaleFn row_scale_ref, row_scale_simd;

}  // namespace quern
