// SPDX-License-Identifier: MIT
#pragma once
// Rotary position embedding. Su et al. 2021, arXiv:2104.09864, eq. 34.

#include <cstdint>

namespace quern {

enum class RopePairs : uint8_t {
  half,         // dimension i turns with i + R/2 (GPT-NeoX, Llama in Hugging Face's layout)
  interleaved,  // dimension 2i turns with 2i + 1 (GPT-J, Llama as published, GGUF's permuted rows)
};

// Turns each pair (a, b) of the first R of D dimensions of each head by its angle, the rest is copied:
//   (a, b) -> (a cos - b sin, a sin + b cos);  inverse turns back, which is also the backward pass.
//   x, out (N, H, D), rows x_stride and out_stride apart, heads contiguous; out may be x
//   cos, sin (positions, R/2): row n reads table row positions[n], or n when positions is nullptr
// A factor on the table (YaRN's attention scaling) scales the turned part; inverse then gives the backward pass, not
// the inverse function.
struct RopeShape {
  int64_t N, H, D, R;  // R even, R <= D
  RopePairs pairs = RopePairs::half;
  bool inverse = false;
};
using RopeFn = void(const float* x, int64_t x_stride, float* out, int64_t out_stride, const float* cos,
                    const float* sin, const int32_t* positions, const RopeShape& shape);
RopeFn rope_ref, rope_simd;

}  // namespace quern
