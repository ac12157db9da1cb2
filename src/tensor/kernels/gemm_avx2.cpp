// SPDX-License-Identifier: MIT
// Dense products for x86-64 with AVX2 and FMA: a tile of 6 x 16 keeps twelve accumulators, enough to hide the latency
// of two multiply-adds per cycle, and leaves four registers for b and the broadcast of a.
#include "tensor/kernels/gemm_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>

#define QUERN_AVX2 __attribute__((target("avx2,fma,f16c")))
#define QUERN_AVX2_INLINE inline __attribute__((always_inline, target("avx2,fma,f16c")))

namespace quern {
namespace {

constexpr int64_t kMR = 6, kNR = 16;

QUERN_AVX2_INLINE __m256 load8(const float* p) { return _mm256_loadu_ps(p); }
QUERN_AVX2_INLINE __m256 load8(const Bf16* p) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
QUERN_AVX2_INLINE __m256 load8(const F16* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

// The first n of 8 lanes.
QUERN_AVX2_INLINE __m256i lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
QUERN_AVX2_INLINE void store_lanes(float* p, int64_t n, __m256 v) {
  alignas(32) float part[8];
  _mm256_store_ps(part, v);
  for (int64_t i = 0; i < n; ++i) p[i] = part[i];
}

// v[i] lane j  ->  v[j] lane i
QUERN_AVX2_INLINE void transpose8(__m256 v[8]) {
  __m256 t[8], u[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    u[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
    u[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xEE);
    u[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
    u[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xEE);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x20);
    v[i + 4] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x31);
  }
}

// Eight k of up to eight rows (row i at p + i * row_stride), as eight vectors over the rows.
template <int ROWS, typename E>
QUERN_AVX2_INLINE void load_transposed(const E* p, int64_t row_stride, __m256 v[8]) {
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) v[i] = i < ROWS ? load8(p + i * row_stride) : _mm256_setzero_ps();
  transpose8(v);
}

template <int ROWS, typename E>
QUERN_AVX2 void pack_panel_a(const E* a, int64_t row_stride, int64_t col_stride, int64_t depth, float* out) {
  int64_t k = 0;
  if (col_stride == 1) {
    for (; k + 8 <= depth; k += 8) {
      __m256 v[8];
      load_transposed<ROWS>(a + k, row_stride, v);
      // Each store overlaps the next, which puts right what this one wrote too much.
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) _mm256_storeu_ps(out + (k + i) * ROWS, v[i]);
    }
  }
  for (; k < depth; ++k)
    for (int i = 0; i < ROWS; ++i) out[k * ROWS + i] = to_f32(a[i * row_stride + k * col_stride]);
}

// Six neighbours, exactly. (Masked stores are slow on some processors.)
QUERN_AVX2_INLINE void copy6(const float* from, float* to) {
  _mm_storeu_ps(to, _mm_loadu_ps(from));
  _mm_storel_pi(reinterpret_cast<__m64*>(to + 4),
                _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + 4))));
}

// a is contiguous along its rows' index: copy `height` neighbours for each k, all panels of a few k at a time, so that
// memory is read in long runs.
template <typename E>
QUERN_AVX2 void pack_columns_a(const E* a, int64_t col_stride, int64_t rows, int64_t height, int64_t depth,
                               float* out) {
  constexpr int64_t kDepth = 8;
  for (int64_t k0 = 0; k0 < depth; k0 += kDepth) {
    const int64_t k1 = std::min(depth, k0 + kDepth);
    for (int64_t i = 0; i < rows; i += height) {
      const int64_t h = std::min(height, rows - i);
      float* panel = out + i * depth;
      const E* from = a + i;
      if (sizeof(E) == 4 && h == 6) {
        for (int64_t k = k0; k < k1; ++k) copy6(reinterpret_cast<const float*>(from + k * col_stride), panel + k * 6);
      } else {
        for (int64_t k = k0; k < k1; ++k)
          for (int64_t r = 0; r < h; ++r) panel[k * h + r] = to_f32(from[k * col_stride + r]);
      }
    }
  }
}

