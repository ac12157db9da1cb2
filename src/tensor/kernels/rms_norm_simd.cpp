// SPDX-License-Identifier: MIT
#include <cmath>

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"
#include "tensor/kernels/rms_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/rms_norm_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void RmsNorm(const float* x, const float* w, float w_offset, float eps, float* y, float* rstd, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t n = begin; n < end; ++n) {
      const float* x_n = x + n * C;
      float* y_n = y + n * C;
      const float sum_sq = sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR {
        const auto v = hn::LoadU(d, x_n + c);
        return hn::Mul(v, v);
      });
      const float r = 1.0f / std::sqrt(sum_sq / float(C) + eps);
      if (rstd) rstd[n] = r;
      if (w) {
        for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
          const auto gain = hn::Add(hn::LoadU(d, w + c), hn::Set(d, w_offset));
          hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x_n + c), hn::Set(d, r)), gain), d, y_n + c);
        });
      } else {
        for_each_vector(C, [=](auto d, int64_t c)
                               HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, x_n + c), hn::Set(d, r)), d, y_n + c); });
      }
    }
  });
}

void RmsNormBackward(const float* x, const float* w, float w_offset, const float* rstd, const float* dy, float* dx,
                     bool accumulate_dx, float* dw, int64_t N, int64_t C) {
  sum_over_rows(N, C, dw, [=](int64_t first, int64_t last, float* dw_part) HWY_ATTR {
    for (int64_t n = first; n < last; ++n) {
      const float *x_n = x + n * C, *dy_n = dy + n * C;
      float* dx_n = dx + n * C;
      const float r = rstd[n];
      const auto g = [=](auto d, int64_t c) HWY_ATTR {  // gradient of the normalised value
        const auto dy_c = hn::LoadU(d, dy_n + c);
        return w ? hn::Mul(dy_c, hn::Add(hn::LoadU(d, w + c), hn::Set(d, w_offset))) : dy_c;
      };
      const float sum_gx =
          sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(g(d, c), hn::LoadU(d, x_n + c)); });
      const float pull = -sum_gx * r * r / float(C);  // dx = r (g + pull x)
      for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
        const auto x_c = hn::LoadU(d, x_n + c);
        if (dw) {
          const auto xr_dy = hn::Mul(hn::Mul(x_c, hn::Set(d, r)), hn::LoadU(d, dy_n + c));
          hn::StoreU(hn::Add(hn::LoadU(d, dw_part + c), xr_dy), d, dw_part + c);
        }
        auto result = hn::Mul(hn::Set(d, r), hn::MulAdd(hn::Set(d, pull), x_c, g(d, c)));
        if (accumulate_dx) result = hn::Add(result, hn::LoadU(d, dx_n + c));
        hn::StoreU(result, d, dx_n + c);
      });
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(RmsNorm);
HWY_EXPORT(RmsNormBackward);

void rms_norm_simd(const float* x, const float* w, float w_offset, float eps, float* y, float* rstd, int64_t N,
                   int64_t C) {
  HWY_DYNAMIC_DISPATCH(RmsNorm)(x, w, w_offset, eps, y, rstd, N, C);
}

void rms_norm_backward_simd(const float* x, const float* w, float w_offset, const float* rstd, const float* dy,
                            float* dx, bool accumulate_dx, float* dw, int64_t N, int64_t C) {
  HWY_DYNAMIC_DISPATCH(RmsNormBackward)(x, w, w_offset, rstd, dy, dx, accumulate_dx, dw, N, C);
}
}  // namespace quern
#endif
