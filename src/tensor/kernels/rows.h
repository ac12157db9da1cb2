// SPDX-License-Identifier: MIT
#pragma once
// Moving rows about.

#include <cstdint>

namespace quern {

// out = x^T;  x (N, C), rows x_stride apart   ->   out (C, N), rows out_stride apart; no overlap
using TransposeFn = void(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C);
TransposeFn transpose_ref, transpose_simd;

// out_n = x[rows[n]];  x (M, C), rows x_stride apart   rows (N)   ->   out (N, C)
using GatherRowsFn = void(const float* x, int64_t x_stride, const int32_t* rows, float* out, int64_t N, int64_t C);
GatherRowsFn gather_rows_ref, gather_rows_simd;

// out[rows[n]] = x_n, or += with accumulate (in the order of n);  x (N, C)   out (M, C), rows out_stride apart.
// Without accumulate the rows must differ.
using ScatterRowsFn = void(const float* x, const int32_t* rows, float* out, int64_t out_stride, bool accumulate,
                           int64_t N, int64_t C);
ScatterRowsFn scatter_rows_ref, scatter_rows_simd;

// Copies an (N, C) block between row strides.
using CopyRowsFn = void(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C);
CopyRowsFn copy_rows_ref, copy_rows_simd;

}  // namespace quern
