// SPDX-License-Identifier: MIT
#pragma once
// Activations as the integer products take them: x ~ d q with q of 8 bits in [-127, 127], symmetric, one f32 scale d
// per group of 32 values (weights with one scale per block) or 256 (K-types). A row's numbers depend on that row alone.
// A group that holds a value which is not finite has d = NaN and q = 0; one without a value above 1e-30 has d = 0.

#include <cstdint>

#include "tensor/kernels/quant_linear.h"

namespace quern {

// Rows of quantised x. Strides follow from K: rows of q are K bytes apart, those of the others K / their group.
struct QuantRows {
  int64_t K = 0;
  int group = 32;  // values per scale: 32 or 256
  int8_t* q = nullptr;
  float* d = nullptr;
  int32_t* sum = nullptr;    // of q, per 32 values                  group 32 only
  float* d_sum = nullptr;    // d * sum                              group 32 only
  int16_t* sum16 = nullptr;  // of q, per 16 values                  group 256 only
  int16_t* sum32 = nullptr;  // of q, per 32 values                  group 256 only

  // The same rows from row n, value k on; k a multiple of 256 or of the group.
  QuantRows at(int64_t n, int64_t k) const {
    QuantRows r = *this;
    r.q += n * K + k;
    const auto before = uint64_t(n * K + k);  // divided by constants: this is asked for each tile
    if (group == 32) {
      r.d += before / 32;
      r.sum += before / 32;
      r.d_sum += before / 32;
    } else {
      r.d += before / 256;
      r.sum16 += before / 16;
      r.sum32 += before / 32;
    }
    return r;
  }
};

int64_t quant_rows_bytes(int64_t N, int64_t K, int group);
QuantRows quant_rows_at(void* area, int64_t N, int64_t K, int group);  // area: 64-byte aligned

// Rows [begin, end) of x.
using QuantiseRowsFn = void(const QuantInput& x, int64_t begin, int64_t end, const QuantRows& rows);
QuantiseRowsFn quantise_rows_ref, quantise_rows_avx2;  // equal in every bit

}  // namespace quern
