// SPDX-License-Identifier: MIT
// Integer products for x86-64 with AVX2 but no VNNI. vpmaddubsw multiplies unsigned by signed bytes and adds neighbours
// in 16 bits. With u in [1, 127] and |w| <= 64, four products fit (4 * 127 * 64 < 2^15), so two of its results are
// added before vpmaddwd widens them: three multiplications for 64 products, 8/3 of the rate of f32 multiply-adds.
// Operands have seven bits, the sums are exact.
#include "tensor/kernels/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>

#include "tensor/kernels/gemm_kernels.h"
#include "tensor/kernels/int8_pack_avx2.h"

#define QUERN_AVX2 __attribute__((target("avx2,fma,f16c")))
#define QUERN_AVX2_INLINE inline __attribute__((always_inline, target("avx2,fma,f16c")))

namespace quern {
namespace {

constexpr int64_t kMR = 4, kNR = 16;
constexpr int64_t kStripBytes = 12 << 10;  // of packed b: it stays in L1 while the rows of c go by in memory's order

QUERN_AVX2_INLINE __m256i load(const int8_t* p) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(p)); }
QUERN_AVX2_INLINE __m256i broadcast4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}

// Exact integer sums of a 4 x 16 tile over `depth` k, a multiple of 8.
QUERN_AVX2_INLINE void sum_tile(int64_t depth, const int8_t* a, const int8_t* b, const int32_t* start,
                                __m256i sum[kMR][2]) {
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i start0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(start));
  const __m256i start1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(start + 8));
#pragma GCC unroll 4
  for (int i = 0; i < kMR; ++i) sum[i][0] = start0, sum[i][1] = start1;
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; k += 8) {
    const __m256i b00 = load(b + k * kNR), b01 = load(b + k * kNR + 32);
    const __m256i b10 = load(b + k * kNR + 64), b11 = load(b + k * kNR + 96);
#pragma GCC unroll 4
    for (int i = 0; i < kMR; ++i) {
      const __m256i a0 = broadcast4(a + k * kMR + i * 4), a1 = broadcast4(a + k * kMR + 16 + i * 4);
      const __m256i t0 = _mm256_add_epi16(_mm256_maddubs_epi16(a0, b00), _mm256_maddubs_epi16(a1, b10));
      sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(t0, ones));
      const __m256i t1 = _mm256_add_epi16(_mm256_maddubs_epi16(a0, b01), _mm256_maddubs_epi16(a1, b11));
      sum[i][1] = _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(t1, ones));
    }
  }
}

struct Tile {
  const int8_t *a, *b;
  const float *a_scales, *b_scales;
  const int32_t* start;
  float* c;
  int64_t ldc, rows, cols;
  bool add_c;
  const float* bias;
};

QUERN_AVX2_INLINE void store_tile(const Tile& t, const __m256 total[kMR][2]) {
  if (t.rows == kMR && t.cols == kNR) {
    __m256 bias[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    if (t.bias) bias[0] = _mm256_loadu_ps(t.bias), bias[1] = _mm256_loadu_ps(t.bias + 8);
#pragma GCC unroll 4
    for (int i = 0; i < kMR; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        float* c = t.c + i * t.ldc + 8 * v;
        const __m256 base = t.add_c ? _mm256_add_ps(_mm256_loadu_ps(c), bias[v]) : bias[v];
        _mm256_storeu_ps(c, _mm256_add_ps(base, total[i][v]));
      }
    }
    return;
  }
  alignas(32) float part[kMR][kNR];
  for (int i = 0; i < kMR; ++i)
    for (int v = 0; v < 2; ++v) _mm256_store_ps(part[i] + 8 * v, total[i][v]);
  for (int64_t i = 0; i < t.rows; ++i)
    for (int64_t j = 0; j < t.cols; ++j) {
      float& c = t.c[i * t.ldc + j];
      c = (t.add_c ? c : 0.0f) + (t.bias ? t.bias[j] : 0.0f) + part[i][j];
    }
}

