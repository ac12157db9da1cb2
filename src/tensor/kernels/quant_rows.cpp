// SPDX-License-Identifier: MIT
#include "tensor/kernels/quant_rows.h"

#include <algorithm>
#include <cmath>

#include "tensor/kernels/gemm_team.h"
#include "tensor/kernels/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quern {
namespace {

constexpr int32_t kMaxCode = 127;

// Sums of one group's codes, per 16 values.
void put_sums(const QuantRows& rows, int64_t group, float d, const int32_t* sums16) {
  if (rows.group == 32) {
    const int32_t sum = sums16[0] + sums16[1];
    rows.sum[group] = sum;
    rows.d_sum[group] = d * float(sum);
    return;
  }
  for (int i = 0; i < 16; ++i) rows.sum16[group * 16 + i] = int16_t(sums16[i]);
  for (int i = 0; i < 8; ++i) rows.sum32[group * 8 + i] = int16_t(sums16[2 * i] + sums16[2 * i + 1]);
}

}  // namespace

int64_t quant_rows_bytes(int64_t N, int64_t K, int group) {
  const int64_t values = round_up(N * K, 64);
  return round_up(values + values / group * 4 + values / 32 * 8 + 4 * 64, 64);
}

QuantRows quant_rows_at(void* area, int64_t N, int64_t K, int group) {
  QuantRows rows{.K = K, .group = group};
  auto* p = static_cast<char*>(area);
  const auto take = [&](int64_t size_bytes) {
    char* taken = p;
    p += round_up(size_bytes, 64);
    return taken;
  };
  rows.q = reinterpret_cast<int8_t*>(take(N * K));
  rows.d = reinterpret_cast<float*>(take(N * K / group * 4));
  if (group == 32) {
    rows.sum = reinterpret_cast<int32_t*>(take(N * K / 32 * 4));
    rows.d_sum = reinterpret_cast<float*>(take(N * K / 32 * 4));
  } else {
    rows.sum16 = reinterpret_cast<int16_t*>(take(N * K / 16 * 2));
    rows.sum32 = reinterpret_cast<int16_t*>(take(N * K / 32 * 2));
  }
  return rows;
}

void quantise_rows_ref(const QuantInput& x, int64_t begin, int64_t end, const QuantRows& rows) {
  for (int64_t n = begin; n < end; ++n)
    for (int64_t g = 0; g < x.K / rows.group; ++g) {
      const float* x_g = x.x + n * x.row_stride + g * rows.group;
      const QuantRows out = rows.at(n, g * rows.group);
      float largest = 0.0f;
      bool finite = true;
      for (int i = 0; i < rows.group; ++i) {
        finite = finite && std::isfinite(x_g[i]);
        largest = std::max(largest, std::fabs(x_g[i]));
      }
      const Int8Scale scale = int8_scale(finite ? largest : NAN, kMaxCode);
      int32_t sums[16] = {};
      for (int i = 0; i < rows.group; ++i) {
        out.q[i] = finite ? int8_t(std::lrintf(x_g[i] * scale.inverse)) : int8_t(0);
        sums[i / 16] += out.q[i];
      }
      *out.d = scale.scale;
      put_sums(out, 0, scale.scale, sums);
    }
}

#if defined(__x86_64__)
namespace {

#define QUERN_AVX2 __attribute__((target("avx2,fma,f16c")))
#define QUERN_AVX2_INLINE inline __attribute__((always_inline, target("avx2,fma,f16c")))

QUERN_AVX2_INLINE float largest_of(__m256 v) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

// Largest magnitude; NaN when a value is not finite: 0 * x is then NaN, and so is what it is added to.
QUERN_AVX2_INLINE float largest_magnitude(const float* x, int n) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 largest = _mm256_setzero_ps(), zero = largest;
  for (int i = 0; i < n; i += 8) {
    const __m256 v = _mm256_loadu_ps(x + i);
    largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, v));
    zero = _mm256_or_ps(zero, _mm256_sub_ps(v, v));  // +0, or NaN
  }
  const float m = largest_of(largest);
  const bool finite = _mm256_testz_si256(_mm256_castps_si256(zero), _mm256_castps_si256(zero));
  return finite ? m : __builtin_nanf("");
}

QUERN_AVX2_INLINE __m256i eight_codes(const float* x, __m256 inverse) {
  return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse));
}

// 32 codes; the sums of both halves of 16.
QUERN_AVX2_INLINE void put_codes(const float* x, __m256 inverse, int8_t* q, int32_t* sums) {
  const __m256i a = _mm256_packs_epi32(eight_codes(x, inverse), eight_codes(x + 8, inverse));
  const __m256i b = _mm256_packs_epi32(eight_codes(x + 16, inverse), eight_codes(x + 24, inverse));
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum = _mm256_hadd_epi32(_mm256_madd_epi16(a, ones), _mm256_madd_epi16(b, ones));
  const __m128i both = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));  // a a b b
  sums[0] = _mm_extract_epi32(both, 0) + _mm_extract_epi32(both, 1);
  sums[1] = _mm_extract_epi32(both, 2) + _mm_extract_epi32(both, 3);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b), order));
}

}  // namespace

QUERN_AVX2 void quantise_rows_avx2(const QuantInput& x, int64_t begin, int64_t end, const QuantRows& rows) {
  for (int64_t n = begin; n < end; ++n)
    for (int64_t g = 0; g < x.K / rows.group; ++g) {
      const float* x_g = x.x + n * x.row_stride + g * rows.group;
      const QuantRows out = rows.at(n, g * rows.group);
      const float largest = largest_magnitude(x_g, rows.group);
      const Int8Scale scale = int8_scale(largest, kMaxCode);
      int32_t sums[16] = {};
      if (scale.inverse == 0.0f) {
        std::fill_n(out.q, rows.group, int8_t{0});
      } else {
        const __m256 inverse = _mm256_set1_ps(scale.inverse);
        for (int i = 0; i < rows.group; i += 32) put_codes(x_g + i, inverse, out.q + i, sums + i / 16);
      }
      *out.d = scale.scale;
      put_sums(out, 0, scale.scale, sums);
    }
}
#endif

}  // namespace quern
