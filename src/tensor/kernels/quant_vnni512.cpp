// SPDX-License-Identifier: MIT
// Block-quantised products for x86-64 with AVX-512 and VNNI: all 16 rows of a panel in one vector.
#include "tensor/kernels/quant_tiles.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#include <utility>

#include "tensor/quant/blocks.h"

// GCC 12 takes the intrinsics' deliberately undefined operands for mistakes.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"

HWY_PUSH_ATTRIBUTES("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
namespace quern {
namespace {
namespace quant_vnni512 {

#define QUERN_INLINE inline __attribute__((always_inline))
using Vector = __m512i;
using VectorF = __m512;
constexpr int kLanes = 16, kVectors = 1;
constexpr int64_t kPrefetchBytes = 4096;

QUERN_INLINE Vector load(const void* p) { return _mm512_loadu_si512(p); }
QUERN_INLINE void store(void* p, Vector v) { _mm512_storeu_si512(p, v); }
QUERN_INLINE VectorF load_f(const void* p) { return _mm512_loadu_ps(p); }
QUERN_INLINE void store_f(void* p, VectorF v) { _mm512_storeu_ps(p, v); }
QUERN_INLINE __m256i load_half(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
QUERN_INLINE Vector zero() { return _mm512_setzero_si512(); }
QUERN_INLINE VectorF zero_f() { return _mm512_setzero_ps(); }
QUERN_INLINE Vector splat(int byte) { return _mm512_set1_epi8(char(byte)); }
QUERN_INLINE Vector splat_int(int i) { return _mm512_set1_epi32(i); }
QUERN_INLINE Vector broadcast(const void* four) {
  int32_t bytes;
  __builtin_memcpy(&bytes, four, 4);
  return _mm512_set1_epi32(bytes);
}
QUERN_INLINE VectorF broadcast_f(const float* p) { return _mm512_set1_ps(*p); }
QUERN_INLINE Vector bit_and(Vector a, Vector b) { return _mm512_and_si512(a, b); }
QUERN_INLINE Vector bit_or(Vector a, Vector b) { return _mm512_or_si512(a, b); }
QUERN_INLINE Vector bit_xor(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
template <int n>
QUERN_INLINE Vector shift_right(Vector v) {
  return n == 0 ? v : _mm512_srli_epi16(v, n);
}
template <int n>
QUERN_INLINE Vector shift_left(Vector v) {
  return n == 0 ? v : _mm512_slli_epi16(v, n);
}
template <int n>
QUERN_INLINE Vector shift_right_32(Vector v) {
  return _mm512_srli_epi32(v, n);
}
template <int n>
QUERN_INLINE Vector shift_left_32(Vector v) {
  return _mm512_slli_epi32(v, n);
}
template <int n>
QUERN_INLINE Vector arithmetic_right_32(Vector v) {
  return _mm512_srai_epi32(v, n);
}
QUERN_INLINE Vector shift_right_by(Vector v, int n) { return _mm512_srl_epi16(v, _mm_cvtsi32_si128(n)); }
QUERN_INLINE Vector lookup(const int8_t* table, Vector index) {
  const __m128i levels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(levels), index);
}
QUERN_INLINE VectorF halves(const uint8_t* p) { return _mm512_cvtph_ps(load_half(p)); }
// 2^(e - 128)
QUERN_INLINE VectorF half_powers_of_two(const uint8_t* e) {
  const Vector bits = _mm512_slli_epi32(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(e))), 23);
  return _mm512_mul_ps(_mm512_castsi512_ps(bits), _mm512_set1_ps(0.5f));
}
QUERN_INLINE VectorF to_float(Vector v) { return _mm512_cvtepi32_ps(v); }
QUERN_INLINE VectorF add(VectorF a, VectorF b) { return _mm512_add_ps(a, b); }
QUERN_INLINE VectorF mul(VectorF a, VectorF b) { return _mm512_mul_ps(a, b); }
QUERN_INLINE VectorF fma(VectorF a, VectorF b, VectorF c) { return _mm512_fmadd_ps(a, b, c); }
QUERN_INLINE VectorF negated_fma(VectorF a, VectorF b, VectorF c) { return _mm512_fnmadd_ps(a, b, c); }
QUERN_INLINE Vector add_int(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
QUERN_INLINE Vector subtract_int(Vector a, Vector b) { return _mm512_sub_epi32(a, b); }
QUERN_INLINE Vector multiply_int(Vector a, Vector b) { return _mm512_mullo_epi32(a, b); }
template <int n>
QUERN_INLINE Vector times(Vector v) {
  static_assert((n & (n - 1)) == 0);
  return _mm512_slli_epi32(v, __builtin_ctz(n));
}
QUERN_INLINE Vector multiply_pairs(Vector a, Vector b) { return _mm512_madd_epi16(a, b); }
QUERN_INLINE Vector widen_unsigned(const uint8_t* p) { return _mm512_cvtepu8_epi16(load_half(p)); }
QUERN_INLINE Vector widen_signed(const uint8_t* p) { return _mm512_cvtepi8_epi16(load_half(p)); }
QUERN_INLINE Vector words(const uint8_t* p) { return _mm512_cvtepu16_epi32(load_half(p)); }
QUERN_INLINE void prefetch(const uint8_t* p, int64_t size_bytes) {
  for (int64_t i = 0; i < size_bytes; i += 64) _mm_prefetch(reinterpret_cast<const char*>(p + i), _MM_HINT_T0);
}
QUERN_INLINE Vector dot_bytes(Vector sum, Vector u, Vector s) { return _mm512_dpbusd_epi32(sum, u, s); }
QUERN_INLINE Vector dot_words(Vector sum, Vector a, Vector b) { return _mm512_dpwssd_epi32(sum, a, b); }
#include "tensor/kernels/quant_dots_vnni-inl.h"
//
#include "tensor/kernels/quant_codes-inl.h"
#include "tensor/kernels/quant_tiles-inl.h"
#undef QUERN_INLINE

}  // namespace quant_vnni512
}  // namespace
}  // namespace quern
HWY_POP_ATTRIBUTES

namespace quern {
const QuantInstructions* quant_instructions_avx512_vnni() {
  static constexpr QuantInstructions kInstructions{"avx512_vnni", quantise_rows_avx2, quant_vnni512::tiles_of};
  return &kInstructions;
}
}  // namespace quern

#else
namespace quern {
const QuantInstructions* quant_instructions_avx512_vnni() { return nullptr; }
}  // namespace quern
#endif
