// SPDX-License-Identifier: MIT
// The tiles of int8_vnni-inl.h with the dot product spelled out in AVX2, so that they are tested where VNNI is missing.
#include <gtest/gtest.h>

#include "tensor/kernels/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.h"
#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/gemm_choice.h"
#include "tensor/kernels/int8_gemm.h"
#include "tensor/kernels/int8_pack_avx2.h"
#include "tensor/kernels/probe.h"

namespace quern {
namespace {

namespace spelled_out {
#define QUERN_TARGET __attribute__((target("avx2,fma")))
#define QUERN_INLINE inline __attribute__((always_inline, target("avx2,fma")))
using Vector = __m256i;
using VectorF = __m256;
constexpr int64_t kLanes = 8, kMR = 12, kVectors = 3;  // 12 rows: a panel that is no multiple of 8
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
QUERN_INLINE Vector dot(Vector sum, Vector u, Vector s) {
  const Vector u_even = _mm256_and_si256(u, _mm256_set1_epi16(255)), u_odd = _mm256_srli_epi16(u, 8);
  const Vector s_even = _mm256_srai_epi16(_mm256_slli_epi16(s, 8), 8), s_odd = _mm256_srai_epi16(s, 8);
  return _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(u_even, s_even), _mm256_madd_epi16(u_odd, s_odd)));
}
QUERN_INLINE VectorF to_float(Vector v) { return _mm256_cvtepi32_ps(v); }
QUERN_INLINE VectorF add(VectorF a, VectorF b) { return _mm256_add_ps(a, b); }
QUERN_INLINE VectorF mul(VectorF a, VectorF b) { return _mm256_mul_ps(a, b); }
QUERN_INLINE VectorF fma(VectorF a, VectorF b, VectorF c) { return _mm256_fmadd_ps(a, b, c); }
#include "tensor/kernels/int8_vnni-inl.h"
}  // namespace spelled_out

TEST(Int8Vnni, TilesEqualTheReferenceBitForBit) {
  if (!cpu_features().avx2 || !cpu_features().fma) GTEST_SKIP() << "this machine has no AVX2";
  const std::string before = kernel_choice();
  static const Int8Kernels kKernels{"vnni spelled out", spelled_out::kMR,     spelled_out::kNR, 127, 127, 128,
                                    int8_pack_avx2,     spelled_out::multiply};
  static const KernelSet kSet{"vnni spelled out", gemm_kernels_portable(), &kKernels, nullptr};
  put_in_force(kSet);
  Rng rng(1);
  for (const auto& [M, N, K] : {std::array<int64_t, 3>{1, 1, 1}, {5, 30, 70}, {27, 55, 700}})
    for (const bool a_rows : {false, true})
      for (const bool b_rows : {false, true})
        for (const int64_t block_k : {0, 128}) {
          const std::vector<float> a = rng.normal(size_t(M * K)), b = rng.normal(size_t(K * N));
          std::vector<float> c(size_t(M * N), 1.0f), ref = c;
          const Mat ma = a_rows ? row_major(a.data(), K) : row_major(a.data(), M).transposed();
          const Mat mb = b_rows ? row_major(b.data(), N) : row_major(b.data(), K).transposed();
          const Int8Options options{.block_k = block_k, .accumulate = true};
          int8_gemm(M, N, K, ma, mb, c.data(), N, options);
          int8_gemm_ref(M, N, K, ma, mb, ref.data(), N, options);
          EXPECT_EQ(c, ref) << M << "x" << N << "x" << K << " block " << block_k;
        }
  force_kernels(before);
}

}  // namespace
}  // namespace quern
#endif
