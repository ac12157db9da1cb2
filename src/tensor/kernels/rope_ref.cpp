// SPDX-License-Identifier: MIT
#include "tensor/kernels/rope.h"

namespace quern {

void rope_ref(const float* x, int64_t x_stride, float* out, int64_t out_stride, const float* cos, const float* sin,
              const int32_t* positions, const RopeShape& shape) {
  const int64_t half = shape.R / 2;
  const bool interleaved = shape.pairs == RopePairs::interleaved;
  for (int64_t n = 0; n < shape.N; ++n) {
    const int64_t p = positions ? positions[n] : n;
    for (int64_t h = 0; h < shape.H; ++h) {
      const float* x_h = x + n * x_stride + h * shape.D;
      float* out_h = out + n * out_stride + h * shape.D;
      for (int64_t i = 0; i < half; ++i) {
        const int64_t i_a = interleaved ? 2 * i : i, i_b = interleaved ? 2 * i + 1 : i + half;
        const double a = x_h[i_a], b = x_h[i_b];
        const double c = cos[p * half + i], s = shape.inverse ? -sin[p * half + i] : sin[p * half + i];
        out_h[i_a] = float(a * c - b * s);
        out_h[i_b] = float(a * s + b * c);
      }
      for (int64_t i = shape.R; i < shape.D; ++i) out_h[i] = x_h[i];
    }
  }
}

}  // namespace quern
