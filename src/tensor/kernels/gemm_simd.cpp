// SPDX-License-Identifier: MIT
// Dense products in Highway, for every instruction set without a file of its own: AVX-512 (14 rows x 2 vectors keep 28
// of 32 registers as accumulators), NEON, and the baseline. The body is one; the register count alone differs.
#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/gemm_kernels.h"

#include "tensor/kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/gemm_simd.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
constexpr int64_t kMR = 14, kMaxLanes = 16;  // 32 registers of 16 lanes
constexpr const char* kName = "avx512";
#elif HWY_ARCH_ARM_A64
constexpr int64_t kMR = 8, kMaxLanes = 4;  // 32 registers of 4 lanes
constexpr const char* kName = "portable";
#else
constexpr int64_t kMR = 6, kMaxLanes = 8;  // 16 registers
constexpr const char* kName = "portable";
#endif
using D = hn::CappedTag<float, kMaxLanes>;
constexpr int64_t kVectors = HWY_ARCH_ARM_A64 ? 3 : 2;
constexpr int64_t kLanes = hn::MaxLanes(D()), kNR = kVectors * kLanes;
using V = hn::Vec<D>;

HWY_INLINE V load(D d, const float* p) { return hn::LoadU(d, p); }
HWY_INLINE V load(D d, const Bf16* p) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(p)))));
}
HWY_INLINE V load(D d, const F16* p) {
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(p)));
}

