// SPDX-License-Identifier: MIT
#include "nn/rotary.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace quern {

namespace {
constexpr int64_t kKnownPositions = 4096;

// The dimension whose wavelength makes `rotations` turns over the original context: arXiv:2309.00071, sect. 3.2.
double yarn_dimension(double rotations, const RopeConfig& c) {
  return double(c.dim) * std::log(double(c.original_context) / (rotations * 2 * M_PI)) / (2 * std::log(c.theta));
}
double yarn_mscale(double factor, double mscale) { return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }
}  // namespace

Rotary::Rotary(const RopeConfig& config) : config_(config) {
  inv_freq_ = inverse_frequencies(0);
  known_ = std::min<int64_t>(kKnownPositions, config.context);
  const size_t R = size_t(config.dim / 2);
  cos_.resize(size_t(known_) * R);
  sin_.resize(size_t(known_) * R);
  const float m = attention_factor();
  for (size_t p = 0; p < size_t(known_); ++p) {
    for (size_t r = 0; r < R; ++r) {
      const double angle = float(p) * inv_freq_[r];
      cos_[p * R + r] = float(std::cos(angle)) * m;
      sin_[p * R + r] = float(std::sin(angle)) * m;
    }
  }
}

float Rotary::attention_factor() const {
  using Kind = RopeConfig::Kind;
  if (config_.kind != Kind::yarn && config_.kind != Kind::longrope) return 1.0f;
  if (config_.attention_factor > 0) return float(config_.attention_factor);
  if (config_.kind == Kind::longrope) {
    const double ratio = std::log(config_.factor) / std::log(double(config_.original_context));
    return config_.factor <= 1 ? 1.0f : float(std::sqrt(1 + ratio));
  }
  if (config_.mscale > 0 && config_.mscale_all_dim > 0)
    return float(yarn_mscale(config_.factor, config_.mscale) / yarn_mscale(config_.factor, config_.mscale_all_dim));
  return float(yarn_mscale(config_.factor, 1.0));
}

int64_t Rotary::length_key(int64_t length) const {
  if (config_.kind == RopeConfig::Kind::dynamic) return length > config_.context ? length : 0;
  if (config_.kind == RopeConfig::Kind::longrope) return length > config_.original_context ? 1 : 0;
  return 0;
}

std::vector<float> Rotary::inverse_frequencies(int64_t length) const {
  using Kind = RopeConfig::Kind;
  const RopeConfig& c = config_;
  double theta = c.theta;
  if (c.kind == Kind::dynamic && length > c.context)
    theta *=
        std::pow(c.factor * double(length) / double(c.context) - (c.factor - 1), double(c.dim) / double(c.dim - 2));
  double low = 0, high = 0;
  if (c.kind == Kind::yarn) {
    low = yarn_dimension(c.beta_fast, c);
    high = yarn_dimension(c.beta_slow, c);
    if (c.truncate) low = std::floor(low), high = std::ceil(high);
    low = std::max(low, 0.0);
    high = std::min(high, double(c.dim - 1));
    if (high == low) high += 0.001;
  }
  const std::vector<double>& own_factors = length_key(length) > 0 ? c.long_factor : c.short_factor;
  std::vector<float> out(size_t(c.dim / 2));
  for (size_t r = 0; r < out.size(); ++r) {
    const double f = double(float(1.0 / std::pow(theta, double(2 * r) / double(c.dim))));
    double value = f;
    if (c.kind == Kind::linear) {
      value = f / c.factor;
    } else if (c.kind == Kind::longrope) {
      value = f / own_factors[r];
    } else if (c.kind == Kind::yarn) {
      const double ramp = std::clamp((double(r) - low) / (high - low), 0.0, 1.0);
      value = f / c.factor * ramp + f * (1 - ramp);
    } else if (c.kind == Kind::llama3) {
      const double wavelength = 2 * M_PI / f, original = double(c.original_context);
      if (wavelength > original / c.low_freq_factor) {
        value = f / c.factor;
      } else if (wavelength >= original / c.high_freq_factor) {
        const double smooth = (original / wavelength - c.low_freq_factor) / (c.high_freq_factor - c.low_freq_factor);
        value = (1 - smooth) * f / c.factor + smooth * f;
      }
    }
    out[r] = float(value);
  }
  return out;
}

RopeTable Rotary::operator()(const Batch& batch) const {
  const int64_t N = batch.size(), R = config_.dim / 2;
  RopeTable table{Tensor::empty({N, R}), Tensor::empty({N, R})};
  const float m = attention_factor();
  for (int64_t s = 0; s < batch.num_sequences(); ++s) {
    const int64_t begin = batch.segments[size_t(s)], end = batch.segments[size_t(s) + 1];
    if (begin == end) continue;
    std::vector<float> own;
    const float* inv_freq = inv_freq_.data();
    const int64_t length =
        batch.rope_lengths.empty() ? batch.positions[size_t(end) - 1] + 1 : batch.rope_lengths[size_t(s)];
    if (length_key(length) != 0) {
      own = inverse_frequencies(length);
      inv_freq = own.data();
    }
    for (int64_t n = begin; n < end; ++n) {
      const int64_t p = batch.positions[size_t(n)];
      float *cos_n = table.cos.data() + n * R, *sin_n = table.sin.data() + n * R;
      if (own.empty() && p < known_) {
        std::memcpy(cos_n, &cos_[size_t(p * R)], size_t(R) * sizeof(float));
        std::memcpy(sin_n, &sin_[size_t(p * R)], size_t(R) * sizeof(float));
        continue;
      }
      for (int64_t r = 0; r < R; ++r) {
        const double angle = float(p) * inv_freq[r];
        cos_n[r] = float(std::cos(angle)) * m;
        sin_n[r] = float(std::sin(angle)) * m;
      }
    }
  }
  return table;
}

}  // namespace quern
