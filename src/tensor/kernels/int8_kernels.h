// SPDX-License-Identifier: MIT
#pragma once
// Between the driver of the integer products (int8_gemm.cpp) and the instruction sets.
//
// Left operands are stored unsigned, u = q + offset, because the instructions multiply unsigned by signed bytes; what
// that adds to each sum, offset * sum_k(b), is known per column and is where the sums start. Both operands lie in
// groups of four k: a panel is [K / 4][rows or columns][4] bytes, K padded to a multiple of 8 with b = 0.

#include <cstdint>

#include "tensor/kernels/gemm.h"

namespace quern {

inline constexpr int64_t kInt8ChunkK = 1536;  // of K at a time: 24 KiB of a panel of 16 columns

struct Int8Kernels {
  const char* name;
  int64_t MR, NR;               // rows and columns of a full tile; MR a multiple of 4, NR of 8
  int32_t left_max, right_max;  // largest magnitudes of q on either side
  int32_t left_offset;

  // Quantised and packed: rows [row, row + rows) of m (columns of b as rows of its transpose), k in [k, k + depth), cut
  // into blocks of block_k with a scale each. Panels of `width` rows lie round_up(depth, 8) * width bytes apart.
  struct Panels {
    int8_t* data;
    float* scales;   // [panel][block][width]
    int32_t* start;  // right operand: -offset * sum of q, [panel][block][width]; null for the left
  };
  void (*pack)(const Mat& m, int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t block_k, int64_t width,
               int32_t max, int32_t offset, const Panels& out);
  // c (rows, cols) = base + sum over blocks; base is [c] + [bias].
  void (*multiply)(int64_t rows, int64_t cols, int64_t depth, int64_t block_k, const Panels& a, const Panels& b,
                   float* c, int64_t ldc, bool add_c, const float* bias);
};

// How a row with largest magnitude `largest` is rounded: q = round(x * inverse), x ~ q * scale. What is too small to be
// divided counts as zero; NaN (for a row that is not finite) makes the products NaN.
struct Int8Scale {
  float inverse, scale;
};
inline Int8Scale int8_scale(float largest, int32_t max) {
  if (!(largest <= 3.4028235e38f)) return {0.0f, __builtin_nanf("")};
  if (largest < 1e-30f) return {0.0f, 0.0f};
  return {float(max) / largest, largest / float(max)};
}

const Int8Kernels* int8_kernels_avx2();
const Int8Kernels* int8_kernels_avx_vnni();
const Int8Kernels* int8_kernels_avx512_vnni();
const Int8Kernels* int8_kernels_portable();
const Int8Kernels& int8_kernels();  // those in force

}  // namespace quern
