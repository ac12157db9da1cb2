// SPDX-License-Identifier: MIT
#pragma once
// How the quantisers find scales. Given n values x with weights w, each search tries a fixed list of scales, rounds,
// and solves for the best scale of the rounded values (weighted least squares); the least error wins. That is one step
// of Lloyd's method from each of several starting points, the first of which is the range of the values.

#include <bit>
#include <cstdint>

namespace quern {

// Nearest integer, ties to even, for |v| < 2^22.
inline int round_to_int(float v) { return std::bit_cast<int>(v + 12582912.0f) - 0x4b400000; }
inline int round_into(float v, int low, int high) {
  v = v < float(low) ? float(low) : v;
  return round_to_int(v > float(high) ? float(high) : v);
}

// w_i of quantise.h for one block of n values.
void search_weights(const float* x, const float* importance, int n, float* w);

// d with sum w (x - d q)^2 small over integers q in [-levels, levels - 1]. May be negative: the value furthest from
// zero is best served by -levels.
float best_scale(const float* x, const float* w, int n, int levels);

// x ~ scale * q - min with integers q in [0, top]; scale, min >= 0.
struct ScaleMinFit {
  float scale = 0, min = 0;
};
ScaleMinFit best_scale_min(const float* x, const float* w, int n, int top);

// d for x ~ d * kIq4Values[q].
float best_iq4_scale(const float* x, const float* w, int n);
int nearest_iq4_level(float v);  // the q whose level is nearest to v

}  // namespace quern
