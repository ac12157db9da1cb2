// SPDX-License-Identifier: MIT
// Loops over vectors and the transcendental functions, for every *_simd.cpp; included once per instruction set.
// Polynomials: own minimax fits (Remez), their errors are given with them.

#if defined(QUERN_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUERN_VECTOR_MATH_INL_H_
#undef QUERN_VECTOR_MATH_INL_H_
#else
#define QUERN_VECTOR_MATH_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using OneFloat = hn::CappedTag<float, 1>;

// body(d, i) for each vector of d lanes at i, then one value at a time: the tail runs the same code with a one-lane
// tag.
template <class Body>
HWY_INLINE void for_each_vector(int64_t n, const Body& body) {
  const Floats d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  for (; i + L <= n; i += L) body(d, i);
  const OneFloat one;
  for (; i < n; ++i) body(one, i);
}

// Sum over i of term(d, i): four vectors of partial sums, added pairwise, then the tail.
template <class Term>
HWY_INLINE float sum_over_vectors(int64_t n, const Term& term) {
  const Floats d;
  const int64_t L = int64_t(hn::Lanes(d));
  auto a = hn::Zero(d), b = hn::Zero(d), c = hn::Zero(d), e = hn::Zero(d);
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    a = hn::Add(a, term(d, i));
    b = hn::Add(b, term(d, i + L));
    c = hn::Add(c, term(d, i + 2 * L));
    e = hn::Add(e, term(d, i + 3 * L));
  }
  for (; i + L <= n; i += L) a = hn::Add(a, term(d, i));
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
  const OneFloat one;
  for (; i < n; ++i) sum += hn::GetLane(term(one, i));
  return sum;
}

// Largest over i of term(d, i), -inf when n == 0. Where a term is NaN the result is unspecified.
template <class Term>
HWY_INLINE float max_over_vectors(int64_t n, const Term& term) {
  const Floats d;
  const int64_t L = int64_t(hn::Lanes(d));
  auto a = hn::Set(d, -HUGE_VALF), b = a;
  int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    a = hn::Max(a, term(d, i));
    b = hn::Max(b, term(d, i + L));
  }
  for (; i + L <= n; i += L) a = hn::Max(a, term(d, i));
  float largest = hn::GetLane(hn::MaxOfLanes(d, hn::Max(a, b)));
  const OneFloat one;
  for (; i < n; ++i) {
    const float t = hn::GetLane(term(one, i));
    if (t > largest) largest = t;
  }
  return largest;
}

// e^x for x <= 88.37; below -87.33 (the smallest normal number) exactly 0. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial of degree 6 (3.6e-9), 2^n put into the exponent field.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Exp(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  // Adding 1.5 * 2^23 rounds to an integer that then stands in the low bits.
  const V magic = hn::Set(d, 12582912.0f);
  const V t = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V n = hn::Sub(t, magic);
  V r =
      hn::NegMulAdd(n, hn::Set(d, 0.693145751953125f), x);  // ln 2 in two parts, the first short enough that n times it
  r = hn::NegMulAdd(n, hn::Set(d, 1.42860677e-6f), r);      // is exact
  V q = hn::MulAdd(r, hn::Set(d, 0.00138116623f), hn::Set(d, 0.00837013484f));
  q = hn::MulAdd(r, q, hn::Set(d, 0.0416685283f));
  q = hn::MulAdd(r, q, hn::Set(d, 0.166665087f));
  q = hn::MulAdd(r, q, hn::Set(d, 0.499999926f));
  q = hn::MulAdd(hn::Mul(r, r), q, r);
  const V y = hn::Add(q, hn::Set(d, 1.0f));
  const auto bits = hn::Add(hn::BitCast(du, y), hn::ShiftLeft<23>(hn::BitCast(du, t)));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.33f)), hn::BitCast(d, bits));
}

// 1 / (1 + e^-x), with full relative accuracy on both sides.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = Exp(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

// (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x; near zero, where that cancels, x + x^3 Q(x^2) (4.1e-9).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Tanh(D d, V x) {
  const V one = hn::Set(d, 1.0f), a = hn::Abs(x), x2 = hn::Mul(x, x);
  const V e = Exp(d, hn::Mul(a, hn::Set(d, -2.0f)));
  const V far = hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
  V q = hn::MulAdd(x2, hn::Set(d, -0.00571704341f), hn::Set(d, 0.0206505858f));
  q = hn::MulAdd(x2, q, hn::Set(d, -0.0537434976f));
  q = hn::MulAdd(x2, q, hn::Set(d, 0.133314913f));
  q = hn::MulAdd(x2, q, hn::Set(d, -0.333332839f));
  const V near = hn::MulAdd(hn::Mul(x, x2), q, x);
  return hn::IfThenElse(hn::Lt(a, hn::Set(d, 0.625f)), near, far);
}

// The normal distribution: density = e^(-x^2/2) (without 1 / sqrt(2 pi)) and returns P(X <= x) = (1 + erf(x / sqrt 2))
// / 2 with full relative accuracy on both sides: e^(-x^2/2) t R(t), t = 1 / (1 + 0.3 |x|), R of degree 9 (3.4e-9).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V NormalCdf(D d, V x, V& density) {
  const V a = hn::Min(hn::Abs(x), hn::Set(d, 13.5f));          // e^(-x^2/2) is 0 beyond
  const V high = hn::Mul(a, a), low = hn::MulSub(a, a, high);  // x^2 as high + low
  const V e = Exp(d, hn::Mul(high, hn::Set(d, -0.5f)));
  density = hn::NegMulAdd(e, hn::Mul(low, hn::Set(d, 0.5f)), e);
  const V t = hn::Div(hn::Set(d, 1.0f), hn::MulAdd(a, hn::Set(d, 0.3f), hn::Set(d, 1.0f)));
  V r = hn::MulAdd(t, hn::Set(d, -0.0206128469f), hn::Set(d, 0.112375895f));
  r = hn::MulAdd(t, r, hn::Set(d, -0.228067833f));
  r = hn::MulAdd(t, r, hn::Set(d, 0.191582171f));
  r = hn::MulAdd(t, r, hn::Set(d, -0.0792477689f));
  r = hn::MulAdd(t, r, hn::Set(d, 0.0960580714f));
  r = hn::MulAdd(t, r, hn::Set(d, 0.0784254942f));
  r = hn::MulAdd(t, r, hn::Set(d, 0.110227342f));
  r = hn::MulAdd(t, r, hn::Set(d, 0.119572839f));
  r = hn::MulAdd(t, r, hn::Set(d, 0.119686634f));
  const V tail = hn::Mul(density, hn::Mul(t, r));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#endif
