// SPDX-License-Identifier: MIT
#include <cmath>

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/layer_norm.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/layer_norm_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void LayerNorm(const float* x, const float* w, const float* b, float eps, float* y, float* mean, float* rstd, int64_t N,
               int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t n = begin; n < end; ++n) {
      const float* x_n = x + n * C;
      float* y_n = y + n * C;
      const float m = sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::LoadU(d, x_n + c); }) / float(C);
      const float sum_sq = sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR {
        const auto v = hn::Sub(hn::LoadU(d, x_n + c), hn::Set(d, m));
        return hn::Mul(v, v);
      });
      const float r = 1.0f / std::sqrt(sum_sq / float(C) + eps);
      if (mean) mean[n] = m;
      if (rstd) rstd[n] = r;
      for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
        auto v = hn::Mul(hn::Sub(hn::LoadU(d, x_n + c), hn::Set(d, m)), hn::Set(d, r));
        if (w) v = hn::Mul(v, hn::LoadU(d, w + c));
        if (b) v = hn::Add(v, hn::LoadU(d, b + c));
        hn::StoreU(v, d, y_n + c);
      });
    }
  });
}

// dw and db stand one after the other in the partial sums.
void LayerNormBackward(const float* x, const float* w, const float* mean, const float* rstd, const float* dy, float* dx,
                       bool accumulate_dx, float* dwb, int64_t N, int64_t C) {
  sum_over_rows(N, 2 * C, dwb, [=](int64_t first, int64_t last, float* dw_part) HWY_ATTR {
    float* db_part = dw_part + C;
    for (int64_t n = first; n < last; ++n) {
      const float *x_n = x + n * C, *dy_n = dy + n * C;
      float* dx_n = dx + n * C;
      const float m = mean[n], r = rstd[n];
      const auto xhat = [=](auto d, int64_t c)
                            HWY_ATTR { return hn::Mul(hn::Sub(hn::LoadU(d, x_n + c), hn::Set(d, m)), hn::Set(d, r)); };
      const auto g = [=](auto d, int64_t c) HWY_ATTR {  // gradient of xhat
        const auto dy_c = hn::LoadU(d, dy_n + c);
        return w ? hn::Mul(dy_c, hn::LoadU(d, w + c)) : dy_c;
      };
      const float mean_g = sum_over_vectors(C, g) / float(C);
      const float mean_gx =
          sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(g(d, c), xhat(d, c)); }) / float(C);
      for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
        const auto xhat_c = xhat(d, c), dy_c = hn::LoadU(d, dy_n + c);
        if (dwb) {
          hn::StoreU(hn::MulAdd(dy_c, xhat_c, hn::LoadU(d, dw_part + c)), d, dw_part + c);
          hn::StoreU(hn::Add(dy_c, hn::LoadU(d, db_part + c)), d, db_part + c);
        }
        const auto centred = hn::NegMulAdd(xhat_c, hn::Set(d, mean_gx), hn::Sub(g(d, c), hn::Set(d, mean_g)));
        auto result = hn::Mul(hn::Set(d, r), centred);
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
HWY_EXPORT(LayerNorm);
HWY_EXPORT(LayerNormBackward);

void layer_norm_simd(const float* x, const float* w, const float* b, float eps, float* y, float* mean, float* rstd,
                     int64_t N, int64_t C) {
  HWY_DYNAMIC_DISPATCH(LayerNorm)(x, w, b, eps, y, mean, rstd, N, C);
}

void layer_norm_backward_simd(const float* x, const float* w, const float* mean, const float* rstd, const float* dy,
                              float* dx, bool accumulate_dx, float* dw, float* db, int64_t N, int64_t C) {
  std::vector<float> dwb(dw || db ? size_t(2 * C) : 0, 0.0f);
  HWY_DYNAMIC_DISPATCH(LayerNormBackward)
  (x, w, mean, rstd, dy, dx, accumulate_dx, dwb.empty() ? nullptr : dwb.data(), N, C);
  for (int64_t c = 0; c < C; ++c) {
    if (dw) dw[c] += dwb[size_t(c)];
    if (db) db[c] += dwb[size_t(C + c)];
  }
}
}  // namespace quern
#endif