template <typename E>
void pack_a_as(const Mat& m, int64_t row, int64_t rows, int64_t height, int64_t k0, int64_t depth, float* out) {
  const E* a = static_cast<const E*>(m.data) + row * m.row_stride + k0 * m.col_stride;
  for (int64_t i = 0; i < rows; i += height) {
    const int64_t h = std::min(height, rows - i);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t r = 0; r < h; ++r) out[i * depth + k * h + r] = to_f32(a[(i + r) * m.row_stride + k * m.col_stride]);
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
void pack_b_as(const Mat& m, int64_t k0, int64_t depth, int64_t col, int64_t cols, float* out) {
  const E* b = static_cast<const E*>(m.data) + k0 * m.row_stride + col * m.col_stride;
  const D d;
  for (int64_t j = 0; j < cols; j += kNR) {
    float* to = out + j * depth;
    const E* from = b + j * m.col_stride;
    const int64_t n = std::min(kNR, cols - j);
    if (m.col_stride == 1 && n == kNR) {
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t v = 0; v < kNR; v += kLanes) hn::StoreU(load(d, from + k * m.row_stride + v), d, to + k * kNR + v);
    } else {
      constexpr int64_t kDepth = 16;  // of a column at a time, so that its cache line is used up
      for (int64_t k = 0; k < depth; k += kDepth) {
        const int64_t k1 = std::min(depth, k + kDepth);
        for (int64_t c = 0; c < kNR; ++c)
          for (int64_t kk = k; kk < k1; ++kk)
            to[kk * kNR + c] = c < n ? to_f32(from[kk * m.row_stride + c * m.col_stride]) : 0.0f;
      }
    }
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

// c (ROWS, cols) for NV vectors of columns; `panel` is the distance of panels of b.
template <int ROWS, int NV, typename E>
HWY_NOINLINE void tile(int64_t depth, const float* a, const E* b, int64_t panel, int64_t cols,
                       const GemmTarget& target) {
  const D d;
  V sum[ROWS * NV];
#pragma GCC unroll 32
  for (int i = 0; i < ROWS * NV; ++i) sum[i] = hn::Zero(d);
  for (int64_t k = 0; k < depth; ++k) {
    V b_k[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) b_k[v] = load(d, b + v / kVectors * panel + k * kNR + v % kVectors * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; ++i) {
      const V a_ik = hn::Set(d, a[k * ROWS + i]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[i * NV + v] = hn::MulAdd(a_ik, b_k[v], sum[i * NV + v]);
    }
  }
  const V alpha = hn::Set(d, target.alpha);
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const int64_t n = std::min(kLanes, cols - v * kLanes);
    if (n <= 0) break;
    V bias = hn::Zero(d);
    HWY_ALIGN float part[kLanes] = {};
    if (target.bias) {
      for (int64_t j = 0; j < n; ++j) part[j] = target.bias[v * kLanes + j];
      bias = hn::Load(d, part);
    }
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; ++i) {
      float* c = target.c + i * target.ldc + v * kLanes;
      if (n == kLanes) {
        const V base = target.add_c ? hn::Add(hn::LoadU(d, c), bias) : bias;
        hn::StoreU(hn::MulAdd(alpha, sum[i * NV + v], base), d, c);
      } else {
        for (int64_t j = 0; j < n; ++j) part[j] = c[j];
        const V base = target.add_c ? hn::Add(hn::Load(d, part), bias) : bias;
        hn::Store(hn::MulAdd(alpha, sum[i * NV + v], base), d, part);
        for (int64_t j = 0; j < n; ++j) c[j] = part[j];
      }
    }
  }
}

template <int ROWS, int WIDE, typename E>
void row_panel(int64_t cols, int64_t depth, const float* a, const E* b, GemmTarget target) {
  const float* bias = target.bias;
  float* c = target.c;
  for (int64_t j = 0; j < cols;) {
    target.c = c + j;
    target.bias = bias ? bias + j : nullptr;
    const int64_t left = cols - j;
    if (WIDE > kVectors && left >= WIDE * kLanes) {
      tile<ROWS, WIDE, E>(depth, a, b + j * depth, depth * kNR, WIDE * kLanes, target);
      j += WIDE * kLanes;
    } else {
      if (left > kLanes)
        tile<ROWS, kVectors, E>(depth, a, b + j * depth, 0, std::min(left, kNR), target);
      else
        tile<ROWS, 1, E>(depth, a, b + j * depth, 0, left, target);
      j += kNR;
    }
  }
}

void few_rows(int64_t rows, int64_t cols, int64_t depth, const float* a, const float* b, const GemmTarget& target) {
  constexpr int W = int(kVectors);
  switch (rows) {
    case 1:
      return row_panel<1, 2 * W, float>(cols, depth, a, b, target);
    case 2:
      return row_panel<2, 2 * W, float>(cols, depth, a, b, target);
    case 3:
      return row_panel<3, W, float>(cols, depth, a, b, target);
    case 4:
      return row_panel<4, W, float>(cols, depth, a, b, target);
    case 5:
      return row_panel<5, W, float>(cols, depth, a, b, target);
    case 6:
      return row_panel<6, W, float>(cols, depth, a, b, target);
    default:
      break;
  }
  if constexpr (kMR >= 8) {
    if (rows == 7) return row_panel<7, W, float>(cols, depth, a, b, target);
    if (rows == 8) return row_panel<8, W, float>(cols, depth, a, b, target);
  }
  if constexpr (kMR >= 14) {
    switch (rows) {
      case 9:
        return row_panel<9, W, float>(cols, depth, a, b, target);
      case 10:
        return row_panel<10, W, float>(cols, depth, a, b, target);
      case 11:
        return row_panel<11, W, float>(cols, depth, a, b, target);
      case 12:
        return row_panel<12, W, float>(cols, depth, a, b, target);
      case 13:
        return row_panel<13, W, float>(cols, depth, a, b, target);
      default:
        return row_panel<14, W, float>(cols, depth, a, b, target);
    }
  }
}

template <typename E>
void multiply_as(int64_t rows, int64_t cols, int64_t depth, const float* a, int64_t height, const E* b,
                 const GemmTarget& target) {
  if constexpr (sizeof(E) == 4) {
    if (rows <= height) return few_rows(rows, cols, depth, a, b, target);
  } else if (rows == 1) {  // decode with weights in 16 bits: widened on the way into the product
    return row_panel<1, 2 * int(kVectors), E>(cols, depth, a, b, target);
  }
  const D d;
  HWY_ALIGN float widened[sizeof(E) == 4 ? kLanes : kGemmBlockK * kNR];
  for (int64_t j = 0; j < cols; j += kNR) {
    const float* b_j;
    if constexpr (sizeof(E) == 4) {
      b_j = b + j * depth;
    } else {
      for (int64_t i = 0; i < depth * kNR; i += kLanes) hn::Store(load(d, b + j * depth + i), d, widened + i);
      b_j = widened;
    }
    for (int64_t i = 0; i < rows; i += height) {
      const GemmTarget part{target.c + i * target.ldc + j, target.ldc, target.alpha, target.add_c,
                            target.bias ? target.bias + j : nullptr};
      few_rows(std::min(height, rows - i), std::min(kNR, cols - j), depth, a + i * depth, b_j, part);
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

const GemmKernels* simd_table() {
  static constexpr GemmKernels kKernels{kName, kMR, kNR, kMR >= 14 ? 196 : 144, 0, pack_a, pack_b, multiply};
  return &kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {

const GemmKernels* gemm_kernels_avx512() {
#if HWY_ARCH_X86 && (HWY_TARGETS & HWY_AVX3)
  return N_AVX3::simd_table();
#else
  return nullptr;
#endif
}

// The best instruction set of this machine among those that are compiled here and not chosen by a name of their own.
const GemmKernels* gemm_kernels_portable() {
#if HWY_ARCH_X86
#if HWY_TARGETS & HWY_AVX2
  if (cpu_features().avx2 && cpu_features().fma && cpu_features().f16c) return N_AVX2::simd_table();
#endif
#endif
  return HWY_STATIC_DISPATCH(simd_table)();
}

}  // namespace quern
#endif
