// SPDX-License-Identifier: MIT
// Blocks of 32. Without importance the first five and mxfp4 follow ggml's arithmetic step by step in f32, because equal
// bytes are wanted; with importance scales are searched.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tensor/kernels/convert.h"
#include "tensor/quant/encode.h"
#include "tensor/quant/scale_search.h"

namespace quern {

namespace {

float extreme_of(const float* x) {
  float extreme = 0, size = 0;
  for (int i = 0; i < kBlock; ++i)
    if (std::fabs(x[i]) > size) size = std::fabs(x[i]), extreme = x[i];
  return extreme;
}

void put_nibbles(const uint8_t* q, uint8_t* qs) {
  for (int j = 0; j < 16; ++j) qs[j] = uint8_t((q[j] & 15) | (q[j + 16] & 15) << 4);
}

void put_fifth_bits(const uint8_t* q, uint8_t* qh) {
  std::fill_n(qh, 4, uint8_t{0});
  for (int i = 0; i < kBlock; ++i) qh[i / 8] = uint8_t(qh[i / 8] | (q[i] >> 4 & 1) << (i % 8));
}

// d and the integers q + levels of x ~ d q, q in [-levels, levels - 1].
Half symmetric(const float* x, const float* importance, int levels, uint8_t* q) {
  if (!importance) {
    const float d = extreme_of(x) / float(-levels), inverse = d != 0 ? 1.0f / d : 0.0f;
    // Truncation of a positive number after adding a half: how ggml rounds.
    for (int i = 0; i < kBlock; ++i)
      q[i] = uint8_t(std::min(2 * levels - 1, int(x[i] * inverse + (float(levels) + 0.5f))));
    return half_scale(d);
  }
  float w[kBlock];
  search_weights(x, importance, kBlock, w);
  const Half bits = half_scale(best_scale(x, w, kBlock, levels));
  const float d = f16_to_f32(bits), inverse = d != 0 ? 1.0f / d : 0.0f;
  for (int i = 0; i < kBlock; ++i) q[i] = uint8_t(round_into(x[i] * inverse, -levels, levels - 1) + levels);
  return bits;
}

struct Affine {
  Half d, m;
};

// x ~ d q + m, q in [0, top].
Affine affine(const float* x, const float* importance, int top, uint8_t* q) {
  if (!importance) {
    const auto [low, high] = std::minmax_element(x, x + kBlock);
    const float m = *low, d = (*high - m) / float(top), inverse = d != 0 ? 1.0f / d : 0.0f;
    for (int i = 0; i < kBlock; ++i) q[i] = uint8_t(std::min(top, int((x[i] - m) * inverse + 0.5f)));
    return {half_scale(d), half_scale(m)};
  }
  float w[kBlock];
  search_weights(x, importance, kBlock, w);
  const ScaleMinFit fit = best_scale_min(x, w, kBlock, top);
  const Affine bits{half_scale(fit.scale), half_scale(-fit.min)};
  const float d = f16_to_f32(bits.d), m = f16_to_f32(bits.m), inverse = d != 0 ? 1.0f / d : 0.0f;
  for (int i = 0; i < kBlock; ++i) q[i] = uint8_t(round_into((x[i] - m) * inverse, 0, top));
  return bits;
}

float mxfp4_scale(int e) { return std::ldexp(1.0f, e - 128); }

// Nearest of the 16 codes; of equally near ones the first.
uint8_t nearest_mxfp4(float x, float d) {
  int best = 0;
  float best_error = INFINITY;
  for (int q = 0; q < 16; ++q) {
    const float error = std::fabs(d * float(kMxfp4Values[q]) - x);
    if (error < best_error) best_error = error, best = q;
  }
  return uint8_t(best);
}

// Weighted error of a block with exponent e; its codes into q.
float code_mxfp4(const float* x, const float* w, int e, uint8_t* q) {
  const float d = mxfp4_scale(e);
  float sum = 0;
  for (int i = 0; i < kBlock; ++i) {
    q[i] = nearest_mxfp4(x[i], d);
    const float error = d * float(kMxfp4Values[q[i]]) - x[i];
    sum += w[i] * error * error;
  }
  return sum;
}

}  // namespace

Half half_scale(float d) {
  const Half bits = f32_to_f16(d);
  if ((bits & 0x7fff) >= 0x7c00)
    throw Error(ErrorKind::InvalidModel, "a block needs the scale {:g}, but the format's f16 ends at 65504", d)
        .hint("keep this tensor as f32 or bf16");
  return bits;
}

Half half_factor(float d, int top) {
  const Half bits = half_scale(d);
  const bool short_of = std::fabs(f16_to_f32(bits)) * (float(top) + 0.5f) < std::fabs(d) * float(top);
  return short_of ? Half(bits + 1) : bits;  // the next f16 away from zero
}

void encode(const float* x, const float* importance, BlockQ4_0& b) {
  uint8_t q[kBlock];
  b.d = symmetric(x, importance, 8, q);
  put_nibbles(q, b.qs);
}

void encode(const float* x, const float* importance, BlockQ4_1& b) {
  uint8_t q[kBlock];
  const Affine bits = affine(x, importance, 15, q);
  b.d = bits.d, b.m = bits.m;
  put_nibbles(q, b.qs);
}

void encode(const float* x, const float* importance, BlockQ5_0& b) {
  uint8_t q[kBlock];
  b.d = symmetric(x, importance, 16, q);
  put_nibbles(q, b.qs);
  put_fifth_bits(q, b.qh);
}

void encode(const float* x, const float* importance, BlockQ5_1& b) {
  uint8_t q[kBlock];
  const Affine bits = affine(x, importance, 31, q);
  b.d = bits.d, b.m = bits.m;
  put_nibbles(q, b.qs);
  put_fifth_bits(q, b.qh);
}

void encode(const float* x, const float*, BlockQ8_0& b) {  // 8 bits leave nothing for importance to decide
  const float d = std::fabs(extreme_of(x)) / 127.0f, inverse = d != 0 ? 1.0f / d : 0.0f;
  b.d = half_scale(d);
  for (int i = 0; i < kBlock; ++i) b.qs[i] = int8_t(std::round(x[i] * inverse));
}

void encode(const float* x, const float* importance, BlockIq4Nl& b) {
  float w[kBlock];
  search_weights(x, importance, kBlock, w);
  b.d = half_scale(best_iq4_scale(x, w, kBlock));
  const float d = f16_to_f32(b.d), inverse = d != 0 ? 1.0f / d : 0.0f;
  uint8_t q[kBlock];
  for (int i = 0; i < kBlock; ++i) q[i] = uint8_t(nearest_iq4_level(x[i] * inverse));
  put_nibbles(q, b.qs);
}

void encode(const float* x, const float* importance, BlockMxfp4& b) {
  const float extreme = std::fabs(extreme_of(x));
  // The exponent that the MX specification gives: floor(log2(largest)) minus that of e2m1's largest, 2^2.
  int e = extreme > 0 ? std::ilogb(extreme) - 2 + 127 : 0;
  e = std::clamp(e, 0, 254);
  float w[kBlock];
  uint8_t q[kBlock];
  search_weights(x, importance, kBlock, w);
  const float error = code_mxfp4(x, w, e, q);
  if (importance && e < 254) {  // one more step up keeps the largest from being cut
    uint8_t wider[kBlock];
    if (code_mxfp4(x, w, e + 1, wider) < error) ++e, std::copy_n(wider, kBlock, q);
  }
  b.e = uint8_t(e);
  put_nibbles(q, b.qs);
}

}  // namespace quern
