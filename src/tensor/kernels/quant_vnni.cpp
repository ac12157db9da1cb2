// SPDX-License-Identifier: MIT
// Block-quantised products for x86-64 with AVX-VNNI: vpdpbusd in 256 bits.
#include "tensor/kernels/quant_tiles.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#include <utility>

#include "tensor/quant/blocks.h"

HWY_PUSH_ATTRIBUTES("avx2,fma,f16c,avxvnni")
namespace quern {
namespace {
namespace quant_vnni {

#define QUERN_INLINE inline __attribute__((always_inline))
#include "tensor/kernels/quant_vector256-inl.h"
QUERN_INLINE Vector dot_bytes(Vector sum, Vector u, Vector s) { return _mm256_dpbusd_avx_epi32(sum, u, s); }
QUERN_INLINE Vector dot_words(Vector sum, Vector a, Vector b) { return _mm256_dpwssd_avx_epi32(sum, a, b); }
#include "tensor/kernels/quant_dots_vnni-inl.h"
//
#include "tensor/kernels/quant_codes-inl.h"
#include "tensor/kernels/quant_tiles-inl.h"
#undef QUERN_INLINE

}  // namespace quant_vnni
}  // namespace
}  // namespace quern
HWY_POP_ATTRIBUTES

namespace quern {
const QuantInstructions* quant_instructions_avx_vnni() {
  static constexpr QuantInstructions kInstructions{"avx_vnni", quantise_rows_avx2, quant_vnni::tiles_of};
  return &kInstructions;
}
}  // namespace quern

#else
namespace quern {
const QuantInstructions* quant_instructions_avx_vnni() { return nullptr; }
}  // namespace quern
#endif
