// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "tensor/kernels/convert.h"
#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"
#include "tensor/quant/dequantise.h"
#include "tensor/quant/quantise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/convert_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void FromBf16(const uint16_t* in, float* out, int64_t n) {
  for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<uint16_t, decltype(d)> d16;
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(d16, in + i)))), d, out + i);
  });
}

void ToBf16(const float* in, uint16_t* out, int64_t n) {
  for_each_vector(n, [=](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<uint16_t, decltype(d)> d16;
    const auto x = hn::LoadU(d, in + i);
    const auto bits = hn::BitCast(du, x);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
    const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffu)));
    const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000u));
    const auto is_nan = hn::RebindMask(du, hn::IsNaN(x));
    const auto upper = hn::ShiftRight<16>(hn::IfThenElse(is_nan, quiet, rounded));
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, upper)), d16, out + i);
  });
}

// f16: the processor's own conversion, 8 values at a time, where there is one.
int64_t FromF16(const uint16_t* in, float* out, int64_t n) {
  int64_t i = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
#else
  (void)in, (void)out, (void)n;
#endif
  return i;
}

int64_t ToF16(const float* in, uint16_t* out, int64_t n) {
  int64_t i = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
#else
  (void)in, (void)out, (void)n;
#endif
  return i;
}

// An 8-bit format of `E` exponent and `M` mantissa bits. Normal results: round the f32's mantissa in place, then move
// the exponent. Subnormal results: adding a number whose last bit has the weight of the format's smallest step lets the
// adder round.
template <int E, int M, bool ieee>
HWY_INLINE void ToF8(const float* in, uint8_t* out, int64_t n) {
  constexpr int kBias = (1 << (E - 1)) - 1;
  constexpr uint32_t kNan = ieee ? (((1u << E) - 1) << M) | (1u << (M - 1)) : 0x7fu;
  constexpr uint32_t kOverflow = ieee ? ((1u << E) - 1) << M : 0x7fu;
  // Beyond this the rounded value would reach kOverflow. Halfway past the largest value, the tie goes to the even
  // neighbour: e4m3's is 448 (464 itself still fits), e5m2's is infinity (the last that fits is just below 61440).
  constexpr uint32_t kLimit =
      ieee ? (uint32_t(127 + kBias + 1) << 23) - (1u << (23 - M - 1)) - 1 : (uint32_t(127 + 8) << 23) + 0x680000u;
  constexpr uint32_t kSmallestNormal = uint32_t(127 + 1 - kBias) << 23;
  constexpr uint32_t kMagic = uint32_t(127 + 1 - kBias - M + 23) << 23;
  const Floats d;
  const hn::RebindToUnsigned<Floats> du;
  const int64_t L = int64_t(hn::Lanes(d));
  HWY_ALIGN uint32_t codes[64];
  HWY_ALIGN float padded[64] = {};
  for (int64_t i = 0; i < n; i += L) {
    const int64_t count = n - i < L ? n - i : L;
    if (count < L)
      for (int64_t j = 0; j < count; ++j) padded[j] = in[i + j];
    const auto bits = hn::BitCast(du, count < L ? hn::Load(d, padded) : hn::LoadU(d, in + i));
    const auto sign = hn::And(bits, hn::Set(du, 0x80000000u)), a = hn::AndNot(hn::Set(du, 0x80000000u), bits);
    const auto odd = hn::And(hn::ShiftRight<23 - M>(a), hn::Set(du, 1u));
    const auto rounded = hn::Add(hn::Add(a, odd), hn::Set(du, (1u << (23 - M - 1)) - 1));
    const auto normal = hn::ShiftRight<23 - M>(hn::Sub(rounded, hn::Set(du, uint32_t(127 - kBias) << 23)));
    const auto magic = hn::Set(du, kMagic);
    const auto small = hn::Sub(hn::BitCast(du, hn::Add(hn::BitCast(d, a), hn::BitCast(d, magic))), magic);
    auto code = hn::IfThenElse(hn::Lt(a, hn::Set(du, kSmallestNormal)), small, normal);
    code = hn::IfThenElse(hn::Gt(a, hn::Set(du, kLimit)), hn::Set(du, kOverflow), code);
    code = hn::IfThenElse(hn::Gt(a, hn::Set(du, 0x7f800000u)), hn::Set(du, kNan), code);
    hn::Store(hn::Or(code, hn::ShiftRight<24>(sign)), du, codes);
    for (int64_t j = 0; j < count; ++j) out[i + j] = uint8_t(codes[j]);
  }
}

