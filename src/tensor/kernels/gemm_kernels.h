// SPDX-License-Identifier: MIT
#pragma once
// Between the driver of the products (gemm.cpp) and the instruction sets (gemm_avx2.cpp, ...): each of those fills one
// table. Blocking after Goto & van de Geijn 2008, doi:10.1145/1356052.1356053: a block of a stays in L2, a panel of b
// in L1, a tile of c in registers.

#include <cstdint>

#include "tensor/kernels/gemm.h"

namespace quern {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};
float to_f32(F16 h);
inline float to_f32(float x) { return x; }
inline float to_f32(Bf16 h) {
  const uint32_t bits = uint32_t{h.bits} << 16;
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// What to do with the sum s of one block of K: c = base + alpha * s, fused, where base is [c] + [bias].
struct GemmTarget {
  float* c;
  int64_t ldc;
  float alpha;
  bool add_c;
  const float* bias;  // for the first column of c, or null
};

struct GemmKernels {
  const char* name;
  int64_t MR, NR;  // rows and columns of a full tile
  int64_t MC;      // rows of a packed block of a
  int64_t slack;   // floats that packing may write past the end of a block of a

  // Rows [row, row + rows), k in [k, k + depth) of a -> panels of `height` rows (the last may have fewer), k-major.
  void (*pack_a)(const Mat& a, int64_t row, int64_t rows, int64_t height, int64_t k, int64_t depth, float* out);
  // Columns [col, col + cols) of b -> panels of NR columns, k-major, zero-filled; a panel is depth * NR floats.
  void (*pack_b)(const Mat& b, int64_t k, int64_t depth, int64_t col, int64_t cols, float* out);
  // c (rows, cols) from packed a and panels of b in b_dtype.
  void (*multiply)(int64_t rows, int64_t cols, int64_t depth, const float* a, int64_t height, const void* b,
                   DType b_dtype, const GemmTarget& target);
};

// Null where the instructions are not compiled in; the caller has checked the processor.
const GemmKernels* gemm_kernels_avx2();
const GemmKernels* gemm_kernels_avx512();
const GemmKernels* gemm_kernels_portable();
const GemmKernels& gemm_kernels();  // those in force, see probe.h

// Panels of equal height waste least in the last one.
inline int64_t panel_height(int64_t rows, int64_t MR) {
  const int64_t panels = (rows + MR - 1) / MR;
  return (rows + panels - 1) / panels;
}

// A growing, page-aligned scratch area, kept by the thread that asks. Different `slot`s do not overlap.
void* gemm_scratch(int slot, int64_t size_bytes);

}  // namespace quern
