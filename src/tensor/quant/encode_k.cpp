// SPDX-License-Identifier: MIT
// Superblocks of 256. Each goes the same way: a scale (and min) for every sub-block by itself; the common factor; the
// quantised scales, of which the neighbours are tried as well; the common factor once more, now for the integers
// found; and a last rounding.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "tensor/kernels/convert.h"
#include "tensor/quant/encode.h"
#include "tensor/quant/scale_search.h"

namespace quern {

namespace {

using Values = std::array<float, kSuperBlock>;
using Codes = std::array<uint8_t, kSuperBlock>;

float inverse_of(float d) { return d != 0 ? 1.0f / d : 0.0f; }

void round_sub_block(const float* x, int n, float scale, float min, int top, uint8_t* q) {
  const float inverse = inverse_of(scale);
  for (int i = 0; i < n; ++i) q[i] = uint8_t(round_into((x[i] + min) * inverse, 0, top));
}

// What rounding to scale * q - min leaves.
float error_of(const float* x, const float* w, int n, float scale, float min, int top) {
  const float inverse = inverse_of(scale);
  float error = 0;
  for (int i = 0; i < n; ++i) {
    const float e = scale * float(round_into((x[i] + min) * inverse, 0, top)) - min - x[i];
    error += w[i] * e * e;
  }
  return error;
}

// ---- types with minima: x ~ d scale q - dmin min ---------------------------------------------------------------

template <int kSub>
struct AffineBlock {
  static constexpr int kSubBlocks = kSuperBlock / kSub;
  Half d = 0, dmin = 0;
  std::array<uint8_t, kSubBlocks> scales{}, mins{};
  Codes q{};

  // `top` is the largest q, `top_scale` the largest scale and min.
  AffineBlock(const float* x, const float* importance, int top, int top_scale) : top_(top), top_scale_(top_scale) {
    search_weights(x, importance, kSuperBlock, w_.data());
    std::array<ScaleMinFit, kSubBlocks> fits;
    float largest_scale = 0, largest_min = 0;
    for (int s = 0; s < kSubBlocks; ++s) {
      fits[s] = best_scale_min(x + s * kSub, w_.data() + s * kSub, kSub, top);
      largest_scale = std::max(largest_scale, fits[s].scale);
      largest_min = std::max(largest_min, fits[s].min);
    }
    d = half_factor(largest_scale / float(top_scale), top_scale);
    dmin = half_factor(largest_min / float(top_scale), top_scale);
    for (int s = 0; s < kSubBlocks; ++s) {
      scales[s] = uint8_t(round_into(fits[s].scale * inverse_of(f16_to_f32(d)), 0, top_scale));
      mins[s] = uint8_t(round_into(fits[s].min * inverse_of(f16_to_f32(dmin)), 0, top_scale));
      try_neighbours(x, s);
    }
    round_all(x);
    const AffineBlock before = *this;
    const float error = total_error(x);
    refit(x);
    round_all(x);
    if (!(total_error(x) < error)) *this = before;
  }

 private:
  void try_neighbours(const float* x, int s) {
    const int scale = scales[s], min = mins[s];
    float best = INFINITY;
    for (int a = std::max(0, scale - 1); a <= std::min(top_scale_, scale + 1); ++a)
      for (int b = std::max(0, min - 1); b <= std::min(top_scale_, min + 1); ++b) {
        const float error = error_of(x + s * kSub, w_.data() + s * kSub, kSub, f16_to_f32(d) * float(a),
                                     f16_to_f32(dmin) * float(b), top_);
        if (error < best) best = error, scales[s] = uint8_t(a), mins[s] = uint8_t(b);
      }
  }

  void round_all(const float* x) {
    for (int s = 0; s < kSubBlocks; ++s)
      round_sub_block(x + s * kSub, kSub, f16_to_f32(d) * float(scales[s]), f16_to_f32(dmin) * float(mins[s]), top_,
                      q.data() + s * kSub);
  }

  // d and dmin that suit the integers: the normal equations of x ~ d (scale q) - dmin min.
  void refit(const float* x) {
    double aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
    for (int i = 0; i < kSuperBlock; ++i) {
      const double a = double(scales[i / kSub]) * q[i], b = -double(mins[i / kSub]), w = w_[i];
      aa += w * a * a, ab += w * a * b, bb += w * b * b, ax += w * a * x[i], bx += w * b * x[i];
    }
    const double det = aa * bb - ab * ab;
    double new_d = aa > 0 ? ax / aa : 0, new_dmin = 0;
    if (det > 1e-9 * aa * bb) new_d = (ax * bb - bx * ab) / det, new_dmin = (bx * aa - ax * ab) / det;
    if (!(new_d > 0) || (!(new_dmin > 0) && bb > 0)) return;
    d = half_scale(float(new_d));
    dmin = half_scale(float(new_dmin));
  }