QUERN_AVX2 void tile_one_block(int64_t padded, const Tile& t) {
  for (int i = 0; i < kMR; ++i) _mm_prefetch(reinterpret_cast<const char*>(t.c + i * t.ldc), _MM_HINT_T0);
  __m256i sum[kMR][2];
  sum_tile(padded, t.a, t.b, t.start, sum);
  const __m256 b0 = _mm256_loadu_ps(t.b_scales), b1 = _mm256_loadu_ps(t.b_scales + 8);
  __m256 total[kMR][2];
#pragma GCC unroll 4
  for (int i = 0; i < kMR; ++i) {
    const __m256 a_i = _mm256_broadcast_ss(t.a_scales + i);
    total[i][0] = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[i][0]), _mm256_mul_ps(a_i, b0));
    total[i][1] = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[i][1]), _mm256_mul_ps(a_i, b1));
  }
  store_tile(t, total);
}

QUERN_AVX2 void tile_blocks(int64_t padded, int64_t block_k, const Tile& t) {
  for (int i = 0; i < kMR; ++i) _mm_prefetch(reinterpret_cast<const char*>(t.c + i * t.ldc), _MM_HINT_T0);
  __m256 total[kMR][2];
#pragma GCC unroll 4
  for (int i = 0; i < kMR; ++i) total[i][0] = total[i][1] = _mm256_setzero_ps();
  for (int64_t k = 0, block = 0; k < padded; k += block_k, ++block) {
    __m256i sum[kMR][2];
    sum_tile(std::min(block_k, padded - k), t.a + k * kMR, t.b + k * kNR, t.start + block * kNR, sum);
    const __m256 b0 = _mm256_loadu_ps(t.b_scales + block * kNR), b1 = _mm256_loadu_ps(t.b_scales + block * kNR + 8);
#pragma GCC unroll 4
    for (int i = 0; i < kMR; ++i) {
      const __m256 a_i = _mm256_broadcast_ss(t.a_scales + block * kMR + i);
      total[i][0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[i][0]), _mm256_mul_ps(a_i, b0), total[i][0]);
      total[i][1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[i][1]), _mm256_mul_ps(a_i, b1), total[i][1]);
    }
  }
  store_tile(t, total);
}

QUERN_AVX2 void multiply(int64_t rows, int64_t cols, int64_t depth, int64_t block_k, const Int8Kernels::Panels& a,
                         const Int8Kernels::Panels& b, float* c, int64_t ldc, bool add_c, const float* bias) {
  const int64_t blocks = (depth + block_k - 1) / block_k, padded = (depth + 7) / 8 * 8;
  const int64_t strip = std::max(kNR, kStripBytes / padded / kNR * kNR);
  for (int64_t j0 = 0; j0 < cols; j0 += strip)
    for (int64_t i = 0; i < rows; i += kMR)
      for (int64_t j = j0; j < std::min(cols, j0 + strip); j += kNR) {
        const Tile t{a.data + i * padded,
                     b.data + j * padded,
                     a.scales + i * blocks,
                     b.scales + j * blocks,
                     b.start + j * blocks,
                     c + i * ldc + j,
                     ldc,
                     std::min(kMR, rows - i),
                     std::min(kNR, cols - j),
                     add_c,
                     bias ? bias + j : nullptr};
        if (blocks == 1)
          tile_one_block(padded, t);
        else
          tile_blocks(padded, block_k, t);
      }
}

}  // namespace

const Int8Kernels* int8_kernels_avx2() {
  static constexpr Int8Kernels kKernels{"avx2", kMR, kNR, 63, 64, 64, int8_pack_avx2, multiply};
  return &kKernels;
}

}  // namespace quern

#else
namespace quern {
const Int8Kernels* int8_kernels_avx2() { return nullptr; }
}  // namespace quern
#endif
