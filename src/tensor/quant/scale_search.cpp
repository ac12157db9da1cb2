// SPDX-License-Identifier: MIT
#include "tensor/quant/scale_search.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/quant/blocks.h"

namespace quern {

namespace {

float furthest_from_zero(const float* x, int n) {
  float extreme = 0;
  for (int i = 0; i < n; ++i)
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  return extreme;
}

// Keeps the scale whose rounded values explain most of x: for a fixed rounding q the best scale is
// sum w x q / sum w q^2, and the error it leaves is sum w x^2 - (sum w x q)^2 / sum w q^2.
class BestScale {
 public:
  template <typename Round>
  float consider(const float* x, const float* w, int n, float inverse, const Round& round) {
    float xq = 0, qq = 0;
    for (int i = 0; i < n; ++i) {
      const float q = round(x[i] * inverse);
      xq += w[i] * x[i] * q;
      qq += w[i] * q * q;
    }
    if (!(qq > 0)) return 0;
    const float gain = xq * (xq / qq);
    if (gain > gain_) gain_ = gain, scale = xq / qq;
    return xq / qq;
  }
  float scale = 0;

 private:
  float gain_ = 0;
};

// Twice the border between two levels is an integer, so twice a value, rounded up, decides: cell c + 255 holds how many
// borders lie below c / 2.
constexpr std::array<uint8_t, 511> kIq4Cells = [] {
  std::array<uint8_t, 511> cells{};
  for (int c = -255; c <= 255; ++c)
    for (int i = 0; i < 15; ++i) cells[size_t(c + 255)] += c > kIq4Values[i] + kIq4Values[i + 1];
  return cells;
}();

}  // namespace

void search_weights(const float* x, const float* importance, int n, float* w) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * x[i];
  const float mean = sum / float(n);
  for (int i = 0; i < n; ++i) w[i] = (importance ? importance[i] : 1.0f) * std::sqrt(mean + x[i] * x[i]);
}

float best_scale(const float* x, const float* w, int n, int levels) {
  const float extreme = furthest_from_zero(x, n);
  if (std::fabs(extreme) < 1e-30f) return 0;
  const auto round = [levels](float v) { return float(round_into(v, -levels, levels - 1)); };
  BestScale best;
  // The extreme value goes to about -levels, or to about levels - 1.
  for (int step = -9; step <= 9; ++step) {
    best.consider(x, w, n, -(float(levels) + 0.1f * float(step)) / extreme, round);
    best.consider(x, w, n, (float(levels - 1) + 0.1f * float(step)) / extreme, round);
  }
  for (int again = 0; again < 2 && best.scale != 0; ++again) best.consider(x, w, n, 1.0f / best.scale, round);
  return best.scale;
}

ScaleMinFit best_scale_min(const float* x, const float* w, int n, int top) {
  float low = 0, high = x[0];
  for (int i = 0; i < n; ++i) low = std::min(low, x[i]), high = std::max(high, x[i]);
  if (!(high - low > 1e-30f)) return {0, -low};
  float sum_w = 0, sum_x = 0;
  for (int i = 0; i < n; ++i) sum_w += w[i], sum_x += w[i] * x[i];
  float best_error = INFINITY;
  ScaleMinFit best{(high - low) / float(top), -low};
  const auto consider = [&](float inverse, float offset) {
    float q[32], sum_q = 0, sum_qq = 0, sum_xq = 0;
    for (int i = 0; i < n; ++i) {
      q[i] = float(round_into((x[i] - offset) * inverse, 0, top));
      sum_q += w[i] * q[i];
      sum_qq += w[i] * q[i] * q[i];
      sum_xq += w[i] * x[i] * q[i];
    }
    const float det = sum_w * sum_qq - sum_q * sum_q;
    if (!(det > 0)) return;
    float scale = (sum_w * sum_xq - sum_x * sum_q) / det;
    float constant = (sum_qq * sum_x - sum_q * sum_xq) / det;
    if (constant > 0) constant = 0, scale = sum_xq / sum_qq;
    if (!(scale > 0)) return;
    float error = 0;
    for (int i = 0; i < n; ++i) {
      const float e = scale * q[i] + constant - x[i];
      error += w[i] * e * e;
    }
    if (error < best_error) best_error = error, best = {scale, -constant};
  };
  for (int step = -10; step <= 10; ++step) consider((float(top) + 0.1f * float(step)) / (high - low), low);
  for (int again = 0; again < 2; ++again) consider(1.0f / best.scale, -best.min);
  return best;
}

int nearest_iq4_level(float v) {
  const float twice = 2 * (v < -127.5f ? -127.5f : v > 127.5f ? 127.5f : v);
  const int whole = int(twice), above = whole + (twice > float(whole));  // the smallest integer that is not below
  return kIq4Cells[size_t(above + 255)];
}

float best_iq4_scale(const float* x, const float* w, int n) {
  const float extreme = furthest_from_zero(x, n);
  if (std::fabs(extreme) < 1e-30f) return 0;
  const auto round = [](float v) { return float(kIq4Values[nearest_iq4_level(v)]); };
  BestScale best;
  // The extreme value goes to about the lowest level, or to about the highest.
  for (int step = -7; step <= 7; ++step) {
    best.consider(x, w, n, (float(kIq4Values[0]) + float(step)) / extreme, round);
    best.consider(x, w, n, (float(kIq4Values[15]) + float(step)) / extreme, round);
  }
  for (int again = 0; again < 2 && best.scale != 0; ++again) best.consider(x, w, n, 1.0f / best.scale, round);
  return best.scale;
}

}  // namespace quern
