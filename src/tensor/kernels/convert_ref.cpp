// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "tensor/kernels/convert.h"

namespace quern {

namespace {

// A small binary format: sign, `E` exponent bits with bias 2^(E-1) - 1, `M` mantissa bits. `ieee`: the largest exponent
// means infinity and NaN; otherwise only all ones (but for the sign) is NaN and there is no infinity.
template <int E, int M, bool ieee>
struct Format {
  static constexpr int kBias = (1 << (E - 1)) - 1;
  static constexpr uint32_t kMantissaMask = (1u << M) - 1, kExponentMask = ((1u << E) - 1) << M;
  static constexpr uint32_t kSign = 1u << (E + M);
  static constexpr uint32_t kNan = ieee ? kExponentMask | (1u << (M - 1)) : kExponentMask | kMantissaMask;
  static constexpr uint32_t kOverflow = ieee ? kExponentMask : kNan;

  static float decode(uint32_t bits) {
    const uint32_t exponent = (bits & kExponentMask) >> M, mantissa = bits & kMantissaMask;
    const float sign = bits & kSign ? -1.0f : 1.0f;
    if (ieee && exponent == (1u << E) - 1) return mantissa ? std::copysign(NAN, sign) : sign * INFINITY;
    if (!ieee && (bits & (kExponentMask | kMantissaMask)) == kNan) return std::copysign(NAN, sign);
    if (exponent == 0) return sign * std::ldexp(float(mantissa), 1 - kBias - M);
    return sign * std::ldexp(float(mantissa + (1u << M)), int(exponent) - kBias - M);
  }

  static uint32_t encode(float value) {
    const uint32_t sign = std::signbit(value) ? kSign : 0;
    if (std::isnan(value)) return sign | kNan;
    const double x = std::fabs(double{value});
    if (x == 0) return sign;
    if (std::isinf(x)) return sign | kOverflow;
    // The spacing of representable values around x, then the nearest multiple of it, ties to even.
    int exponent;
    std::frexp(x, &exponent);  // x = f 2^exponent with f in [0.5, 1)
    const int unit = std::max(exponent - 1, 1 - kBias) - M;
    const double multiple = std::nearbyint(std::ldexp(x, -unit));  // exact but for the rounding asked for
    // multiple <= 2^(M+1): adding it to the exponent field carries by itself.
    const uint32_t bits = uint32_t(multiple) + (uint32_t(unit + M - (1 - kBias)) << M);
    const uint32_t largest = ieee ? kExponentMask - 1 : kNan - 1;
    return sign | (bits > largest ? kOverflow : bits);
  }
};

using HalfFormat = Format<5, 10, true>;
using E4m3 = Format<4, 3, false>;
using E5m2 = Format<5, 2, true>;

}  // namespace

uint16_t f32_to_f16(float value) { return uint16_t(HalfFormat::encode(value)); }
float f8_e4m3_to_f32(uint8_t bits) { return E4m3::decode(bits); }
uint8_t f32_to_f8_e4m3(float value) { return uint8_t(E4m3::encode(value)); }
float f8_e5m2_to_f32(uint8_t bits) { return E5m2::decode(bits); }
uint8_t f32_to_f8_e5m2(float value) { return uint8_t(E5m2::encode(value)); }

void convert_to_f32_ref(DType dtype, const void* in, float* out, int64_t n) {
  const auto* in8 = static_cast<const uint8_t*>(in);
  const auto* in16 = static_cast<const uint16_t*>(in);
  switch (dtype) {
    case DType::f32:
      std::memcpy(out, in, size_t(n) * sizeof(float));
      return;
    case DType::bf16:
      for (int64_t i = 0; i < n; ++i) out[i] = bf16_to_f32(in16[i]);
      return;
    case DType::f16:
      for (int64_t i = 0; i < n; ++i) out[i] = HalfFormat::decode(in16[i]);
      return;
    case DType::f8_e4m3:
      for (int64_t i = 0; i < n; ++i) out[i] = f8_e4m3_to_f32(in8[i]);
      return;
    case DType::f8_e5m2:
      for (int64_t i = 0; i < n; ++i) out[i] = f8_e5m2_to_f32(in8[i]);
      return;
    default:
      QUERN_CHECK(false, "convert: {} is no plain floating-point format", name(dtype));
  }
}

void convert_from_f32_ref(DType dtype, const float* in, void* out, int64_t n) {
  auto* out8 = static_cast<uint8_t*>(out);
  auto* out16 = static_cast<uint16_t*>(out);
  switch (dtype) {
    case DType::f32:
      std::memcpy(out, in, size_t(n) * sizeof(float));
      return;
    case DType::bf16:
      for (int64_t i = 0; i < n; ++i) out16[i] = f32_to_bf16(in[i]);
      return;
    case DType::f16:
      for (int64_t i = 0; i < n; ++i) out16[i] = f32_to_f16(in[i]);
      return;
    case DType::f8_e4m3:
      for (int64_t i = 0; i < n; ++i) out8[i] = f32_to_f8_e4m3(in[i]);
      return;
    case DType::f8_e5m2:
      for (int64_t i = 0; i < n; ++i) out8[i] = f32_to_f8_e5m2(in[i]);
      return;
    default:
      QUERN_CHECK(false, "convert: {} is no plain floating-point format", name(dtype));
  }
}

}  // namespace quern
