// SPDX-License-Identifier: MIT
#pragma once
// Matrix products in integer arithmetic from f32 operands, for the precision mode int8: forward y = x w^T, input
// gradient dx = dy w and weight gradient dw = dy^T x. Operands are quantised while they are packed, symmetrically by
// the largest magnitude along K, the integer sums are exact, and only the scaling back to f32 rounds, in a fixed order;
// so results do not depend on M, N or the number of threads. SwitchBack, Wortsman et al. 2023, arXiv:2304.13013 (scales
// per row); Jetfire, Xi et al. 2024, arXiv:2403.12422 (per block).

#include <cstdint>

#include "tensor/kernels/gemm.h"

namespace quern {

struct Int8Options {
  // Scales: 0 gives one per row of a and per column of b over all of K (forward, input gradient); n > 0 gives one per
  // n values of K (128 tokens in the weight gradient), block sums added in order in f32. A multiple of 64.
  int64_t block_k = 0;
  bool accumulate = false;      // add to what c holds
  const float* bias = nullptr;  // (N), added once to every row
};

// c (M, N) = [c +] a (M, K) b (K, N) [+ bias] with both operands rounded to the integers of the kernels in force.
// a and b are f32, bf16 or f16 with any strides. A non-finite value in a row of a (column of b) makes that row (column)
// of c NaN, so that a bad step is seen. c is row-major, rows ldc apart, and overlaps neither a nor b.
void int8_gemm(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
               const Int8Options& options = {});

// The definition: quantises to the same integers, sums in int64, scales back in the same order. Bit-equal to int8_gemm.
void int8_gemm_ref(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
                   const Int8Options& options = {});

}  // namespace quern