template <typename E>
QUERN_AVX2 void pack_a_as(const Mat& m, int64_t row, int64_t rows, int64_t height, int64_t k, int64_t depth,
                          float* out) {
  const E* a = static_cast<const E*>(m.data) + row * m.row_stride + k * m.col_stride;
  if (m.row_stride == 1 && m.col_stride != 1) return pack_columns_a(a, m.col_stride, rows, height, depth, out);
  for (int64_t i = 0; i < rows; i += height) {
    const E* panel = a + i * m.row_stride;
    float* to = out + i * depth;
    switch (std::min(height, rows - i)) {
      case 1:
        pack_panel_a<1>(panel, m.row_stride, m.col_stride, depth, to);
        break;
      case 2:
        pack_panel_a<2>(panel, m.row_stride, m.col_stride, depth, to);
        break;
      case 3:
        pack_panel_a<3>(panel, m.row_stride, m.col_stride, depth, to);
        break;
      case 4:
        pack_panel_a<4>(panel, m.row_stride, m.col_stride, depth, to);
        break;
      case 5:
        pack_panel_a<5>(panel, m.row_stride, m.col_stride, depth, to);
        break;
      default:
        pack_panel_a<6>(panel, m.row_stride, m.col_stride, depth, to);
        break;
    }
  }
}

void pack_a(const Mat& a, int64_t row, int64_t rows, int64_t height, int64_t k, int64_t depth, float* out) {
  switch (a.dtype) {
    case DType::bf16:
      return pack_a_as<Bf16>(a, row, rows, height, k, depth, out);
    case DType::f16:
      return pack_a_as<F16>(a, row, rows, height, k, depth, out);
    default:
      return pack_a_as<float>(a, row, rows, height, k, depth, out);
  }
}

template <typename E>
QUERN_AVX2 void pack_b_as(const Mat& m, int64_t k0, int64_t depth, int64_t col, int64_t cols, float* out) {
  const E* b = static_cast<const E*>(m.data) + k0 * m.row_stride + col * m.col_stride;
  const int64_t full = cols / kNR * kNR;
  if (m.col_stride == 1) {  // contiguous along N: copies, a few rows of all panels at a time
    constexpr int64_t kDepth = 8;
    for (int64_t k = 0; k < depth; k += kDepth) {
      const int64_t k1 = std::min(depth, k + kDepth);
      for (int64_t j = 0; j < full; j += kNR) {
        float* to = out + j * depth;
        const E* from = b + j;
        for (int64_t kk = k; kk < k1; ++kk) {
          _mm256_store_ps(to + kk * kNR, load8(from + kk * m.row_stride));
          _mm256_store_ps(to + kk * kNR + 8, load8(from + kk * m.row_stride + 8));
        }
      }
    }
  } else if (m.row_stride == 1) {  // contiguous along K: transposed 8 x 8
    for (int64_t j = 0; j < full; j += 8) {
      float* to = out + j / kNR * kNR * depth + j % kNR;
      const E* from = b + j * m.col_stride;
      int64_t k = 0;
      for (; k + 8 <= depth; k += 8) {
        __m256 v[8];
        load_transposed<8>(from + k, m.col_stride, v);
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) _mm256_store_ps(to + (k + i) * kNR, v[i]);
      }
      for (; k < depth; ++k)
        for (int i = 0; i < 8; ++i) to[k * kNR + i] = to_f32(from[i * m.col_stride + k]);
    }
  } else {
    for (int64_t j = 0; j < full; ++j) {
      float* to = out + j / kNR * kNR * depth + j % kNR;
      for (int64_t k = 0; k < depth; ++k) to[k * kNR] = to_f32(b[k * m.row_stride + j * m.col_stride]);
    }
  }
  if (full < cols) {
    float* to = out + full * depth;
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = 0; j < kNR; ++j)
        to[k * kNR + j] = full + j < cols ? to_f32(b[k * m.row_stride + (full + j) * m.col_stride]) : 0.0f;
  }
}

