// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

namespace quern {

struct Interval {
  double low = 0, high = 0;
};

inline constexpr double k95 = 1.959964;  // of a normal distribution's standard errors, 95 %

// 95 % interval of a share, of which `right` in `n` were seen. Wilson 1927, "Probable inference, the law of succession,
// and statistical inference"; unlike the normal one it stays inside [0, 1] and is right for few items.
inline Interval wilson_interval(int64_t right, int64_t n) {
  if (n <= 0) return {0, 1};
  const double N = double(n), p = double(right) / N, z2 = k95 * k95;
  const double centre = (p + z2 / (2 * N)) / (1 + z2 / N);
  const double half = k95 / (1 + z2 / N) * std::sqrt(p * (1 - p) / N + z2 / (4 * N * N));
  return {centre - half, centre + half};
}

}  // namespace quern
