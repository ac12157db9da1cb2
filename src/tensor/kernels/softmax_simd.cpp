// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"
#include "tensor/kernels/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/softmax_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void SoftmaxRow(const float* x, float scale, float* y, int64_t C) {
  const float largest =
      max_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(hn::Set(d, scale), hn::LoadU(d, x + c)); });
  const float sum = sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR {
    const auto e = Exp(d, hn::MulSub(hn::Set(d, scale), hn::LoadU(d, x + c), hn::Set(d, largest)));
    hn::StoreU(e, d, y + c);
    return e;
  });
  if (largest == -HUGE_VALF && !(sum > 0)) {  // exp(-inf - -inf) is NaN; so is a row with a true NaN, which stays
    bool nan = false;
    for (int64_t c = 0; c < C; ++c) nan |= x[c] != x[c];
    if (!nan) std::memset(y, 0, size_t(C) * sizeof(float));
    return;
  }
  const float inverse = 1.0f / sum;
  for_each_vector(
      C, [=](auto d, int64_t c) HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, y + c), hn::Set(d, inverse)), d, y + c); });
}

void SoftmaxBackwardRow(const float* y, const float* dy, float scale, float* dx, bool accumulate, int64_t C) {
  const float dot = sum_over_vectors(
      C, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(hn::LoadU(d, y + c), hn::LoadU(d, dy + c)); });
  for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
    auto result =
        hn::Mul(hn::Mul(hn::Set(d, scale), hn::LoadU(d, y + c)), hn::Sub(hn::LoadU(d, dy + c), hn::Set(d, dot)));
    if (accumulate) result = hn::Add(result, hn::LoadU(d, dx + c));
    hn::StoreU(result, d, dx + c);
  });
}

void LogSoftmaxRow(const float* x, float* y, int64_t C) {
  const float largest = max_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::LoadU(d, x + c); });
  const float sum = sum_over_vectors(
      C, [=](auto d, int64_t c) HWY_ATTR { return Exp(d, hn::Sub(hn::LoadU(d, x + c), hn::Set(d, largest))); });
  const float log_sum = std::log(sum);
  for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {  // x - largest first: it is exact near the maximum
    const auto shifted = hn::Sub(hn::LoadU(d, x + c), hn::Set(d, largest));
    hn::StoreU(hn::Sub(shifted, hn::Set(d, log_sum)), d, y + c);
  });
}

void LogSoftmaxBackwardRow(const float* y, const float* dy, float* dx, bool accumulate, int64_t C) {
  const float sum = sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::LoadU(d, dy + c); });
  for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
    auto result = hn::NegMulAdd(Exp(d, hn::LoadU(d, y + c)), hn::Set(d, sum), hn::LoadU(d, dy + c));
    if (accumulate) result = hn::Add(result, hn::LoadU(d, dx + c));
    hn::StoreU(result, d, dx + c);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(SoftmaxRow);
HWY_EXPORT(SoftmaxBackwardRow);
HWY_EXPORT(LogSoftmaxRow);
HWY_EXPORT(LogSoftmaxBackwardRow);

void softmax_simd(const float* x, float scale, float* y, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(SoftmaxRow)(x + n * C, scale, y + n * C, C);
  });
}

void softmax_backward_simd(const float* y, const float* dy, float scale, float* dx, bool accumulate, int64_t N,
                           int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      HWY_DYNAMIC_DISPATCH(SoftmaxBackwardRow)(y + n * C, dy + n * C, scale, dx + n * C, accumulate, C);
  });
}

void log_softmax_simd(const float* x, float* y, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(LogSoftmaxRow)(x + n * C, y + n * C, C);
  });
}

void log_softmax_backward_simd(const float* y, const float* dy, float* dx, bool accumulate, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      HWY_DYNAMIC_DISPATCH(LogSoftmaxBackwardRow)(y + n * C, dy + n * C, dx + n * C, accumulate, C);
  });
}
}  // namespace quern
#endif
