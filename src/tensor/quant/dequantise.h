// SPDX-License-Identifier: MIT
#pragma once
// Values out of what a file stores.

#include <cstdint>

#include "tensor/dtype.h"

namespace quern {

// n values (a multiple of the block size) of any floating or block type to f32, on the calling thread. The arithmetic
// is f32 in the order of the formulas in blocks.h: the same bits as ggml's.
void dequantise(DType dtype, const void* blocks, float* out, int64_t n);

}  // namespace quern
