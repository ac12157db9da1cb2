// SPDX-License-Identifier: MIT
#pragma once
// Sums of chosen rows with weights: what the experts of a token said, put together. Shazeer et al. 2017,
// arXiv:1701.06538, eq. 1.

#include <cstdint>

namespace quern {

// out_n = sum over j < J of w(n, j) * rows[n J + j], in the order of j.
//   rows (N J) pointers to C values each   w (N, J)   ->   out (N, C)
using WeightedRowsFn = void(const float* const* rows, const float* w, float* out, int64_t N, int64_t J, int64_t C);
WeightedRowsFn weighted_rows_ref, weighted_rows_simd;

// dw(n, j) = dot(dy_n, rows[n J + j]),   drows[n J + j] = w(n, j) * dy_n.   dy (N, C)
// Both are written; dw may be nullptr, and so may any of drows. The rows of drows must not overlap.
using WeightedRowsBackwardFn = void(const float* const* rows, const float* w, const float* dy, float* dw,
                                    float* const* drows, int64_t N, int64_t J, int64_t C);
WeightedRowsBackwardFn weighted_rows_backward_ref, weighted_rows_backward_simd;

}  // namespace quern
