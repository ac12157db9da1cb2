// SPDX-License-Identifier: MIT
#pragma once
// f32 values to what a file stores.

#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace quern {

// x (rows, K) to `dtype`: a plain floating type or a block type that is not read-only; K is a multiple of the block
// size. Rows lie size_bytes(dtype, K) apart in `out`. The same bytes for any number of threads.
//
// q4_0, q4_1, q5_0, q5_1, q8_0 and mxfp4 without importance: the bytes that ggml writes. The others minimise
//   sum_i w_i (x_i - decoded_i)^2,   w_i = importance_k * sqrt(x_i^2 + mean of x^2 over the block),
// by least squares from a fixed list of starting points (scale_search.h); the root lets large weights count for more,
// as ggml does. importance (K) >= 0: how much the products depend on column k, the mean square of the activations that
// meet it ("importance matrix"); empty: 1 everywhere. Only its ratios count, down to a millionth of its mean.
//
// Throws InvalidArgument for K, dtype or importance that don't fit, InvalidModel for values that are not finite or too
// large for the type's f16 scales.
void quantise(DType dtype, const float* x, int64_t rows, int64_t K, std::span<const float> importance, void* out);

}  // namespace quern