void pack_b(const Mat& b, int64_t k, int64_t depth, int64_t col, int64_t cols, float* out) {
  switch (b.dtype) {
    case DType::bf16:
      return pack_b_as<Bf16>(b, k, depth, col, cols, out);
    case DType::f16:
      return pack_b_as<F16>(b, k, depth, col, cols, out);
    default:
      return pack_b_as<float>(b, k, depth, col, cols, out);
  }
}

// c (ROWS, cols) for NV vectors of columns, of which the last may be partial. Panels of b lie panel_stride apart.
template <int ROWS, int NV, typename E>
QUERN_AVX2_INLINE void tile(int64_t depth, const float* a, const E* b, int64_t panel_stride, int64_t cols,
                            const GemmTarget& target) {
  for (int i = 0; i < ROWS; ++i) _mm_prefetch(reinterpret_cast<const char*>(target.c + i * target.ldc), _MM_HINT_T0);
  __m256 sum[ROWS][NV];
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) sum[i][v] = _mm256_setzero_ps();
#pragma GCC unroll 4
  for (int64_t k = 0; k < depth; ++k) {
    __m256 b_k[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) b_k[v] = load8(b + v / 2 * panel_stride + k * kNR + v % 2 * 8);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; ++i) {
      const __m256 a_ik = _mm256_broadcast_ss(a + k * ROWS + i);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[i][v] = _mm256_fmadd_ps(a_ik, b_k[v], sum[i][v]);
    }
  }
  const __m256 alpha = _mm256_set1_ps(target.alpha);
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const int64_t n = cols - 8 * v;
    const __m256i mask = lanes(n);
    const __m256 bias = target.bias ? _mm256_maskload_ps(target.bias + 8 * v, mask) : _mm256_setzero_ps();
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; ++i) {
      float* c = target.c + i * target.ldc + 8 * v;
      if (n >= 8) {
        const __m256 base = target.add_c ? _mm256_add_ps(_mm256_loadu_ps(c), bias) : bias;
        _mm256_storeu_ps(c, _mm256_fmadd_ps(alpha, sum[i][v], base));
      } else {
        const __m256 base = target.add_c ? _mm256_add_ps(_mm256_maskload_ps(c, mask), bias) : bias;
        store_lanes(c, n, _mm256_fmadd_ps(alpha, sum[i][v], base));
      }
    }
  }
}

template <int ROWS, int NV, typename E>
QUERN_AVX2 __attribute__((noinline)) void tile_call(int64_t depth, const float* a, const E* b, int64_t panel_stride,
                                                    int64_t cols, const GemmTarget& target) {
  tile<ROWS, NV, E>(depth, a, b, panel_stride, cols, target);
}

// One panel of a against all of b. WIDE vectors at a time where few rows would leave accumulators idle.
template <int ROWS, int WIDE, typename E>
QUERN_AVX2 void row_panel(int64_t cols, int64_t depth, const float* a, const E* b, GemmTarget target) {
  const int64_t panel_stride = depth * kNR;
  const float* bias = target.bias;
  float* c = target.c;
  for (int64_t j = 0; j < cols;) {
    target.c = c + j;
    target.bias = bias ? bias + j : nullptr;
    const E* b_j = b + j * depth;
    if (WIDE > 2 && cols - j >= 8 * WIDE) {
      tile_call<ROWS, WIDE, E>(depth, a, b_j, panel_stride, 8 * WIDE, target);
      j += 8 * WIDE;
    } else {
      const int64_t n = std::min(kNR, cols - j);
      if (n > 8)
        tile_call<ROWS, 2, E>(depth, a, b_j, panel_stride, n, target);
      else
        tile_call<ROWS, 1, E>(depth, a, b_j, panel_stride, n, target);
      j += n;
    }
  }
}

