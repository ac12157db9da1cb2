// SPDX-License-Identifier: MIT
#pragma once
// Numbers in a paged cache that are stored in less than 32 bits.

#include <cmath>
#include <cstring>

#include "tensor/kernels/convert.h"
#include "tensor/kernels/paged_attention.h"
#include "tensor/quant/blocks.h"

namespace quern {

// Value `index` of pages that lie `stride` values apart, from page `page` on; for q8_0 the index of a whole block.
inline void* in_pages(void* pages, DType storage, int64_t stride, int64_t page, int64_t index) {
  return static_cast<std::byte*>(pages) + size_bytes(storage, page * stride + index);
}

// n values to blocks of 32 with one scale: q = round(x / d), d = largest |x| / 127, as ggml's q8_0. A block with a
// value that is no number becomes one that is none throughout: the pages of a failed sequence must not look sound.
inline void store_q8_0(const float* x, int64_t n, void* out) {
  auto* blocks = static_cast<BlockQ8_0*>(out);
  for (int64_t b = 0; b < n / 32; ++b, x += 32) {
    float largest = 0;
    bool finite = true;
    for (int i = 0; i < 32; ++i) {
      largest = std::max(largest, std::fabs(x[i]));
      finite = finite && std::isfinite(x[i]);
    }
    const float d = finite ? largest / 127.0f : NAN, inverse = d > 0 ? 1.0f / d : 0.0f;
    blocks[b].d = f32_to_f16(d);
    for (int i = 0; i < 32; ++i) blocks[b].qs[i] = int8_t(finite ? std::round(x[i] * inverse) : 1.0f);
  }
}

// n values in the cache's own format.
inline void store_values(DType storage, const float* x, int64_t n, void* out) {
  if (storage == DType::q8_0)
    store_q8_0(x, n, out);
  else
    convert_from_f32_simd(storage, x, out, n);
}

}  // namespace quern
