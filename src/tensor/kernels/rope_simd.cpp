// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"
#include "tensor/kernels/rope.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/rope_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

// All heads of one row; sign is -1 for the inverse turn.
void RopeRow(const float* x, float* out, const float* cos, const float* sin, float sign, const RopeShape& shape) {
  const int64_t half = shape.R / 2;
  for (int64_t h = 0; h < shape.H; ++h, x += shape.D, out += shape.D) {
    if (shape.pairs == RopePairs::half) {
      for_each_vector(half, [=](auto d, int64_t i) HWY_ATTR {
        const auto a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + half + i);
        const auto c = hn::LoadU(d, cos + i), s = hn::Mul(hn::LoadU(d, sin + i), hn::Set(d, sign));
        hn::StoreU(hn::NegMulAdd(b, s, hn::Mul(a, c)), d, out + i);
        hn::StoreU(hn::MulAdd(b, c, hn::Mul(a, s)), d, out + half + i);
      });
    } else {
      for (int64_t i = 0; i < half; ++i) {
        const float a = x[2 * i], b = x[2 * i + 1], c = cos[i], s = sign * sin[i];
        out[2 * i] = a * c - b * s;
        out[2 * i + 1] = a * s + b * c;
      }
    }
    if (out != x && shape.R < shape.D)
      std::memcpy(out + shape.R, x + shape.R, size_t(shape.D - shape.R) * sizeof(float));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(RopeRow);

void rope_simd(const float* x, int64_t x_stride, float* out, int64_t out_stride, const float* cos, const float* sin,
               const int32_t* positions, const RopeShape& shape) {
  const int64_t half = shape.R / 2;
  const float sign = shape.inverse ? -1.0f : 1.0f;
  parallel_for(shape.N, row_grain(shape.H * shape.D), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const int64_t p = positions ? positions[n] : n;
      HWY_DYNAMIC_DISPATCH(RopeRow)(x + n * x_stride, out + n * out_stride, cos + p * half, sin + p * half, sign,
                                    shape);
    }
  });
}
}  // namespace quern
#endif
