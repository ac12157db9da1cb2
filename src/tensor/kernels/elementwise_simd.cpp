// SPDX-License-Identifier: MIT
#include <cmath>

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/elementwise_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

enum class Binary { add, subtract, multiply, multiply_add };

template <Binary op>
void BinaryRange(const float* a, const float* b, float* out, int64_t n) {
  for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
    const auto a_i = hn::LoadU(d, a + i), b_i = hn::LoadU(d, b + i);
    if constexpr (op == Binary::add) hn::StoreU(hn::Add(a_i, b_i), d, out + i);
    if constexpr (op == Binary::subtract) hn::StoreU(hn::Sub(a_i, b_i), d, out + i);
    if constexpr (op == Binary::multiply) hn::StoreU(hn::Mul(a_i, b_i), d, out + i);
    if constexpr (op == Binary::multiply_add) hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::Mul(a_i, b_i)), d, out + i);
  });
}
void AddRange(const float* a, const float* b, float* out, int64_t n) { BinaryRange<Binary::add>(a, b, out, n); }
void SubtractRange(const float* a, const float* b, float* out, int64_t n) {
  BinaryRange<Binary::subtract>(a, b, out, n);
}
void MultiplyRange(const float* a, const float* b, float* out, int64_t n) {
  BinaryRange<Binary::multiply>(a, b, out, n);
}
void MultiplyAddRange(const float* a, const float* b, float* out, int64_t n) {
  BinaryRange<Binary::multiply_add>(a, b, out, n);
}

void ScaleRange(const float* x, float factor, float* out, int64_t n) {
  for_each_vector(
      n, [=](auto d, int64_t i) HWY_ATTR { hn::StoreU(hn::Mul(hn::Set(d, factor), hn::LoadU(d, x + i)), d, out + i); });
}

void AxpyRange(const float* x, float factor, float* out, int64_t n) {
  for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::Mul(hn::Set(d, factor), hn::LoadU(d, x + i))), d, out + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(AddRange);
HWY_EXPORT(SubtractRange);
HWY_EXPORT(MultiplyRange);
HWY_EXPORT(MultiplyAddRange);
HWY_EXPORT(ScaleRange);
HWY_EXPORT(AxpyRange);

void add_simd(const float* a, const float* b, float* out, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(AddRange)(a + begin, b + begin, out + begin, end - begin);
  });
}

void subtract_simd(const float* a, const float* b, float* out, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(SubtractRange)(a + begin, b + begin, out + begin, end - begin);
  });
}

void multiply_simd(const float* a, const float* b, float* out, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(MultiplyRange)(a + begin, b + begin, out + begin, end - begin);
  });
}

void multiply_add_simd(const float* a, const float* b, float* out, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(MultiplyAddRange)(a + begin, b + begin, out + begin, end - begin);
  });
}

void scale_simd(const float* x, float factor, float* out, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(ScaleRange)(x + begin, factor, out + begin, end - begin);
  });
}

void axpy_simd(const float* x, float factor, float* out, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(AxpyRange)(x + begin, factor, out + begin, end - begin);
  });
}

void bias_add_simd(const float* x, const float* b, float* out, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(AddRange)(x + n * C, b, out + n * C, C);
  });
}

void column_scale_simd(const float* x, const float* w, float* out, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(MultiplyRange)(x + n * C, w, out + n * C, C);
  });
}

void row_scale_simd(const float* x, const float* s, float* out, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(ScaleRange)(x + n * C, s[n], out + n * C, C);
  });
}
}  // namespace quern
#endif
