// SPDX-License-Identifier: MIT
#pragma once
#include "tensor/kernels/int8_kernels.h"

namespace quern {

// Int8Kernels::pack for x86-64 with AVX2; width 4 or a multiple of 8.
void int8_pack_avx2(const Mat& m, int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t block_k, int64_t width,
                    int32_t max, int32_t offset, const Int8Kernels::Panels& out);

}  // namespace quern
