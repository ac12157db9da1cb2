// SPDX-License-Identifier: MIT
// The formulas of blocks.h. Every decode() writes the values of one block.
#include "tensor/quant/dequantise.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "tensor/kernels/convert.h"
#include "tensor/quant/blocks.h"

namespace quern {

namespace {

// The two nibbles of a byte, 16 in halves.
template <typename Level>
void nibbles(const uint8_t* qs, float* x, const Level& level) {
  for (int j = 0; j < 16; ++j) {
    x[j] = level(qs[j] & 15);
    x[j + 16] = level(qs[j] >> 4);
  }
}

void decode(const BlockQ4_0& b, float* x) {
  const float d = f16_to_f32(b.d);
  nibbles(b.qs, x, [d](int q) { return float(q - 8) * d; });
}

void decode(const BlockQ4_1& b, float* x) {
  const float d = f16_to_f32(b.d), m = f16_to_f32(b.m);
  nibbles(b.qs, x, [d, m](int q) { return float(q) * d + m; });
}

// The fifth bits of 32 values.
uint32_t high_bits(const uint8_t* qh) {
  return uint32_t{qh[0]} | uint32_t{qh[1]} << 8 | uint32_t{qh[2]} << 16 | uint32_t{qh[3]} << 24;
}

void decode(const BlockQ5_0& b, float* x) {
  const float d = f16_to_f32(b.d);
  const uint32_t high = high_bits(b.qh);
  for (int j = 0; j < 16; ++j) {
    x[j] = float(int((b.qs[j] & 15) | (high >> j & 1) << 4) - 16) * d;
    x[j + 16] = float(int((b.qs[j] >> 4) | (high >> (j + 16) & 1) << 4) - 16) * d;
  }
}

void decode(const BlockQ5_1& b, float* x) {
  const float d = f16_to_f32(b.d), m = f16_to_f32(b.m);
  const uint32_t high = high_bits(b.qh);
  for (int j = 0; j < 16; ++j) {
    x[j] = float((b.qs[j] & 15) | (high >> j & 1) << 4) * d + m;
    x[j + 16] = float((b.qs[j] >> 4) | (high >> (j + 16) & 1) << 4) * d + m;
  }
}

void decode(const BlockQ8_0& b, float* x) {
  const float d = f16_to_f32(b.d);
  for (int j = 0; j < 32; ++j) x[j] = float(b.qs[j]) * d;
}

void decode(const BlockIq4Nl& b, float* x) {
  const float d = f16_to_f32(b.d);
  nibbles(b.qs, x, [d](int q) { return d * float(kIq4Values[q]); });
}

void decode(const BlockMxfp4& b, float* x) {
  // 2^(e - 128): a subnormal f32 for e < 2.
  const float d = std::bit_cast<float>(b.e < 2 ? uint32_t{0x200000} << b.e : uint32_t(b.e - 1) << 23);
  nibbles(b.qs, x, [d](int q) { return d * float(kMxfp4Values[q]); });
}

void decode(const BlockNvfp4& b, float* x) {
  for (int g = 0; g < 4; ++g) {
    const int exponent = b.d[g] >> 3 & 15, mantissa = b.d[g] & 7;
    const float scale =
        exponent == 0 ? std::ldexp(float(mantissa), -9) : std::ldexp(float(8 + mantissa), exponent - 10);
    const float d = b.d[g] == 0x7f ? 0.0f : 0.5f * scale;
    for (int j = 0; j < 8; ++j) {
      x[16 * g + j] = d * float(kMxfp4Values[b.qs[8 * g + j] & 15]);
      x[16 * g + j + 8] = d * float(kMxfp4Values[b.qs[8 * g + j] >> 4]);
    }
  }
}

void decode(const BlockQ2K& b, float* x) {
  const float d = f16_to_f32(b.d), dmin = f16_to_f32(b.dmin);
  for (int s = 0; s < 16; ++s) {
    const float scale = d * float(b.scales[s] & 15), min = dmin * float(b.scales[s] >> 4);
    const uint8_t* qs = b.qs + 32 * (s / 8) + 16 * (s % 2);
    const int shift = 2 * (s % 8 / 2);
    for (int l = 0; l < 16; ++l) *x++ = scale * float(qs[l] >> shift & 3) - min;
  }
}

void decode(const BlockQ3K& b, float* x) {
  const float d = f16_to_f32(b.d);
  for (int s = 0; s < 16; ++s) {
    const float scale = d * float(q3k_scale(b.scales, s));
    const uint8_t *qs = b.qs + 32 * (s / 8) + 16 * (s % 2), *high = b.hmask + 16 * (s % 2);
    const int shift = 2 * (s % 8 / 2), bit = s / 2;
    for (int l = 0; l < 16; ++l) *x++ = scale * float((qs[l] >> shift & 3) - (high[l] >> bit & 1 ? 0 : 4));
  }
}

void decode(const BlockQ4K& b, float* x) {
  const float d = f16_to_f32(b.d), dmin = f16_to_f32(b.dmin);
  for (int s = 0; s < 8; ++s) {
    const ScaleMin sm = k4_scale_min(b.scales, s);
    const float scale = d * float(sm.scale), min = dmin * float(sm.min);
    const uint8_t* qs = b.qs + 32 * (s / 2);
    const int shift = 4 * (s % 2);
    for (int l = 0; l < 32; ++l) *x++ = scale * float(qs[l] >> shift & 15) - min;
  }
}

void decode(const BlockQ5K& b, float* x) {
  const float d = f16_to_f32(b.d), dmin = f16_to_f32(b.dmin);
  for (int s = 0; s < 8; ++s) {
    const ScaleMin sm = k4_scale_min(b.scales, s);
    const float scale = d * float(sm.scale), min = dmin * float(sm.min);
    const uint8_t* qs = b.qs + 32 * (s / 2);
    const int shift = 4 * (s % 2);
    for (int l = 0; l < 32; ++l) *x++ = scale * float((qs[l] >> shift & 15) + (b.qh[l] >> s & 1) * 16) - min;
  }
}

void decode(const BlockQ6K& b, float* x) {
  const float d = f16_to_f32(b.d);
  for (int s = 0; s < 16; ++s) {
    const float scale = d * float(b.scales[s]);
    const int h = s / 8, r = s % 8 / 2, at = 16 * (s % 2);
    const uint8_t *ql = b.ql + 64 * h + 32 * (r % 2) + at, *qh = b.qh + 32 * h + at;
    for (int l = 0; l < 16; ++l)
      *x++ = scale * float(((ql[l] >> (4 * (r / 2)) & 15) | (qh[l] >> (2 * r) & 3) << 4) - 32);
  }
}

void decode(const BlockIq4Xs& b, float* x) {
  const float d = f16_to_f32(b.d);
  for (int s = 0; s < 8; ++s) {
    const float scale = d * float(iq4xs_scale(b, s));
    nibbles(b.qs + 16 * s, x + 32 * s, [scale](int q) { return scale * float(kIq4Values[q]); });
  }
}

void decode(const BlockTq1_0& b, float* x) {
  const float d = f16_to_f32(b.d);
  constexpr uint8_t kPowers[5] = {1, 3, 9, 27, 81};
  const auto digits = [&](const uint8_t* q, int bytes, int count) {
    for (int n = 0; n < count; ++n)
      for (int j = 0; j < bytes; ++j) *x++ = float((uint8_t(q[j] * kPowers[n]) * 3 >> 8) - 1) * d;
  };
  digits(b.qs, 32, 5);
  digits(b.qs + 32, 16, 5);
  digits(b.qh, 4, 4);
}

void decode(const BlockTq2_0& b, float* x) {
  const float d = f16_to_f32(b.d);
  for (int h = 0; h < 2; ++h)
    for (int r = 0; r < 4; ++r)
      for (int l = 0; l < 32; ++l) *x++ = float((b.qs[32 * h + l] >> (2 * r) & 3) - 1) * d;
}

template <typename Block>
void decode_all(const void* blocks, float* out, int64_t values, int64_t per_block) {
  const auto* bytes = static_cast<const std::byte*>(blocks);
  for (int64_t i = 0; i < values; i += per_block, bytes += sizeof(Block)) {
    Block b;  // a copy: the file may have put it at any address
    std::memcpy(&b, bytes, sizeof b);
    decode(b, out + i);
  }
}

}  // namespace

// The types that take values from grids, in dequantise_grids.cpp. False when `dtype` is none of them.
bool dequantise_from_grid(DType dtype, const void* blocks, float* out, int64_t n);

void dequantise(DType dtype, const void* blocks, float* out, int64_t n) {
  QUERN_CHECK(n % info(dtype).block_size == 0, "{} values are no whole blocks of {}", n, name(dtype));
  switch (dtype) {
#define QUERN_DECODE(dtype_)                                                                   \
  case DType::dtype_:                                                                          \
    decode_all<BlockOf<DType::dtype_>::type>(blocks, out, n, BlockOf<DType::dtype_>::kValues); \
    return
    QUERN_DECODE(q4_0);
    QUERN_DECODE(q4_1);
    QUERN_DECODE(q5_0);
    QUERN_DECODE(q5_1);
    QUERN_DECODE(q8_0);
    QUERN_DECODE(q2_k);
    QUERN_DECODE(q3_k);
    QUERN_DECODE(q4_k);
    QUERN_DECODE(q5_k);
    QUERN_DECODE(q6_k);
    QUERN_DECODE(iq4_nl);
    QUERN_DECODE(iq4_xs);
    QUERN_DECODE(mxfp4);
    QUERN_DECODE(nvfp4);
    QUERN_DECODE(tq1_0);
    QUERN_DECODE(tq2_0);
#undef QUERN_DECODE
    default:
      if (!dequantise_from_grid(dtype, blocks, out, n)) convert_to_f32_ref(dtype, blocks, out, n);
  }
}

}  // namespace quern
