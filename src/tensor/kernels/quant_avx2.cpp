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
using Vector = __m256i;
using VectorF = __m256;
using Scale = Vector;  // 16 bits, twice per row
constexpr int kLanes = 8, kVectors = 2, kByteOffset = 0;
constexpr int64_t kPrefetchBytes = 2048;

// Keeps the compiler from turning a chain of additions into a tree, for which there are not enough registers.
#define QUERN_KEEP_ORDER(v) asm("" : "+x"(v))

QUERN_INLINE Vector load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
QUERN_INLINE void store(void* p, Vector v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
QUERN_INLINE VectorF load_f(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
QUERN_INLINE void store_f(void* p, VectorF v) { _mm256_storeu_ps(static_cast<float*>(p), v); }
QUERN_INLINE Vector zero() { return _mm256_setzero_si256(); }
QUERN_INLINE VectorF zero_f() { return _mm256_setzero_ps(); }
QUERN_INLINE Vector splat(int byte) { return _mm256_set1_epi8(char(byte)); }
QUERN_INLINE Vector broadcast(const void* four) {
  int32_t bytes;
  __builtin_memcpy(&bytes, four, 4);
  return _mm256_set1_epi32(bytes);
}
QUERN_INLINE VectorF broadcast_f(const float* p) { return _mm256_broadcast_ss(p); }
QUERN_INLINE Vector bit_and(Vector a, Vector b) { return _mm256_and_si256(a, b); }
QUERN_INLINE Vector bit_or(Vector a, Vector b) { return _mm256_or_si256(a, b); }
template <int n>
QUERN_INLINE Vector shift_right(Vector v) {
  return n == 0 ? v : _mm256_srli_epi16(v, n);
}
template <int n>
QUERN_INLINE Vector shift_left(Vector v) {
  return n == 0 ? v : _mm256_slli_epi16(v, n);
}
QUERN_INLINE Vector shift_right_by(Vector v, int n) { return _mm256_srl_epi16(v, _mm_cvtsi32_si128(n)); }
QUERN_INLINE Vector lookup(const int8_t* table, Vector index) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))),
                             index);
}
QUERN_INLINE VectorF halves(const uint8_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
// 2^(e - 128)
QUERN_INLINE VectorF half_powers_of_two(const uint8_t* e) {
  const Vector bits = _mm256_slli_epi32(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(e))), 23);
  return _mm256_mul_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(0.5f));
}
QUERN_INLINE VectorF to_float(Vector v) { return _mm256_cvtepi32_ps(v); }
QUERN_INLINE VectorF add(VectorF a, VectorF b) { return _mm256_add_ps(a, b); }
QUERN_INLINE VectorF mul(VectorF a, VectorF b) { return _mm256_mul_ps(a, b); }
QUERN_INLINE VectorF fma(VectorF a, VectorF b, VectorF c) { return _mm256_fmadd_ps(a, b, c); }
QUERN_INLINE VectorF negated_fma(VectorF a, VectorF b, VectorF c) { return _mm256_fnmadd_ps(a, b, c); }
QUERN_INLINE Vector add_int(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
QUERN_INLINE Vector subtract_int(Vector a, Vector b) { return _mm256_sub_epi32(a, b); }
template <int n>
QUERN_INLINE Vector times(Vector v) {
  static_assert((n & (n - 1)) == 0);
  return _mm256_slli_epi32(v, __builtin_ctz(n));
}
QUERN_INLINE Vector multiply_pairs(Vector a, Vector b) { return _mm256_madd_epi16(a, b); }
QUERN_INLINE Vector widen_unsigned(const uint8_t* p) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
QUERN_INLINE Vector widen_signed(const uint8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
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
QUERN_INLINE void prefetch(const uint8_t* p, int64_t size_bytes) {
  for (int64_t i = 0; i < size_bytes; i += 64) _mm_prefetch(reinterpret_cast<const char*>(p + i), _MM_HINT_T0);
}

// chain = products of group g, added to those before it while there is room.
template <int kChain, bool kSigned, int g>
QUERN_INLINE void add_products(Vector& chain, Vector codes, Vector x) {
  const Vector products = kSigned ? _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(x, codes))
                                  : _mm256_maddubs_epi16(codes, x);
  chain = g % kChain == 0 ? products : _mm256_add_epi16(chain, products);
  QUERN_KEEP_ORDER(chain);
}
template <int kChain, bool kSigned, int g>
QUERN_INLINE void dot(Vector& chain, Vector& sum, Vector codes, Vector x) {
  add_products<kChain, kSigned, g>(chain, codes, x);
  if constexpr ((g + 1) % kChain == 0) {
    const Vector widened = _mm256_madd_epi16(chain, _mm256_set1_epi16(1));
    sum = g < kChain ? widened : _mm256_add_epi32(sum, widened);
    QUERN_KEEP_ORDER(sum);
  }
}
template <int kChain, bool kSigned, int g, int kGroups>
QUERN_INLINE void dot_scaled(Vector& chain, Vector& sum, Vector codes, Vector x, Vector scale) {
  add_products<kChain, kSigned, g>(chain, codes, x);
  if constexpr ((g + 1) % kChain == 0) {
    static_assert(kGroups % kChain == 0);
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
