// SPDX-License-Identifier: MIT
#pragma once
// Values out of what a file stores.

#include <cstdint>

#include "tensor/dtype.h"

namespace quern {

// n values (a multiple of the block size) of any floating or block type to f32, on the calling thread. The arithmetic
// is f32 in the order of the formulas in blocks.h: the same bits as ggml's.
void dequantise(DType dtype, const void* blocks, float* out, int64_t n);

// Weights of 8-bit floats with one f32 factor per square of 128 x 128 values (`weight_scale_inv` of DeepSeek-V3's
// checkpoints, arXiv:2412.19437, sect. 3.3): out = w * scale[row / 128, column / 128].
//   w (M, K) of f8_e4m3 or f8_e5m2   scale (ceil(M / 128), ceil(K / 128))   ->   out (M, K)
void dequantise_scaled_f8(DType dtype, const void* w, const float* scale, int64_t M, int64_t K, float* out);
inline constexpr int64_t kF8Tile = 128;

}  // namespace quern
