// SPDX-License-Identifier: MIT
#include "tensor/kernels/softcap.h"

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/softcap_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void SoftcapRange(const float* x, float cap, float* y, int64_t n) {
  for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
    const auto share = hn::Mul(hn::LoadU(d, x + i), hn::Set(d, 1.0f / cap));
    hn::StoreU(hn::Mul(hn::Set(d, cap), Tanh(d, share)), d, y + i);
  });
}

void SoftcapBackwardRange(const float* y, float cap, const float* dy, float* dx, int64_t n) {
  for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
    const auto t = hn::Mul(hn::LoadU(d, y + i), hn::Set(d, 1.0f / cap));
    const auto slope = hn::NegMulAdd(t, t, hn::Set(d, 1.0f));
    hn::StoreU(hn::Mul(hn::LoadU(d, dy + i), slope), d, dx + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(SoftcapRange);
HWY_EXPORT(SoftcapBackwardRange);

void softcap_simd(const float* x, float cap, float* y, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SoftcapRange)(x + begin, cap, y + begin, end - begin);
  });
}

void softcap_backward_simd(const float* y, float cap, const float* dy, float* dx, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SoftcapBackwardRange)(y + begin, cap, dy + begin, dx + begin, end - begin);
  });
}
}  // namespace quern
#endif
