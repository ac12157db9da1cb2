// SPDX-License-Identifier: MIT
#pragma once
// What the kernel tests share: random inputs, comparison with a tolerance, finite differences, thread counts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.h"
#include "base/threads.h"

namespace quern::testing {

using Floats = std::vector<float>;

inline Floats normal(int64_t n, uint64_t seed, float scale = 1.0f) {
  Floats x = Rng(seed, "kernel test").normal(size_t(n));
  for (float& v : x) v *= scale;
  return x;
}

// |actual - expected| <= rtol |expected| + atol, NaN equal to NaN; names the worst place.
inline ::testing::AssertionResult close(const Floats& actual, const Floats& expected, double rtol, double atol) {
  if (actual.size() != expected.size()) return ::testing::AssertionFailure() << "sizes differ";
  double worst = 0.0;
  size_t place = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected[i];
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    const double ratio = std::fabs(a - e) / (rtol * std::fabs(e) + atol);
    if (!(ratio <= worst)) {
      worst = std::isnan(ratio) ? INFINITY : ratio;
      place = i;
    }
  }
  if (worst <= 1.0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "at " << place << ": " << actual[place] << ", expected " << expected[place]
                                       << " (" << worst << " times the tolerance)";
}

inline ::testing::AssertionResult same_bits(const Floats& a, const Floats& b) {
  if (a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0)
    return ::testing::AssertionSuccess();
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0)
      return ::testing::AssertionFailure() << "at " << i << ": " << a[i] << " against " << b[i];
  return ::testing::AssertionFailure() << "sizes differ";
}

// Weighted sum, the scalar whose gradient is checked: d(dot(y, dy)) / dx is what a backward kernel gives.
inline double dot(const Floats& a, const Floats& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

// Holds `gradient` to central differences of `loss`, a function of *x. The step balances the f32 outputs' rounding
// (1e-7 / h) against the curvature (h^2); both stay below 1e-3 for the smooth functions tested.
template <class Loss>
void expect_gradient(Floats* x, const Floats& gradient, const Loss& loss, double tolerance = 4e-3) {
  ASSERT_EQ(x->size(), gradient.size());
  const size_t step = std::max<size_t>(1, x->size() / 40);
  for (size_t i = 0; i < x->size(); i += step) {
    const float h = 1e-2f, saved = (*x)[i];
    (*x)[i] = saved + h;
    const double above = loss();
    (*x)[i] = saved - h;
    const double below = loss();
    (*x)[i] = saved;
    const double difference = (above - below) / (2.0 * h);
    EXPECT_NEAR(gradient[i], difference, tolerance * (1.0 + std::fabs(difference))) << "at " << i;
  }
}

// Runs body with 1, 2 and 5 threads, then with what was set before.
template <class Body>
void with_thread_counts(const Body& body) {
  const int before = compute_threads();
  for (int threads : {1, 2, 5}) {
    set_compute_threads(threads);
    body(threads);
  }
  set_compute_threads(before);
}

}  // namespace quern::testing
