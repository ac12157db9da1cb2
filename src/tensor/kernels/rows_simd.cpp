// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"
#include "tensor/kernels/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/rows_simd.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// out (C, 4) = x (4, C)^T for the first 4 (C / 4) columns, 4 by 4: two rounds of interleaving.
int64_t TransposeFourRows(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t C) {
#if HWY_TARGET == HWY_SCALAR
  (void)x, (void)x_stride, (void)out, (void)out_stride, (void)C;
  return 0;
#else
  const hn::Full128<float> d;
  const hn::Repartition<double, decltype(d)> pairs;
  int64_t c = 0;
  for (; c + 4 <= C; c += 4) {
    const auto r0 = hn::LoadU(d, x + c), r1 = hn::LoadU(d, x + x_stride + c);
    const auto r2 = hn::LoadU(d, x + 2 * x_stride + c), r3 = hn::LoadU(d, x + 3 * x_stride + c);
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));   // r0[0] r1[0] r0[1] r1[1]
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));  // r0[2] r1[2] r0[3] r1[3]
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    float* to = out + c * out_stride;
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + out_stride);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * out_stride);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * out_stride);
  }
  return c;
#endif
}

// Tiles of 32 columns keep the output lines that are being filled in the first-level cache.
void TransposeRange(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  constexpr int64_t kTile = 32;
  for (int64_t c0 = 0; c0 < C; c0 += kTile) {
    const int64_t width = c0 + kTile <= C ? kTile : C - c0;
    int64_t n = 0;
    for (; n + 4 <= N; n += 4) {
      const float* from = x + n * x_stride + c0;
      float* to = out + c0 * out_stride + n;
      for (int64_t c = TransposeFourRows(from, x_stride, to, out_stride, width); c < width; ++c)
        for (int64_t i = 0; i < 4; ++i) to[c * out_stride + i] = from[i * x_stride + c];
    }
    for (; n < N; ++n)
      for (int64_t c = 0; c < width; ++c) out[(c0 + c) * out_stride + n] = x[n * x_stride + c0 + c];
  }
}

void AddToRow(const float* x, float* out, int64_t C) {
  const hn::ScalableTag<float> d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t c = 0;
  for (; c + L <= C; c += L) hn::StoreU(hn::Add(hn::LoadU(d, out + c), hn::LoadU(d, x + c)), d, out + c);
  for (; c < C; ++c) out[c] += x[c];
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(TransposeRange);
HWY_EXPORT(AddToRow);

void transpose_simd(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  parallel_for(N, 64, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(TransposeRange)(x + begin * x_stride, x_stride, out + begin, out_stride, end - begin, C);
  });
}

void gather_rows_simd(const float* x, int64_t x_stride, const int32_t* rows, float* out, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) std::memcpy(out + n * C, x + rows[n] * x_stride, size_t(C) * sizeof(float));
  });
}

void scatter_rows_simd(const float* x, const int32_t* rows, float* out, int64_t out_stride, bool accumulate, int64_t N,
                       int64_t C) {
  if (!accumulate) {
    parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n)
        std::memcpy(out + rows[n] * out_stride, x + n * C, size_t(C) * sizeof(float));
    });
    return;
  }
  // Rows may repeat: each thread owns columns and walks all rows in order.
  parallel_for(C, std::max<int64_t>(16, kElementGrain / std::max<int64_t>(1, N) / 16 * 16),
               [=](int64_t begin, int64_t end) {
                 for (int64_t n = 0; n < N; ++n)
                   HWY_DYNAMIC_DISPATCH(AddToRow)(x + n * C + begin, out + rows[n] * out_stride + begin, end - begin);
               });
}

void copy_rows_simd(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      std::memcpy(out + n * out_stride, x + n * x_stride, size_t(C) * sizeof(float));
  });
}
}  // namespace quern
#endif