void ToE4m3(const float* in, uint8_t* out, int64_t n) { ToF8<4, 3, false>(in, out, n); }
void ToE5m2(const float* in, uint8_t* out, int64_t n) { ToF8<5, 2, true>(in, out, n); }

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(FromBf16);
HWY_EXPORT(ToBf16);
HWY_EXPORT(FromF16);
HWY_EXPORT(ToF16);
HWY_EXPORT(ToE4m3);
HWY_EXPORT(ToE5m2);

namespace {

// All 256 values of an 8-bit format.
const std::array<float, 256>& table_of(DType dtype) {
  const auto build = [](float (*decode)(uint8_t)) {
    std::array<float, 256> values;
    for (size_t i = 0; i < values.size(); ++i) values[i] = decode(uint8_t(i));
    return values;
  };
  static const std::array<float, 256> e4m3 = build(f8_e4m3_to_f32), e5m2 = build(f8_e5m2_to_f32);
  return dtype == DType::f8_e4m3 ? e4m3 : e5m2;
}

}  // namespace

void convert_to_f32_simd(DType dtype, const void* in, float* out, int64_t n) {
  if (is_quantised(dtype)) {
    const DTypeInfo& type = info(dtype);
    QUERN_CHECK(n % type.block_size == 0, "{} values are no whole blocks of {}", n, type.name);
    parallel_for(n / type.block_size, kElementGrain / type.block_size, [=](int64_t begin, int64_t end) {
      dequantise(dtype, static_cast<const std::byte*>(in) + begin * type.block_bytes, out + begin * type.block_size,
                 (end - begin) * type.block_size);
    });
    return;
  }
  QUERN_CHECK(info(dtype).floating, "convert: {} is no plain floating-point format", name(dtype));
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    const auto* in8 = static_cast<const uint8_t*>(in) + begin;
    const auto* in16 = static_cast<const uint16_t*>(in) + begin;
    float* to = out + begin;
    const int64_t count = end - begin;
    if (dtype == DType::f32) {
      std::memcpy(to, static_cast<const float*>(in) + begin, size_t(count) * sizeof(float));
    } else if (dtype == DType::bf16) {
      HWY_DYNAMIC_DISPATCH(FromBf16)(in16, to, count);
    } else if (dtype == DType::f16) {
      for (int64_t i = HWY_DYNAMIC_DISPATCH(FromF16)(in16, to, count); i < count; ++i) to[i] = f16_to_f32(in16[i]);
    } else {
      const std::array<float, 256>& table = table_of(dtype);
      for (int64_t i = 0; i < count; ++i) to[i] = table[in8[i]];
    }
  });
}

void convert_from_f32_simd(DType dtype, const float* in, void* out, int64_t n) {
  if (is_quantised(dtype)) return quantise(dtype, in, n / info(dtype).block_size, info(dtype).block_size, {}, out);
  QUERN_CHECK(info(dtype).floating, "convert: {} is no plain floating-point format", name(dtype));
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    auto* out8 = static_cast<uint8_t*>(out) + begin;
    auto* out16 = static_cast<uint16_t*>(out) + begin;
    const float* from = in + begin;
    const int64_t count = end - begin;
    if (dtype == DType::f32) {
      std::memcpy(static_cast<float*>(out) + begin, from, size_t(count) * sizeof(float));
    } else if (dtype == DType::bf16) {
      HWY_DYNAMIC_DISPATCH(ToBf16)(from, out16, count);
    } else if (dtype == DType::f16) {
      for (int64_t i = HWY_DYNAMIC_DISPATCH(ToF16)(from, out16, count); i < count; ++i) out16[i] = f32_to_f16(from[i]);
    } else if (dtype == DType::f8_e4m3) {
      HWY_DYNAMIC_DISPATCH(ToE4m3)(from, out8, count);
    } else {
      HWY_DYNAMIC_DISPATCH(ToE5m2)(from, out8, count);
    }
  });
}
}  // namespace quern
#endif