  float total_error(const float* x) const {
    float error = 0;
    for (int i = 0; i < kSuperBlock; ++i) {
      const float e =
          f16_to_f32(d) * float(scales[i / kSub]) * float(q[i]) - f16_to_f32(dmin) * float(mins[i / kSub]) - x[i];
      error += w_[i] * e * e;
    }
    return error;
  }

  int top_, top_scale_;
  Values w_;
};

// The inverse of k4_scale_min().
void pack_k4_scales(const std::array<uint8_t, 8>& scales, const std::array<uint8_t, 8>& mins, uint8_t* out) {
  for (int s = 0; s < 4; ++s) {
    out[s] = uint8_t(scales[s] | scales[s + 4] >> 4 << 6);
    out[s + 4] = uint8_t(mins[s] | mins[s + 4] >> 4 << 6);
    out[s + 8] = uint8_t((scales[s + 4] & 15) | (mins[s + 4] & 15) << 4);
  }
}

void put_low_nibbles(const Codes& q, uint8_t* qs) {
  for (int p = 0; p < 4; ++p)
    for (int l = 0; l < 32; ++l) qs[32 * p + l] = uint8_t((q[64 * p + l] & 15) | (q[64 * p + 32 + l] & 15) << 4);
}

// Two bits of each value as q2_k, q3_k and tq2_0 arrange them.
void put_two_bits(const Codes& q, uint8_t* qs) {
  for (int h = 0; h < 2; ++h)
    for (int l = 0; l < 32; ++l) {
      const uint8_t* at = q.data() + 128 * h + l;
      qs[32 * h + l] = uint8_t((at[0] & 3) | (at[32] & 3) << 2 | (at[64] & 3) << 4 | (at[96] & 3) << 6);
    }
}

// ---- types without: x ~ d scale q, q in [-levels, levels - 1] --------------------------------------------------

// Round: q (as a level, that is as a number) and its code of a value over its scale.
struct Integers {
  int levels;
  int code(float v) const { return round_into(v, -levels, levels - 1) + levels; }
  float level(int code) const { return float(code - levels); }
  float best(const float* x, const float* w, int n) const { return best_scale(x, w, n, levels); }
};
struct Iq4Levels {
  int code(float v) const { return nearest_iq4_level(v); }
  float level(int code) const { return float(kIq4Values[code]); }
  float best(const float* x, const float* w, int n) const { return best_iq4_scale(x, w, n); }
};

template <int kSub, typename Levels>
struct SymmetricBlock {
  static constexpr int kSubBlocks = kSuperBlock / kSub;
  Half d = 0;
  std::array<int, kSubBlocks> scales{};  // in [-top_scale, top_scale - 1]
  Codes q{};

  SymmetricBlock(const float* x, const float* importance, const Levels& levels, int top_scale)
      : levels_(levels), top_scale_(top_scale) {
    search_weights(x, importance, kSuperBlock, w_.data());
    std::array<float, kSubBlocks> fits;
    float extreme = 0;
    for (int s = 0; s < kSubBlocks; ++s) {
      fits[s] = levels.best(x + s * kSub, w_.data() + s * kSub, kSub);
      if (std::fabs(fits[s]) > std::fabs(extreme)) extreme = fits[s];
    }
    d = half_factor(-extreme / float(top_scale), top_scale);
    for (int s = 0; s < kSubBlocks; ++s) {
      scales[s] = round_into(fits[s] * inverse_of(f16_to_f32(d)), -top_scale, top_scale - 1);
      try_neighbours(x, s);
    }
    round_all(x);
    const SymmetricBlock before = *this;
    const float error = total_error(x);
    refit(x);
    round_all(x);
    if (!(total_error(x) < error)) *this = before;
  }

 private:
  void try_neighbours(const float* x, int s) {
    const int scale = scales[s];
    float best = INFINITY;
    for (int a = std::max(-top_scale_, scale - 1); a <= std::min(top_scale_ - 1, scale + 1); ++a) {
      const float step = f16_to_f32(d) * float(a), inverse = inverse_of(step);
      float error = 0;
      for (int i = s * kSub; i < (s + 1) * kSub; ++i) {
        const float e = step * levels_.level(levels_.code(x[i] * inverse)) - x[i];
        error += w_[i] * e * e;
      }
      if (error < best) best = error, scales[s] = a;
    }
  }

  void round_all(const float* x) {
    for (int i = 0; i < kSuperBlock; ++i)
      q[i] = uint8_t(levels_.code(x[i] * inverse_of(f16_to_f32(d) * float(scales[i / kSub]))));
  }

