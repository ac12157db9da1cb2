// SPDX-License-Identifier: MIT
// Rounding f32 to bytes on the way into the panels of int8_kernels.h: two passes over a strip that lies in cache, the
// largest magnitude first. Both directions in which memory may run have their own pair of passes; anything else is
// copied to a strip of f32 first.
#include "tensor/kernels/int8_pack_avx2.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "tensor/kernels/gemm_kernels.h"

#define QUERN_AVX2 __attribute__((target("avx2,fma,f16c")))
#define QUERN_AVX2_INLINE inline __attribute__((always_inline, target("avx2,fma,f16c")))

namespace quern {
namespace {

struct Job {
  int64_t first;  // row of the panels at which the data begin
  int64_t rows, depth, padded, block_k, blocks, width;
  int32_t max, offset;
  Int8Kernels::Panels out;

  // Byte 0 of the group of four k in which k lies, for row i.
  int8_t* group(int64_t i, int64_t k) const {
    i += first;
    return out.data + i / width * width * padded + k * width + i % width * 4;
  }
  int64_t scale_at(int64_t i, int64_t block) const {
    i += first;
    return (i / width * blocks + block) * width + i % width;
  }
  int64_t block_end(int64_t block) const { return block + 1 == blocks ? padded : (block + 1) * block_k; }
};

float as_float(int32_t bits) { return std::bit_cast<float>(bits); }
QUERN_AVX2_INLINE __m256i magnitude(__m256 x) {
  return _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7FFFFFFF));
}
QUERN_AVX2_INLINE __m256i rounded(const float* x, __m256 inverse) {
  return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse));
}

// Bit patterns of magnitudes are ordered like the magnitudes, with infinity and NaN on top.
QUERN_AVX2 int32_t largest_of(const float* x, int64_t n) {
  __m256i m0 = _mm256_setzero_si256(), m1 = m0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    m0 = _mm256_max_epi32(m0, magnitude(_mm256_loadu_ps(x + i)));
    m1 = _mm256_max_epi32(m1, magnitude(_mm256_loadu_ps(x + i + 8)));
  }
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), _mm256_max_epi32(m0, m1));
  int32_t largest = *std::max_element(lanes, lanes + 8);
  for (; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, x + i, 4);
    largest = std::max(largest, bits & 0x7FFFFFFF);
  }
  return largest;
}

// 32 k of one row as bytes; the eight groups of four come out in the order 0 2 4 6 1 3 5 7.
QUERN_AVX2_INLINE __m256i bytes32(const float* x, __m256 inverse) {
  const __m256i low = _mm256_packs_epi32(rounded(x, inverse), rounded(x + 8, inverse));
  const __m256i high = _mm256_packs_epi32(rounded(x + 16, inverse), rounded(x + 24, inverse));
  return _mm256_packs_epi16(low, high);
}

// One block of four rows, contiguous along k: x[r] has `depth` values, of which the panel gets `padded`.
QUERN_AVX2 void quantise_4_rows(const float* const x[4], int64_t depth, int64_t padded, int64_t width, int32_t max,
                                int32_t offset, int8_t* to, float* scales, int32_t* start) {
  __m256 inverse[4];
  for (int r = 0; r < 4; ++r) {
    const Int8Scale scale = int8_scale(as_float(largest_of(x[r], depth)), max);
    inverse[r] = _mm256_set1_ps(scale.inverse);
    scales[r] = scale.scale;
  }
  const __m256i shift = _mm256_set1_epi8(start ? 0 : char(offset)), ones8 = _mm256_set1_epi8(1),
                ones16 = _mm256_set1_epi16(1);
  __m256i total = _mm256_setzero_si256();
  alignas(32) float tail[4][32];
  for (int64_t k = 0; k < padded; k += 32) {
    const float* from[4] = {x[0] + k, x[1] + k, x[2] + k, x[3] + k};
    if (k + 32 > depth) {
      for (int r = 0; r < 4; ++r) {
        for (int64_t i = 0; i < 32; ++i) tail[r][i] = k + i < depth ? x[r][k + i] : 0.0f;
        from[r] = tail[r];
      }
    }
    const __m256i r0 = bytes32(from[0], inverse[0]), r1 = bytes32(from[1], inverse[1]);
    const __m256i r2 = bytes32(from[2], inverse[2]), r3 = bytes32(from[3], inverse[3]);
    const __m256i t0 = _mm256_unpacklo_epi32(r0, r1), t1 = _mm256_unpackhi_epi32(r0, r1);
    const __m256i t2 = _mm256_unpacklo_epi32(r2, r3), t3 = _mm256_unpackhi_epi32(r2, r3);
    // Four rows of two neighbouring groups each.
    const __m256i pair[4] = {_mm256_unpacklo_epi64(t0, t2), _mm256_unpackhi_epi64(t0, t2),
                             _mm256_unpacklo_epi64(t1, t3), _mm256_unpackhi_epi64(t1, t3)};
    const int pairs = int(std::min<int64_t>(4, (padded - k) / 8));
#pragma GCC unroll 4
    for (int p = 0; p < 4; ++p) {
      if (p >= pairs) break;
      total = _mm256_add_epi32(total, _mm256_madd_epi16(_mm256_maddubs_epi16(ones8, pair[p]), ones16));
      const __m256i u = _mm256_add_epi8(pair[p], shift);
      int8_t* at = to + (k + 8 * p) * width;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm256_castsi256_si128(u));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(at + 4 * width), _mm256_extracti128_si256(u, 1));
    }
  }
  if (start) {
    alignas(16) int32_t sums[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(sums),
                    _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1)));
    for (int r = 0; r < 4; ++r) start[r] = -offset * sums[r];
  }
}

