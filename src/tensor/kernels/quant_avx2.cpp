// SPDX-License-Identifier: MIT
// Block-quantised products for x86-64 with AVX2 but no VNNI. vpmaddubsw multiplies unsigned by signed bytes and adds
// neighbours in 16 bits, saturating; small codes leave room to add several of its results before vpmaddwd widens them
// (kChain), and for K-types vpmaddwd multiplies by the scale in the same instruction. Signed codes of eight bits meet x
// as |w| * (x with the sign of w): at most 2 * 128 * 127 < 2^15, so nothing saturates. All sums are exact.
#include "tensor/kernels/quant_tiles.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#include <utility>

#include "tensor/quant/blocks.h"

HWY_PUSH_ATTRIBUTES("avx2,fma,f16c")
namespace quern {
namespace {
namespace quant_avx2 {

#define QUERN_INLINE inline __attribute__((always_inline))
#include "tensor/kernels/quant_vector256-inl.h"
using Scale = Vector;  // 16 bits, twice per row
constexpr int kByteOffset = 0;
constexpr bool kStripsForAll = false;

// Keeps the compiler from turning a chain of additions into a tree, for which there are not enough registers.
#define QUERN_KEEP_ORDER(v) asm("" : "+x"(v))

// Of eight pairs of bytes, member j of each, as 16 bits twice.
template <int j, bool kSigned>
QUERN_INLINE Scale one_scale(const uint8_t* pairs) {
  constexpr char n = char(-1), a = char(j), b = a + 2, c = a + 4, d = a + 6, e = a + 8, f = a + 10, g = a + 12,
                 h = a + 14;
  const Vector all = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pairs)));
  if (kSigned)
    return _mm256_srai_epi16(_mm256_shuffle_epi8(all, _mm256_setr_epi8(n, a, n, a, n, b, n, b, n, c, n, c, n, d, n, d,
                                                                       n, e, n, e, n, f, n, f, n, g, n, g, n, h, n, h)),
                             8);
  return _mm256_shuffle_epi8(all, _mm256_setr_epi8(a, n, a, n, b, n, b, n, c, n, c, n, d, n, d, n, e, n, e, n, f, n, f,
                                                   n, g, n, g, n, h, n, h, n));
}
QUERN_INLINE Scale low_bits(Scale s) { return _mm256_and_si256(s, _mm256_set1_epi16(15)); }
// Products of group g of a chain, added to those before it.
template <bool kSigned, int g>
QUERN_INLINE void add_products(Vector& chain, Vector codes, Vector x) {
  const Vector products = kSigned ? _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(x, codes))
                                  : _mm256_maddubs_epi16(codes, x);
  chain = g == 0 ? products : _mm256_add_epi16(chain, products);
  QUERN_KEEP_ORDER(chain);
}
template <int kChain, bool kSigned, int g>
QUERN_INLINE void dot(Vector& chain, Vector& sum, Vector codes, Vector x) {
  add_products<kSigned, g % kChain>(chain, codes, x);
  if constexpr ((g + 1) % kChain == 0) {
    const Vector widened = _mm256_madd_epi16(chain, _mm256_set1_epi16(1));
    sum = g < kChain ? widened : _mm256_add_epi32(sum, widened);
    QUERN_KEEP_ORDER(sum);
  }
}
template <int kChain, bool kSigned, int g, int kGroups>
QUERN_INLINE void dot_scaled(Vector& chain, Vector& sum, Vector codes, Vector x, Vector scale) {
  constexpr int kRun = kChain < kGroups ? kChain : kGroups;
  add_products<kSigned, g % kRun>(chain, codes, x);
  if constexpr ((g + 1) % kRun == 0) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(chain, scale));
    QUERN_KEEP_ORDER(sum);
  }
}

#include "tensor/kernels/quant_codes-inl.h"
#include "tensor/kernels/quant_tiles-inl.h"
#undef QUERN_INLINE
#undef QUERN_KEEP_ORDER

}  // namespace quant_avx2
}  // namespace
}  // namespace quern
HWY_POP_ATTRIBUTES

namespace quern {
const QuantInstructions* quant_instructions_avx2() {
  static constexpr QuantInstructions kInstructions{"avx2", quantise_rows_avx2, quant_avx2::tiles_of};
  return &kInstructions;
}
}  // namespace quern

#else
namespace quern {
const QuantInstructions* quant_instructions_avx2() { return nullptr; }
}  // namespace quern
#endif
