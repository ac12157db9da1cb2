// SPDX-License-Identifier: MIT
#pragma once
// Rows of a table by id, and the gradient that flows back into them.

#include <cstdint>

#include "tensor/dtype.h"

namespace quern {

// out_n = scale * table[ids[n]];  table (V, C) of f32, bf16 or f16   ids (N)   ->   out (N, C)
// Ids outside [0, V) must be refused by the caller.
using EmbeddingFn = void(const void* table, DType dtype, const int32_t* ids, float scale, float* out, int64_t N,
                         int64_t C);
EmbeddingFn embedding_ref, embedding_simd;

// dtable[ids[n]] += scale * dy_n in the order of n, whatever the number of threads;  dy (N, C)   dtable (V, C)
using EmbeddingBackwardFn = void(const float* dy, const int32_t* ids, float scale, float* dtable, int64_t N, int64_t C);
EmbeddingBackwardFn embedding_backward_ref, embedding_backward_simd;

}  // namespace quern