QUERN_AVX2 void few_rows(int64_t rows, int64_t cols, int64_t depth, const float* a, const float* b,
                         const GemmTarget& target) {
  switch (rows) {
    case 1:
      return row_panel<1, 8, float>(cols, depth, a, b, target);
    case 2:
      return row_panel<2, 4, float>(cols, depth, a, b, target);
    case 3:
      return row_panel<3, 4, float>(cols, depth, a, b, target);
    case 4:
      return row_panel<4, 2, float>(cols, depth, a, b, target);
    case 5:
      return row_panel<5, 2, float>(cols, depth, a, b, target);
    default:
      return row_panel<6, 2, float>(cols, depth, a, b, target);
  }
}

template <typename E>
QUERN_AVX2 void multiply_as(int64_t rows, int64_t cols, int64_t depth, const float* a, int64_t height, const E* b,
                            const GemmTarget& target) {
  if constexpr (sizeof(E) == 4) {
    if (rows <= height) return few_rows(rows, cols, depth, a, b, target);
  } else if (rows <= 2) {  // decode with weights in 16 bits: widened on the way into the product
    if (rows == 1) return row_panel<1, 8, E>(cols, depth, a, b, target);
    return row_panel<2, 4, E>(cols, depth, a, b, target);
  }
  const int64_t slice = (depth * kNR + rows - 1) / rows;  // floats of a panel of b per row of a
  alignas(64) float widened[sizeof(E) == 4 ? 1 : kGemmBlockK * kNR];
  for (int64_t j = 0; j < cols; j += kNR) {
    const int64_t n = std::min(kNR, cols - j);
    const float* b_j;
    if constexpr (sizeof(E) == 4) {
      b_j = b + j * depth;
    } else {
      for (int64_t i = 0; i < depth * kNR; i += 8) _mm256_store_ps(widened + i, load8(b + j * depth + i));
      b_j = widened;
    }
    for (int64_t i = 0; i < rows; i += height) {
      const int64_t h = std::min(height, rows - i);
      const GemmTarget part{target.c + i * target.ldc + j, target.ldc, target.alpha, target.add_c,
                            target.bias ? target.bias + j : nullptr};
      // The next panel of b, a slice of it per panel of a, so that it waits in L2.
      if (sizeof(E) == 4 && j + kNR < cols) {
        const char* next = reinterpret_cast<const char*>(b + (j + kNR) * depth + i * slice);
        for (int64_t line = 0; line < h * slice * 4; line += 64) _mm_prefetch(next + line, _MM_HINT_T1);
      }
      if (h == 6 && n > 8)
        tile_call<6, 2, float>(depth, a + i * depth, b_j, 0, n, part);
      else
        few_rows(h, n, depth, a + i * depth, b_j, part);
    }
  }
}

void multiply(int64_t rows, int64_t cols, int64_t depth, const float* a, int64_t height, const void* b, DType b_dtype,
              const GemmTarget& target) {
  switch (b_dtype) {
    case DType::bf16:
      return multiply_as(rows, cols, depth, a, height, static_cast<const Bf16*>(b), target);
    case DType::f16:
      return multiply_as(rows, cols, depth, a, height, static_cast<const F16*>(b), target);
    default:
      return multiply_as(rows, cols, depth, a, height, static_cast<const float*>(b), target);
  }
}

}  // namespace

const GemmKernels* gemm_kernels_avx2() {
  static constexpr GemmKernels kKernels{"avx2", kMR, kNR, 144, 8, pack_a, pack_b, multiply};
  return &kKernels;
}

}  // namespace quern

#else
namespace quern {
const GemmKernels* gemm_kernels_avx2() { return nullptr; }
}  // namespace quern
#endif