void pack_along_k(const float* m, int64_t row_stride, const Job& job) {
  static constexpr float kNothing[kInt8ChunkK] = {};
  for (int64_t i = 0; i < job.rows; i += 4) {
    for (int64_t block = 0; block < job.blocks; ++block) {
      const int64_t k = block * job.block_k, end = std::min(job.depth, k + job.block_k);
      const float* x[4];
      for (int r = 0; r < 4; ++r) x[r] = i + r < job.rows ? m + (i + r) * row_stride + k : kNothing;
      const int64_t at = job.scale_at(i, block);
      quantise_4_rows(x, end - k, job.block_end(block) - k, job.width, job.max, job.offset, job.group(i, k),
                      job.out.scales + at, job.out.start ? job.out.start + at : nullptr);
    }
  }
}

constexpr int64_t kStrip = 128;  // rows at a time, at most

// Largest magnitudes, as bit patterns, of `n` rows over k in [0, depth); neighbouring rows are neighbours in memory.
QUERN_AVX2 void largest_of_rows(const float* x, int64_t k_stride, int64_t n, int64_t depth, int32_t* largest) {
  std::memset(largest, 0, kStrip * sizeof *largest);
  const int64_t full = n / 8 * 8;
  int64_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    const float* x_k = x + k * k_stride;
    for (int64_t i = 0; i < full; i += 8) {
      auto* at = reinterpret_cast<__m256i*>(largest + i);
      const __m256i m0 = magnitude(_mm256_loadu_ps(x_k + i)), m1 = magnitude(_mm256_loadu_ps(x_k + k_stride + i));
      const __m256i m2 = magnitude(_mm256_loadu_ps(x_k + 2 * k_stride + i));
      const __m256i m3 = magnitude(_mm256_loadu_ps(x_k + 3 * k_stride + i));
      const __m256i m = _mm256_max_epi32(_mm256_max_epi32(m0, m1), _mm256_max_epi32(m2, m3));
      _mm256_store_si256(at, _mm256_max_epi32(_mm256_load_si256(at), m));
    }
  }
  const auto scalar = [&](int64_t from_row, int64_t from_k, int64_t end_k) {
    for (int64_t kk = from_k; kk < end_k; ++kk)
      for (int64_t i = from_row; i < n; ++i) {
        int32_t bits;
        std::memcpy(&bits, x + kk * k_stride + i, 4);
        largest[i] = std::max(largest[i], bits & 0x7FFFFFFF);
      }
  };
  scalar(full, 0, k);
  scalar(0, k, depth);
}

// Four k (x[0] to x[3]) of eight rows -> the bytes of two groups of four rows.
QUERN_AVX2_INLINE __m256i bytes_of_8_rows(const float* const x[4], const float* inverse, int32_t* sums) {
  const __m256 scale = _mm256_load_ps(inverse);
  const __m256i q0 = rounded(x[0], scale), q1 = rounded(x[1], scale);
  const __m256i q2 = rounded(x[2], scale), q3 = rounded(x[3], scale);
  auto* at = reinterpret_cast<__m256i*>(sums);
  const __m256i q = _mm256_add_epi32(_mm256_add_epi32(q0, q1), _mm256_add_epi32(q2, q3));
  _mm256_store_si256(at, _mm256_add_epi32(_mm256_load_si256(at), q));
  const __m256i transpose = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1, 5, 9,
                                             13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm256_shuffle_epi8(_mm256_packs_epi16(_mm256_packs_epi32(q0, q1), _mm256_packs_epi32(q2, q3)), transpose);
}

