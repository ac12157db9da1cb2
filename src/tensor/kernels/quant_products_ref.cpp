// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include "base/error.h"
#include "tensor/kernels/gemm_kernels.h"
#include "tensor/kernels/quant_panels.h"
#include "tensor/kernels/quant_products.h"
#include "tensor/kernels/quant_rows.h"
#include "tensor/quant/blocks.h"

namespace quern {
namespace {

// A block in integers: value i is d * scale[i / sub] * code[i] - dmin * min[i / sub] (K-types), or d * code[i] + m.
struct Integers {
  int code[256];
  int scale[16], min[16];
  float d = 0, m = 0;
};

float half(Half h) { return to_f32(F16{h}); }
int low_or_high(uint8_t byte, int high) { return high ? byte >> 4 : byte & 15; }

template <class Block>
void nibbles_of(const Block& b, Integers& out, int offset, const int8_t* levels = nullptr) {
  for (int i = 0; i < 32; ++i) {
    const int q = low_or_high(b.qs[i % 16], i / 16);
    out.code[i] = levels ? levels[q] : q - offset;
  }
}
template <class Block>
void five_bits_of(const Block& b, Integers& out, int offset) {
  for (int i = 0; i < 32; ++i)
    out.code[i] = low_or_high(b.qs[i % 16], i / 16) + (b.qh[i / 8] >> (i % 8) & 1) * 16 - offset;
}

Integers integers(const BlockQ4_0& b) {
  Integers out{.d = half(b.d)};
  nibbles_of(b, out, 8);
  return out;
}
Integers integers(const BlockQ4_1& b) {
  Integers out{.d = half(b.d), .m = half(b.m)};
  nibbles_of(b, out, 0);
  return out;
}
Integers integers(const BlockQ5_0& b) {
  Integers out{.d = half(b.d)};
  five_bits_of(b, out, 16);
  return out;
}
Integers integers(const BlockQ5_1& b) {
  Integers out{.d = half(b.d), .m = half(b.m)};
  five_bits_of(b, out, 0);
  return out;
}
Integers integers(const BlockQ8_0& b) {
  Integers out{.d = half(b.d)};
  for (int i = 0; i < 32; ++i) out.code[i] = b.qs[i];
  return out;
}
Integers integers(const BlockIq4Nl& b) {
  Integers out{.d = half(b.d)};
  nibbles_of(b, out, 0, kIq4Values);
  return out;
}
Integers integers(const BlockMxfp4& b) {
  Integers out{.d = b.e == 255 ? INFINITY : b.e == 0 ? 0.0f : std::ldexp(1.0f, int(b.e) - 128)};
  nibbles_of(b, out, 0, kMxfp4Values);
  return out;
}
Integers integers(const BlockQ2K& b) {
  Integers out{.d = half(b.d), .m = half(b.dmin)};
  for (int s = 0; s < 16; ++s) out.scale[s] = b.scales[s] & 15, out.min[s] = b.scales[s] >> 4;
  for (int i = 0; i < 256; ++i) out.code[i] = b.qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
  return out;
}
Integers integers(const BlockQ3K& b) {
  Integers out{.d = half(b.d)};
  for (int s = 0; s < 16; ++s) out.scale[s] = q3k_scale(b.scales, s);
  for (int i = 0; i < 256; ++i)
    out.code[i] = (b.qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3) + (b.hmask[i % 32] >> (i / 32) & 1) * 4 - 4;
  return out;
}
template <class Block>
Integers integers_k4(const Block& b) {
  Integers out{.d = half(b.d), .m = half(b.dmin)};
  for (int s = 0; s < 8; ++s) {
    const ScaleMin both = k4_scale_min(b.scales, s);
    out.scale[2 * s] = out.scale[2 * s + 1] = both.scale;
    out.min[2 * s] = out.min[2 * s + 1] = both.min;
  }
  for (int i = 0; i < 256; ++i) out.code[i] = low_or_high(b.qs[i / 64 * 32 + i % 32], i / 32 % 2);
  return out;
}
Integers integers(const BlockQ4K& b) { return integers_k4(b); }
Integers integers(const BlockQ5K& b) {
  Integers out = integers_k4(b);
  for (int i = 0; i < 256; ++i) out.code[i] += (b.qh[i % 32] >> (i / 32) & 1) * 16;
  return out;
}
Integers integers(const BlockQ6K& b) {
  Integers out{.d = half(b.d)};
  for (int s = 0; s < 16; ++s) out.scale[s] = b.scales[s];
  for (int i = 0; i < 256; ++i) {
    const int h = i / 128, r = i % 128 / 32, l = i % 32;
    out.code[i] = low_or_high(b.ql[64 * h + 32 * (r % 2) + l], r / 2) + (b.qh[32 * h + l] >> (2 * r) & 3) * 16 - 32;
  }
  return out;
}
Integers integers(const BlockIq4Xs& b) {
  Integers out{.d = half(b.d)};
  for (int s = 0; s < 8; ++s) out.scale[2 * s] = out.scale[2 * s + 1] = iq4xs_scale(b, s);
  for (int i = 0; i < 256; ++i) out.code[i] = kIq4Values[low_or_high(b.qs[i / 32 * 16 + i % 16], i % 32 / 16)];
  return out;
}

float simple_term(const Integers& w, const QuantRows& x, bool has_min, float y) {
  int32_t sum = 0;
  for (int i = 0; i < 32; ++i) sum += w.code[i] * x.q[i];
  y = std::fma(float(sum), w.d * *x.d, y);
  return has_min ? std::fma(w.m, *x.d_sum, y) : y;
}
float super_term(const Integers& w, const QuantRows& x, bool has_min, float y) {
  int32_t sum = 0, mins = 0;
  for (int i = 0; i < 256; ++i) {
    sum += w.scale[i / 16] * w.code[i] * x.q[i];
    mins += w.min[i / 16] * x.q[i];
  }
  y = std::fma(float(sum), w.d * *x.d, y);
  return has_min ? std::fma(-float(mins), w.m * *x.d, y) : y;
}

template <DType dtype>
void product_by_definition(const QuantInput& x, const QuantMatrix& w, const float* bias, float* y, int64_t ldy) {
  using Block = typename BlockOf<dtype>::type;
  constexpr int kValues = BlockOf<dtype>::kValues;
  constexpr bool kHasMin = requires(Block b) { b.m; } || requires(Block b) { b.dmin; };
  std::vector<char> area(size_t(quant_rows_bytes(x.N, x.K, kValues) + 64));
  void* aligned = area.data() + 64 - reinterpret_cast<size_t>(area.data()) % 64;
  const QuantRows rows = quant_rows_at(aligned, x.N, x.K, kValues);
  quantise_rows_ref(x, 0, x.N, rows);
  for (int64_t m = 0; m < w.M; ++m) {
    const auto* blocks = static_cast<const Block*>(w.row(m));
    for (int64_t n = 0; n < x.N; ++n) y[n * ldy + m] = 0.0f;
    for (int64_t b = 0; b < w.K / kValues; ++b) {
      const Integers block = integers(blocks[b]);
      for (int64_t n = 0; n < x.N; ++n) {
        const QuantRows x_nb = rows.at(n, b * kValues);
        float& y_nm = y[n * ldy + m];
        y_nm = kValues == 32 ? simple_term(block, x_nb, kHasMin, y_nm) : super_term(block, x_nb, kHasMin, y_nm);
      }
    }
    if (bias)
      for (int64_t n = 0; n < x.N; ++n) y[n * ldy + m] += bias[m];
  }
}

}  // namespace

void quant_products_ref(const QuantInput& x, const QuantMatrix& w, const float* bias, float* y, int64_t ldy) {
  switch (w.dtype) {
#define QUERN_CASE(dtype) \
  case DType::dtype:      \
    return product_by_definition<DType::dtype>(x, w, bias, y, ldy)
    QUERN_CASE(q4_0);
    QUERN_CASE(q4_1);
    QUERN_CASE(q5_0);
    QUERN_CASE(q5_1);
    QUERN_CASE(q8_0);
    QUERN_CASE(q2_k);
    QUERN_CASE(q3_k);
    QUERN_CASE(q4_k);
    QUERN_CASE(q5_k);
    QUERN_CASE(q6_k);
    QUERN_CASE(iq4_nl);
    QUERN_CASE(iq4_xs);
    QUERN_CASE(mxfp4);
#undef QUERN_CASE
    default:
      QUERN_CHECK(false, "no integer products for {}", name(w.dtype));
  }
}

}  // namespace quern
