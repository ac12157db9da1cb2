// SPDX-License-Identifier: MIT
#pragma once
// Plain floating-point formats to and from f32, rounding to nearest, ties to even.
//   bf16: the upper half of an f32.  f16: IEEE 754 binary16.  f8_e4m3 ("e4m3fn": no infinity, largest 448) and f8_e5m2
//   (as IEEE, largest 57344): Micikevicius et al. 2022, arXiv:2209.05433.
// Values beyond the largest: f16, e5m2 and bf16 go to infinity; e4m3 goes to NaN above 464. NaN stays NaN.

#include <bit>
#include <cstdint>

#include "tensor/dtype.h"

namespace quern {

inline float bf16_to_f32(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }
inline uint16_t f32_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t((bits >> 16) | 0x0040u);  // quiet NaN
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
inline float f16_to_f32(uint16_t bits) {
  const uint32_t sign = uint32_t(bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, exact
    const float value = float(mantissa) * 0x1p-24f;
    return sign ? -value : value;
  }
  const uint32_t biased = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | biased << 23 | mantissa << 13);
}
uint16_t f32_to_f16(float value);
float f8_e4m3_to_f32(uint8_t bits);
uint8_t f32_to_f8_e4m3(float value);
float f8_e5m2_to_f32(uint8_t bits);
uint8_t f32_to_f8_e5m2(float value);

// n values of `dtype` (f32, bf16, f16, f8_e4m3, f8_e5m2) to f32. The fast one also takes block types, n whole blocks.
using ConvertToF32Fn = void(DType dtype, const void* in, float* out, int64_t n);
ConvertToF32Fn convert_to_f32_ref, convert_to_f32_simd;

// n values of f32 to `dtype`; the fast one also to the block types that are written, n whole blocks.
using ConvertFromF32Fn = void(DType dtype, const float* in, void* out, int64_t n);
ConvertFromF32Fn convert_from_f32_ref, convert_from_f32_simd;

}  // namespace quern