  void refit(const float* x) {
    double aa = 0, ax = 0;
    for (int i = 0; i < kSuperBlock; ++i) {
      const double a = double(scales[i / kSub]) * levels_.level(q[i]);
      aa += w_[i] * a * a, ax += w_[i] * a * x[i];
    }
    if (aa > 0) d = half_scale(float(ax / aa));
  }

  float total_error(const float* x) const {
    float error = 0;
    for (int i = 0; i < kSuperBlock; ++i) {
      const float e = f16_to_f32(d) * float(scales[i / kSub]) * levels_.level(q[i]) - x[i];
      error += w_[i] * e * e;
    }
    return error;
  }

  Levels levels_;
  int top_scale_;
  Values w_;
};

}  // namespace

void encode(const float* x, const float* importance, BlockQ2K& b) {
  const AffineBlock<16> fit(x, importance, 3, 15);
  b.d = fit.d, b.dmin = fit.dmin;
  for (int s = 0; s < 16; ++s) b.scales[s] = uint8_t(fit.scales[s] | fit.mins[s] << 4);
  put_two_bits(fit.q, b.qs);
}

void encode(const float* x, const float* importance, BlockQ4K& b) {
  const AffineBlock<32> fit(x, importance, 15, 63);
  b.d = fit.d, b.dmin = fit.dmin;
  pack_k4_scales(fit.scales, fit.mins, b.scales);
  put_low_nibbles(fit.q, b.qs);
}

void encode(const float* x, const float* importance, BlockQ5K& b) {
  const AffineBlock<32> fit(x, importance, 31, 63);
  b.d = fit.d, b.dmin = fit.dmin;
  pack_k4_scales(fit.scales, fit.mins, b.scales);
  put_low_nibbles(fit.q, b.qs);
  std::fill(std::begin(b.qh), std::end(b.qh), uint8_t{0});
  for (int i = 0; i < kSuperBlock; ++i) b.qh[i % 32] = uint8_t(b.qh[i % 32] | fit.q[i] >> 4 << (i / 32));
}

void encode(const float* x, const float* importance, BlockQ3K& b) {
  const SymmetricBlock<16, Integers> fit(x, importance, {4}, 32);
  b.d = fit.d;
  std::fill(std::begin(b.scales), std::end(b.scales), uint8_t{0});
  for (int s = 0; s < 16; ++s) {
    const int scale = fit.scales[s] + 32;
    b.scales[s % 8] = uint8_t(b.scales[s % 8] | (scale & 15) << (4 * (s / 8)));
    b.scales[8 + s % 4] = uint8_t(b.scales[8 + s % 4] | scale >> 4 << (2 * (s / 4)));
  }
  put_two_bits(fit.q, b.qs);
  std::fill(std::begin(b.hmask), std::end(b.hmask), uint8_t{0});
  for (int i = 0; i < kSuperBlock; ++i) b.hmask[i % 32] = uint8_t(b.hmask[i % 32] | fit.q[i] >> 2 << (i / 32));
}

void encode(const float* x, const float* importance, BlockQ6K& b) {
  const SymmetricBlock<16, Integers> fit(x, importance, {32}, 128);
  b.d = fit.d;
  for (int s = 0; s < 16; ++s) b.scales[s] = int8_t(fit.scales[s]);
  std::memset(b.ql, 0, sizeof b.ql);
  std::memset(b.qh, 0, sizeof b.qh);
  for (int i = 0; i < kSuperBlock; ++i) {
    const int h = i / 128, r = i % 128 / 32, l = i % 32;
    uint8_t &low = b.ql[64 * h + 32 * (r % 2) + l], &high = b.qh[32 * h + l];
    low = uint8_t(low | (fit.q[i] & 15) << (4 * (r / 2)));
    high = uint8_t(high | fit.q[i] >> 4 << (2 * r));
  }
}

void encode(const float* x, const float* importance, BlockIq4Xs& b) {
  const SymmetricBlock<32, Iq4Levels> fit(x, importance, {}, 32);
  b.d = fit.d;
  b.scales_h = 0;
  std::fill(std::begin(b.scales_l), std::end(b.scales_l), uint8_t{0});
  for (int s = 0; s < 8; ++s) {
    const int scale = fit.scales[s] + 32;
    b.scales_l[s / 2] = uint8_t(b.scales_l[s / 2] | (scale & 15) << (4 * (s % 2)));
    b.scales_h = uint16_t(b.scales_h | scale >> 4 << (2 * s));
    const uint8_t* q = fit.q.data() + 32 * s;
    for (int j = 0; j < 16; ++j) b.qs[16 * s + j] = uint8_t(q[j] | q[j + 16] << 4);
  }
}

}  // namespace quern
