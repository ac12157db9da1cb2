// SPDX-License-Identifier: MIT
// The types whose values come from grids; formulas in blocks.h.
#include <bit>
#include <cstring>

#include "tensor/kernels/convert.h"
#include "tensor/quant/blocks.h"
#include "tensor/quant/dequantise.h"
#include "tensor/quant/grids.h"

namespace quern {

bool dequantise_from_grid(DType dtype, const void* blocks, float* out, int64_t n);

namespace {

// Eight signs from seven stored bits: their number is even.
uint8_t even_signs(uint32_t seven) { return uint8_t(seven | (uint32_t(std::popcount(seven)) & 1) << 7); }

uint32_t word_at(const void* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// scale * point * sign for each value; bit i of `signs` set means minus.
template <size_t D>
float* put(const std::array<int8_t, D>& point, uint8_t signs, float scale, float* x) {
  for (size_t i = 0; i < D; ++i) *x++ = scale * float(point[i]) * (signs >> i & 1 ? -1.0f : 1.0f);
  return x;
}

void decode_points(const BlockIq2Xxs& b, float* x) {
  const auto& grid = iq2xxs_grid();
  const float d = f16_to_f32(b.d);
  for (int s = 0; s < 8; ++s) {
    const uint32_t indices = word_at(b.qs + 4 * s), rest = word_at(b.qs + 4 * s + 2);
    const float scale = d * (0.5f + float(rest >> 28)) * 0.25f;
    for (int g = 0; g < 4; ++g) x = put(grid[indices >> (8 * g) & 255], even_signs(rest >> (7 * g) & 127), scale, x);
  }
}

float nibble_scale(float d, const uint8_t* scales, int group) {
  return d * (0.5f + float(scales[group / 4] >> (4 * (group / 2 % 2)) & 15)) * 0.25f;
}

void decode_points(const BlockIq2Xs& b, float* x) {
  const auto& grid = iq2xs_grid();
  const float d = f16_to_f32(b.d);
  for (int g = 0; g < 32; ++g) x = put(grid[b.qs[g] & 511], even_signs(b.qs[g] >> 9), nibble_scale(d, b.scales, g), x);
}

void decode_points(const BlockIq2S& b, float* x) {
  const auto& grid = iq2s_grid();
  const float d = f16_to_f32(b.d);
  for (int g = 0; g < 32; ++g) {
    const int index = b.qs[g] | (b.qh[g / 4] >> (2 * (g % 4)) & 3) << 8;
    x = put(grid[size_t(index)], b.qs[32 + g], nibble_scale(d, b.scales, g), x);
  }
}

void decode_points(const BlockIq3Xxs& b, float* x) {
  const auto& grid = iq3xxs_grid();
  const float d = f16_to_f32(b.d);
  for (int s = 0; s < 8; ++s) {
    const uint32_t rest = word_at(b.qs + 64 + 4 * s);
    const float scale = d * (0.5f + float(rest >> 28)) * 0.5f;
    for (int g = 0; g < 8; ++g) {
      const uint8_t signs = even_signs(rest >> (7 * (g / 2)) & 127);
      x = put(grid[b.qs[8 * s + g]], uint8_t(signs >> (4 * (g % 2))), scale, x);
    }
  }
}

void decode_points(const BlockIq3S& b, float* x) {
  const auto& grid = iq3s_grid();
  const float d = f16_to_f32(b.d);
  for (int g = 0; g < 64; ++g) {
    const float scale = d * float(1 + 2 * (b.scales[g / 16] >> (4 * (g / 8 % 2)) & 15));
    const int index = b.qs[g] | (b.qh[g / 8] >> (g % 8) & 1) << 8;
    x = put(grid[size_t(index)], uint8_t(b.signs[g / 2] >> (4 * (g % 2))), scale, x);
  }
}

float* put_shifted(const Point8& point, float delta, float scale, float* x) {
  for (const int8_t value : point) *x++ = scale * (float(value) + delta);
  return x;
}

void decode_points(const BlockIq1S& b, float* x) {
  const auto& grid = iq1_grid();
  const float d = f16_to_f32(b.d);
  for (int g = 0; g < 32; ++g) {
    const uint16_t high = b.qh[g / 4];
    const int index = b.qs[g] | (high >> (3 * (g % 4)) & 7) << 8;
    x = put_shifted(grid[size_t(index)], high & 0x8000 ? -0.125f : 0.125f, d * float(2 * (high >> 12 & 7) + 1), x);
  }
}

void decode_points(const BlockIq1M& b, float* x) {
  const auto& grid = iq1_grid();
  uint16_t words[4];
  std::memcpy(words, b.scales, sizeof words);
  const float d =
      f16_to_f32(uint16_t(words[0] >> 12 | (words[1] >> 8 & 0x00f0) | (words[2] >> 4 & 0x0f00) | (words[3] & 0xf000)));
  for (int g = 0; g < 32; ++g) {
    const int high = b.qh[g / 2] >> (4 * (g % 2)) & 15, s = g / 2;
    const float scale = d * float(2 * (words[s / 4] >> (3 * (s % 4)) & 7) + 1);
    x = put_shifted(grid[size_t(b.qs[g] | (high & 7) << 8)], high & 8 ? -0.125f : 0.125f, scale, x);
  }
}

template <typename Block>
void decode_all_points(const void* blocks, float* out, int64_t n) {
  const auto* bytes = static_cast<const std::byte*>(blocks);
  for (int64_t i = 0; i < n; i += kSuperBlock, bytes += sizeof(Block)) {
    Block b;
    std::memcpy(&b, bytes, sizeof b);
    decode_points(b, out + i);
  }
}

}  // namespace

bool dequantise_from_grid(DType dtype, const void* blocks, float* out, int64_t n) {
  switch (dtype) {
    case DType::iq1_s:
      return decode_all_points<BlockIq1S>(blocks, out, n), true;
    case DType::iq1_m:
      return decode_all_points<BlockIq1M>(blocks, out, n), true;
    case DType::iq2_xxs:
      return decode_all_points<BlockIq2Xxs>(blocks, out, n), true;
    case DType::iq2_xs:
      return decode_all_points<BlockIq2Xs>(blocks, out, n), true;
    case DType::iq2_s:
      return decode_all_points<BlockIq2S>(blocks, out, n), true;
    case DType::iq3_xxs:
      return decode_all_points<BlockIq3Xxs>(blocks, out, n), true;
    case DType::iq3_s:
      return decode_all_points<BlockIq3S>(blocks, out, n), true;
    default:
      return false;
  }
}

}  // namespace quern
