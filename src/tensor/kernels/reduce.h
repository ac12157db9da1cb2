// SPDX-License-Identifier: MIT
#pragma once
// Sums and maxima. Every sum has one order: fixed chunks, added in order.

#include <cstdint>

namespace quern {

// out_c += sum over rows of x_nc (the gradient of a bias);  x (N, C), rows `stride` apart   out (C)
using ColumnSumFn = void(const float* x, int64_t stride, float* out, int64_t N, int64_t C);
ColumnSumFn column_sum_ref, column_sum_simd;

// out_n = sum over c of x_nc;  x (N, C)   out (N)
using RowSumFn = void(const float* x, float* out, int64_t N, int64_t C);
RowSumFn row_sum_ref, row_sum_simd;

// out_n = sum over c of a_nc b_nc;  a, b (N, C)   out (N)
using RowDotFn = void(const float* a, const float* b, float* out, int64_t N, int64_t C);
RowDotFn row_dot_ref, row_dot_simd;

// Sum of n values, added in double.
using SumFn = double(const float* x, int64_t n);
SumFn sum_ref, sum_simd;

// The largest value of each row and the first place it stands; NaN counts as smaller than everything, a row of only NaN
// gives place 0.   x (N, C)   ->   value (N) or nullptr   place (N) or nullptr
using RowArgmaxFn = void(const float* x, float* value, int32_t* place, int64_t N, int64_t C);
RowArgmaxFn row_argmax_ref, row_argmax_simd;

// The k largest of each row, largest first, equal ones by place; k <= C, meant for small k.
//   x (N, C)   ->   value, place (N, k)
using RowTopKFn = void(const float* x, int64_t k, float* value, int32_t* place, int64_t N, int64_t C);
RowTopKFn row_top_k_ref, row_top_k_simd;

}  // namespace quern
