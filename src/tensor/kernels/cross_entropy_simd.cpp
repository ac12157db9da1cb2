// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>

#include "tensor/kernels/cross_entropy.h"
#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/cross_entropy_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

// One row. `factor` is grad_scale times the row's weight.
void CrossEntropyRow(float* x, int32_t label, float factor, float* loss, float* lse, const CrossEntropyOptions& options,
                     int64_t V) {
  const bool counts = label != kIgnoreLabel;
  *loss = 0.0f;
  if (!counts && !lse) {
    if (options.write_grad) std::memset(x, 0, size_t(V) * sizeof(float));
    return;
  }
  const float e = options.label_smoothing, z = options.z_loss, cap = options.softcap;
  const auto logit = [=](auto d, int64_t v) HWY_ATTR {
    const auto x_v = hn::LoadU(d, x + v);
    return cap > 0 ? hn::Mul(hn::Set(d, cap), Tanh(d, hn::Div(x_v, hn::Set(d, cap)))) : x_v;
  };
  const float largest = max_over_vectors(V, logit);
  const float mean_shifted =
      e > 0
          ? sum_over_vectors(V, [=](auto d, int64_t v) HWY_ATTR { return hn::Sub(logit(d, v), hn::Set(d, largest)); }) /
                float(V)
          : 0.0f;
  const float x_y = counts ? x[label] : 0.0f;
  const float logit_y =
      cap > 0 ? hn::GetLane(hn::Mul(hn::Set(OneFloat(), cap), Tanh(OneFloat(), hn::Set(OneFloat(), x_y / cap)))) : x_y;
  // Without a cap the exponentials replace the logits, so that the gradient needs no second one.
  const bool keep = options.write_grad && counts && !(cap > 0);
  const float sum = sum_over_vectors(V, [=](auto d, int64_t v) HWY_ATTR {
    const auto p = Exp(d, hn::Sub(logit(d, v), hn::Set(d, largest)));
    if (keep) hn::StoreU(p, d, x + v);
    return p;
  });
  const float log_sum = std::log(sum), log_sum_exp = largest + log_sum;
  if (lse) *lse = log_sum_exp;
  if (!counts) {
    if (options.write_grad) std::memset(x, 0, size_t(V) * sizeof(float));
    return;
  }
  const float nll = log_sum - (logit_y - largest);  // shifted by the maximum: large logits don't cost digits
  *loss = (1 - e) * nll + e * (log_sum - mean_shifted) + z * log_sum_exp * log_sum_exp;
  if (!options.write_grad) return;

  const float p_factor = factor * (1 + 2 * z * log_sum_exp), smooth = factor * e / float(V);
  if (!(cap > 0)) {
    for_each_vector(V, [=](auto d, int64_t v) HWY_ATTR {
      const auto p = hn::Mul(hn::LoadU(d, x + v), hn::Set(d, p_factor / sum));
      hn::StoreU(hn::Sub(p, hn::Set(d, smooth)), d, x + v);
    });
    x[label] -= factor * (1 - e);
    return;
  }
  for_each_vector(V, [=](auto d, int64_t v) HWY_ATTR {
    const auto t = Tanh(d, hn::Div(hn::LoadU(d, x + v), hn::Set(d, cap)));
    const auto p = Exp(d, hn::Sub(hn::Mul(hn::Set(d, cap), t), hn::Set(d, log_sum_exp)));
    const auto dl = hn::MulSub(p, hn::Set(d, p_factor), hn::Set(d, smooth));
    hn::StoreU(hn::Mul(dl, hn::NegMulAdd(t, t, hn::Set(d, 1.0f))), d, x + v);
  });
  x[label] -= factor * (1 - e) * (1 - (logit_y / cap) * (logit_y / cap));
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(CrossEntropyRow);

void cross_entropy_simd(float* logits, int64_t stride, const int32_t* labels, const float* row_weight, float* loss,
                        float* lse, const CrossEntropyOptions& options, int64_t N, int64_t V) {
  parallel_for(N, row_grain(4 * V), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const float factor = options.grad_scale * (row_weight ? row_weight[n] : 1.0f);
      HWY_DYNAMIC_DISPATCH(CrossEntropyRow)
      (logits + n * stride, labels[n], factor, loss + n, lse ? lse + n : nullptr, options, V);
    }
  });
}
}  // namespace quern
#endif
