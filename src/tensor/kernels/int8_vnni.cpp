// SPDX-License-Identifier: MIT
// Integer products with VNNI (vpdpbusd), in 256 bits (AVX-VNNI) and 512 (AVX-512). Tiles leave enough accumulators to
// hide five cycles of latency: 4 x 24 of 16 registers, 8 x 48 of 32.
#include "tensor/kernels/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "tensor/kernels/int8_pack_avx2.h"

namespace quern {
namespace {

namespace avx {
#define QUERN_TARGET __attribute__((target("avx2,fma,avxvnni")))
#define QUERN_INLINE inline __attribute__((always_inline, target("avx2,fma,avxvnni")))
using Vector = __m256i;
using VectorF = __m256;
constexpr int64_t kLanes = 8, kMR = 4, kVectors = 3;
QUERN_INLINE Vector load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
QUERN_INLINE VectorF load_f(const float* p) { return _mm256_loadu_ps(p); }
QUERN_INLINE void store_f(float* p, VectorF v) { _mm256_storeu_ps(p, v); }
QUERN_INLINE VectorF zero_f() { return _mm256_setzero_ps(); }
QUERN_INLINE VectorF broadcast_f(const float* p) { return _mm256_broadcast_ss(p); }
QUERN_INLINE Vector broadcast(const int8_t* p) {
  int32_t four;
  std::memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}
QUERN_INLINE Vector dot(Vector sum, Vector u, Vector s) { return _mm256_dpbusd_avx_epi32(sum, u, s); }
QUERN_INLINE VectorF to_float(Vector v) { return _mm256_cvtepi32_ps(v); }
QUERN_INLINE VectorF add(VectorF a, VectorF b) { return _mm256_add_ps(a, b); }
QUERN_INLINE VectorF mul(VectorF a, VectorF b) { return _mm256_mul_ps(a, b); }
QUERN_INLINE VectorF fma(VectorF a, VectorF b, VectorF c) { return _mm256_fmadd_ps(a, b, c); }
#include "tensor/kernels/int8_vnni-inl.h"
#undef QUERN_TARGET
#undef QUERN_INLINE
}  // namespace avx

namespace avx512 {
#define QUERN_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define QUERN_INLINE inline __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
using Vector = __m512i;
using VectorF = __m512;
constexpr int64_t kLanes = 16, kMR = 8, kVectors = 3;
QUERN_INLINE Vector load(const void* p) { return _mm512_loadu_si512(p); }
QUERN_INLINE VectorF load_f(const float* p) { return _mm512_loadu_ps(p); }
QUERN_INLINE void store_f(float* p, VectorF v) { _mm512_storeu_ps(p, v); }
QUERN_INLINE VectorF zero_f() { return _mm512_setzero_ps(); }
QUERN_INLINE VectorF broadcast_f(const float* p) { return _mm512_set1_ps(*p); }
QUERN_INLINE Vector broadcast(const int8_t* p) {
  int32_t four;
  std::memcpy(&four, p, 4);
  return _mm512_set1_epi32(four);
}
QUERN_INLINE Vector dot(Vector sum, Vector u, Vector s) { return _mm512_dpbusd_epi32(sum, u, s); }
QUERN_INLINE VectorF to_float(Vector v) { return _mm512_cvtepi32_ps(v); }
QUERN_INLINE VectorF add(VectorF a, VectorF b) { return _mm512_add_ps(a, b); }
QUERN_INLINE VectorF mul(VectorF a, VectorF b) { return _mm512_mul_ps(a, b); }
QUERN_INLINE VectorF fma(VectorF a, VectorF b, VectorF c) { return _mm512_fmadd_ps(a, b, c); }
#include "tensor/kernels/int8_vnni-inl.h"
#undef QUERN_TARGET
#undef QUERN_INLINE
}  // namespace avx512

}  // namespace

const Int8Kernels* int8_kernels_avx_vnni() {
  static constexpr Int8Kernels kKernels{"avx_vnni", avx::kMR, avx::kNR, 127, 127, 128, int8_pack_avx2, avx::multiply};
  return &kKernels;
}
const Int8Kernels* int8_kernels_avx512_vnni() {
  static constexpr Int8Kernels kKernels{"avx512_vnni", avx512::kMR, avx512::kNR,    127,
                                        127,           128,         int8_pack_avx2, avx512::multiply};
  return &kKernels;
}

}  // namespace quern

#else
namespace quern {
const Int8Kernels* int8_kernels_avx_vnni() { return nullptr; }
const Int8Kernels* int8_kernels_avx512_vnni() { return nullptr; }
}  // namespace quern
#endif