// Neighbouring rows are neighbours in memory; k is k_stride apart. A strip of rows at a time, so that the second pass
// finds it in L2.
QUERN_AVX2 void pack_along_rows(const float* m, int64_t k_stride, const Job& job) {
  alignas(32) int32_t largest[kStrip], sums[kStrip];
  alignas(32) float inverse[kStrip];
  int8_t* places[kStrip / 4];  // where four rows go, for k = 0
  const __m256i shift = _mm256_set1_epi8(job.out.start ? 0 : char(job.offset));
  const int64_t strip_rows = job.block_k > 256 ? 32 : kStrip;
  for (int64_t strip = 0; strip < job.rows; strip += strip_rows) {
    const int64_t n = std::min(strip_rows, job.rows - strip);
    const int64_t full = n / 8 * 8, fours = (n + 3) / 4 * 4;
    for (int64_t i = 0; i < fours; i += 4) places[i / 4] = job.group(strip + i, 0);
    for (int64_t block = 0; block < job.blocks; ++block) {
      const int64_t begin = block * job.block_k, end = std::min(job.depth, begin + job.block_k);
      const float* x = m + strip;
      largest_of_rows(x + begin * k_stride, k_stride, n, end - begin, largest);
      std::memset(sums, 0, sizeof sums);
      for (int64_t i = 0; i < (n + 7) / 8 * 8; ++i) {
        const Int8Scale scale = int8_scale(as_float(largest[i]), job.max);
        inverse[i] = scale.inverse;
        largest[i] = std::bit_cast<int32_t>(scale.scale);
      }
      int64_t k = begin;
      for (; k + 4 <= end; k += 4) {
        const float* x_k = x + k * k_stride;
        const int64_t to = k * job.width;
        for (int64_t i = 0; i < full; i += 8) {
          const float* const from[4] = {x_k + i, x_k + k_stride + i, x_k + 2 * k_stride + i, x_k + 3 * k_stride + i};
          const __m256i u = _mm256_add_epi8(bytes_of_8_rows(from, inverse + i, sums + i), shift);
          _mm_store_si128(reinterpret_cast<__m128i*>(places[i / 4] + to), _mm256_castsi256_si128(u));
          _mm_store_si128(reinterpret_cast<__m128i*>(places[i / 4 + 1] + to), _mm256_extracti128_si256(u, 1));
        }
      }
      // What is left at both edges, padded with zeros.
      for (int64_t kk = begin; kk < job.block_end(block); kk += 4) {
        for (int64_t i = kk < k ? full : 0; i < n; i += 8) {
          alignas(32) float part[4][8];
          for (int64_t r = 0; r < 4; ++r)
            for (int64_t l = 0; l < 8; ++l)
              part[r][l] = kk + r < end && i + l < n ? x[(kk + r) * k_stride + i + l] : 0.0f;
          const float* const from[4] = {part[0], part[1], part[2], part[3]};
          const __m256i u = _mm256_add_epi8(bytes_of_8_rows(from, inverse + i, sums + i), shift);
          const int64_t to = kk * job.width;
          _mm_store_si128(reinterpret_cast<__m128i*>(places[i / 4] + to), _mm256_castsi256_si128(u));
          if (i + 4 < fours)
            _mm_store_si128(reinterpret_cast<__m128i*>(places[i / 4 + 1] + to), _mm256_extracti128_si256(u, 1));
        }
      }
      for (int64_t i = 0; i < fours; ++i) {
        const int64_t at = job.scale_at(strip + i, block);
        job.out.scales[at] = as_float(largest[i]);
        if (job.out.start) job.out.start[at] = -job.offset * sums[i];
      }
    }
  }
}

template <typename E>
void pack_any(const Mat& m, int64_t row, int64_t k0, const Job& job) {
  constexpr int64_t kRows = 4;
  alignas(32) float strip[kRows][kInt8ChunkK];
  const E* from = static_cast<const E*>(m.data) + row * m.row_stride + k0 * m.col_stride;
  for (int64_t i = 0; i < job.rows; i += kRows) {
    Job part = job;
    part.rows = std::min(kRows, job.rows - i);
    for (int64_t r = 0; r < part.rows; ++r)
      for (int64_t k = 0; k < job.depth; ++k) strip[r][k] = to_f32(from[(i + r) * m.row_stride + k * m.col_stride]);
    part.first = job.first + i;
    pack_along_k(strip[0], kInt8ChunkK, part);
  }
}

}  // namespace

void int8_pack_avx2(const Mat& m, int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t block_k, int64_t width,
                    int32_t max, int32_t offset, const Int8Kernels::Panels& out) {
  const Job job{0, rows, depth, (depth + 7) / 8 * 8, block_k, (depth + block_k - 1) / block_k, width, max, offset, out};
  const auto* from = static_cast<const float*>(m.data) + row * m.row_stride + k * m.col_stride;
  if (m.dtype == DType::bf16)
    pack_any<Bf16>(m, row, k, job);
  else if (m.dtype == DType::f16)
    pack_any<F16>(m, row, k, job);
  else if (m.col_stride == 1)
    pack_along_k(from, m.row_stride, job);
  else if (m.row_stride == 1)
    pack_along_rows(from, m.col_stride, job);
  else
    pack_any<float>(m, row, k, job);
}

}  // namespace quern
#endif
