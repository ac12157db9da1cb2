// SPDX-License-Identifier: MIT
#include <cmath>
#include <type_traits>

#include "tensor/kernels/activation.h"
#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/activation_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

// gelu_tanh needs no tanh: (1 + tanh(u)) / 2 = sigmoid(2u), with 2u = x (a + b x^2).
inline constexpr float kGeluA = 1.59576912f, kGeluB = 0.0713548163f;  // 2 sqrt(2/pi), and that times 0.044715

// f(x), and f'(x) where `slope` is given; f is known at compile time.
template <Activation f, class D, class V>
HWY_INLINE V Value(D d, V x, V* slope) {
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  if constexpr (f == Activation::relu) {
    if (slope) *slope = hn::IfThenElseZero(hn::Gt(x, zero), one);
    return hn::IfThenZeroElse(hn::Lt(x, zero), x);
  } else if constexpr (f == Activation::relu2) {
    if (slope) *slope = hn::IfThenZeroElse(hn::Lt(x, zero), hn::Add(x, x));
    return hn::IfThenZeroElse(hn::Lt(x, zero), hn::Mul(x, x));
  } else if constexpr (f == Activation::gelu_tanh) {
    const V x2 = hn::Mul(x, x), a = hn::Set(d, kGeluA), b = hn::Set(d, kGeluB);
    const V s = Sigmoid(d, hn::Mul(x, hn::MulAdd(b, x2, a)));
    if (slope) {
      const V du = hn::MulAdd(hn::Mul(hn::Set(d, 3.0f), b), x2, a);
      // x du grows without bound where s (1 - s) is exactly 0 or tiny: multiply by that first.
      *slope = hn::MulAdd(hn::Mul(hn::Mul(s, hn::Sub(one, s)), x), du, s);
    }
    return hn::Mul(x, s);
  } else if constexpr (f == Activation::gelu_erf) {
    V density;
    const V p = NormalCdf(d, x, density);
    if (slope) *slope = hn::MulAdd(hn::Mul(x, hn::Set(d, 0.398942280f)), density, p);
    return hn::Mul(x, p);
  } else if constexpr (f == Activation::quick_gelu || f == Activation::silu) {
    const V k = hn::Set(d, f == Activation::silu ? 1.0f : 1.702f);
    const V s = Sigmoid(d, hn::Mul(k, x));
    if (slope) *slope = hn::MulAdd(hn::Mul(hn::Mul(k, x), s), hn::Sub(one, s), s);
    return hn::Mul(x, s);
  } else if constexpr (f == Activation::sigmoid) {
    const V s = Sigmoid(d, x);
    if (slope) *slope = hn::Mul(s, hn::Sub(one, s));
    return s;
  } else {
    const V t = Tanh(d, x);
    if (slope) *slope = hn::NegMulAdd(t, t, one);
    return t;
  }
}

// Calls body with the activation as a compile-time constant.
template <class Body>
HWY_INLINE void with_constant(Activation f, const Body& body) {
  using A = Activation;
  switch (f) {
    case A::relu:
      return body(std::integral_constant<A, A::relu>());
    case A::relu2:
      return body(std::integral_constant<A, A::relu2>());
    case A::gelu_tanh:
      return body(std::integral_constant<A, A::gelu_tanh>());
    case A::gelu_erf:
      return body(std::integral_constant<A, A::gelu_erf>());
    case A::quick_gelu:
      return body(std::integral_constant<A, A::quick_gelu>());
    case A::silu:
      return body(std::integral_constant<A, A::silu>());
    case A::sigmoid:
      return body(std::integral_constant<A, A::sigmoid>());
    case A::tanh:
      return body(std::integral_constant<A, A::tanh>());
  }
}

void ActivationRange(Activation f, const float* x, float* y, int64_t n) {
  with_constant(f, [=](auto constant) HWY_ATTR {
    for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
      using V = hn::Vec<decltype(d)>;
      hn::StoreU(Value<constant()>(d, hn::LoadU(d, x + i), static_cast<V*>(nullptr)), d, y + i);
    });
  });
}

void ActivationBackwardRange(Activation f, const float* x, const float* dy, float* dx, bool accumulate, int64_t n) {
  with_constant(f, [=](auto constant) HWY_ATTR {
    for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
      hn::Vec<decltype(d)> slope;
      Value<constant()>(d, hn::LoadU(d, x + i), &slope);
      auto result = hn::Mul(slope, hn::LoadU(d, dy + i));
      if (accumulate) result = hn::Add(result, hn::LoadU(d, dx + i));
      hn::StoreU(result, d, dx + i);
    });
  });
}

void GluRow(Activation f, const float* gate, const float* up, float* out, int64_t F) {
  with_constant(f, [=](auto constant) HWY_ATTR {
    for_each_vector(F, [=](auto d, int64_t i) HWY_ATTR {
      using V = hn::Vec<decltype(d)>;
      const V value = Value<constant()>(d, hn::LoadU(d, gate + i), static_cast<V*>(nullptr));
      hn::StoreU(hn::Mul(value, hn::LoadU(d, up + i)), d, out + i);
    });
  });
}

void GluBackwardRow(Activation f, const float* gate, const float* up, const float* dout, float* dgate, float* dup,
                    int64_t F) {
  with_constant(f, [=](auto constant) HWY_ATTR {
    for_each_vector(F, [=](auto d, int64_t i) HWY_ATTR {
      hn::Vec<decltype(d)> slope;
      const auto value = Value<constant()>(d, hn::LoadU(d, gate + i), &slope);
      const auto dout_i = hn::LoadU(d, dout + i), up_i = hn::LoadU(d, up + i);
      hn::StoreU(hn::Mul(hn::Mul(slope, up_i), dout_i), d, dgate + i);
      hn::StoreU(hn::Mul(value, dout_i), d, dup + i);
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(ActivationRange);
HWY_EXPORT(ActivationBackwardRange);
HWY_EXPORT(GluRow);
HWY_EXPORT(GluBackwardRow);

void activation_simd(Activation f, const float* x, float* y, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(ActivationRange)(f, x + begin, y + begin, end - begin);
  });
}

void activation_backward_simd(Activation f, const float* x, const float* dy, float* dx, bool accumulate, int64_t n) {
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(ActivationBackwardRange)(f, x + begin, dy + begin, dx + begin, accumulate, end - begin);
  });
}

void glu_simd(Activation f, const float* gate, int64_t gate_stride, const float* up, int64_t up_stride, float* out,
              int64_t N, int64_t F) {
  parallel_for(N, row_grain(F), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      HWY_DYNAMIC_DISPATCH(GluRow)(f, gate + n * gate_stride, up + n * up_stride, out + n * F, F);
  });
}

void glu_backward_simd(Activation f, const float* gate, const float* up, const float* dout, float* dgate, float* dup,
                       int64_t gate_stride, int64_t up_stride, int64_t N, int64_t F) {
  parallel_for(N, row_grain(F), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const int64_t g = n * gate_stride, u = n * up_stride;
      HWY_DYNAMIC_DISPATCH(GluBackwardRow)(f, gate + g, up + u, dout + n * F, dgate + g, dup + u, F);
    }
  });
}
}  // namespace quern
#endif
