// SPDX-License-Identifier: MIT
// The vector operations of quant_codes-inl.h and quant_tiles-inl.h in 256 bits, but for the dot products: included by
// each file that defines those.

using Vector = __m256i;
using VectorF = __m256;
constexpr int kLanes = 8, kVectors = 2;
constexpr int64_t kPrefetchBytes = 2048;

QUERN_INLINE Vector load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
QUERN_INLINE void store(void* p, Vector v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
QUERN_INLINE VectorF load_f(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
QUERN_INLINE void store_f(void* p, VectorF v) { _mm256_storeu_ps(static_cast<float*>(p), v); }
QUERN_INLINE Vector zero() { return _mm256_setzero_si256(); }
QUERN_INLINE VectorF zero_f() { return _mm256_setzero_ps(); }
QUERN_INLINE Vector splat(int byte) { return _mm256_set1_epi8(char(byte)); }
QUERN_INLINE Vector splat_int(int i) { return _mm256_set1_epi32(i); }
QUERN_INLINE Vector broadcast(const void* four) {
  int32_t bytes;
  __builtin_memcpy(&bytes, four, 4);
  return _mm256_set1_epi32(bytes);
}
QUERN_INLINE VectorF broadcast_f(const float* p) { return _mm256_broadcast_ss(p); }
QUERN_INLINE Vector bit_and(Vector a, Vector b) { return _mm256_and_si256(a, b); }
QUERN_INLINE Vector bit_or(Vector a, Vector b) { return _mm256_or_si256(a, b); }
QUERN_INLINE Vector bit_xor(Vector a, Vector b) { return _mm256_xor_si256(a, b); }
template <int n>
QUERN_INLINE Vector shift_right(Vector v) {
  return n == 0 ? v : _mm256_srli_epi16(v, n);
}
template <int n>
QUERN_INLINE Vector shift_left(Vector v) {
  return n == 0 ? v : _mm256_slli_epi16(v, n);
}
template <int n>
QUERN_INLINE Vector shift_right_32(Vector v) {
  return _mm256_srli_epi32(v, n);
}
template <int n>
QUERN_INLINE Vector shift_left_32(Vector v) {
  return _mm256_slli_epi32(v, n);
}
template <int n>
QUERN_INLINE Vector arithmetic_right_32(Vector v) {
  return _mm256_srai_epi32(v, n);
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
QUERN_INLINE Vector multiply_int(Vector a, Vector b) { return _mm256_mullo_epi32(a, b); }
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
QUERN_INLINE Vector words(const uint8_t* p) {
  return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
QUERN_INLINE void prefetch(const uint8_t* p, int64_t size_bytes) {
  for (int64_t i = 0; i < size_bytes; i += 64) _mm_prefetch(reinterpret_cast<const char*>(p + i), _MM_HINT_T0);
}
