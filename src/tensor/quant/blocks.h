// SPDX-License-Identifier: MIT
#pragma once
// The block types of GGUF as they lie in memory. A row of K values is K / (values per block) blocks, one after the
// other; every struct is exactly block_bytes long (dtype.h), little-endian, with no padding. Layouts and formulas are
// those of the GGUF format's reference implementation, ggml (ggml-common.h, ggml-quants.c); the decoded values are held
// to `goldens/gguf/quants`. `Half` holds the 16 bits of an f16.
//
// Notation: x_i is value i of the block. "nibbles of 16 in halves": byte j holds value j in its low and value j + 16
// in its high four bits. K-types and IQ types other than iq4_nl make superblocks of 256 values.

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace quern {

using Half = uint16_t;                   // bits of an f16, see f16_to_f32()
inline constexpr int kBlock = 32;        // values of the simple blocks
inline constexpr int kSuperBlock = 256;  // values of the K-, IQ- and ternary types' blocks

// ---- 32 values, one scale ---------------------------------------------------------------------------------------

// x_i = d (q_i - 8), nibbles of 16 in halves.
struct BlockQ4_0 {
  Half d;
  uint8_t qs[16];
};

// x_i = d q_i + m, nibbles of 16 in halves.
struct BlockQ4_1 {
  Half d, m;
  uint8_t qs[16];
};

// x_i = d (q_i - 16); q_i = nibble (16 in halves) + 16 * bit i of qh, a little-endian 32-bit word.
struct BlockQ5_0 {
  Half d;
  uint8_t qh[4];
  uint8_t qs[16];
};

// x_i = d q_i + m, q_i as in q5_0.
struct BlockQ5_1 {
  Half d, m;
  uint8_t qh[4];
  uint8_t qs[16];
};

// x_i = d q_i.
struct BlockQ8_0 {
  Half d;
  int8_t qs[32];
};

// x_i = d kIq4Values[q_i], nibbles of 16 in halves: 16 levels that lie denser around zero.
struct BlockIq4Nl {
  Half d;
  uint8_t qs[16];
};

// x_i = 2^(e - 128) kMxfp4Values[q_i], nibbles of 16 in halves: kMxfp4Values is twice the e2m1 value, so this is e2m1
// times 2^(e - 127). OCP Microscaling Formats (MX) 1.0, 2023.
struct BlockMxfp4 {
  uint8_t e;
  uint8_t qs[16];
};

// 64 values in four groups of 16, each with a scale in unsigned e4m3 (bias 7, no sign: the top bit is ignored, and 0x7f
// counts as 0): x_i = ue4m3(d_g) / 2 * kMxfp4Values[q_i]; group g holds its values in bytes 8 g .. 8 g + 7, the first
// eight in the low, the last eight in the high nibbles. Read only.
struct BlockNvfp4 {
  uint8_t d[4];
  uint8_t qs[32];
};

// ---- K-types: 256 values, scales of sub-blocks quantised themselves --------------------------------------------

// 16 sub-blocks s of 16 values: x = d (scales[s] & 15) q - dmin (scales[s] >> 4), q of 2 bits.
// For each half h of 128 values and shift r = 0..3: value 128 h + 32 r + l (l < 32) is bits 2r, 2r+1 of qs[32 h + l].
struct BlockQ2K {
  uint8_t scales[16];
  uint8_t qs[64];
  Half d, dmin;
};

// 16 sub-blocks of 16: x = d (scale_s - 32) (q - 4), q of 3 bits: the low two as in q2_k, the high one is bit 4 h + r
// of hmask[l]. Scales of 6 bits in 12 bytes: see q3k_scale().
struct BlockQ3K {
  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];
  Half d;
};

// 8 sub-blocks of 32: x = d scale_s q - dmin min_s, q of 4 bits. Sub-blocks 2 p and 2 p + 1 are the low and the high
// nibbles of qs[32 p .. 32 p + 31]. Scales and mins of 6 bits in 12 bytes: see k4_scale_min().
struct BlockQ4K {
  Half d, dmin;
  uint8_t scales[12];
  uint8_t qs[128];
};

// As q4_k with q of 5 bits: the high one of value 32 s + l is bit s of qh[l].
struct BlockQ5K {
  Half d, dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
};

// 16 sub-blocks of 16: x = d scales[s] (q - 32), q of 6 bits. In each half h of 128 values, value 128 h + 32 r + l
// (l < 32) takes its low four bits from ql[64 h + 32 (r % 2) + l] (low nibble for r < 2, else the high one) and its
// high two from bits 2r, 2r+1 of qh[32 h + l].
struct BlockQ6K {
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  Half d;
};

// 8 sub-blocks of 32, each packed like iq4_nl: x = d (scale_s - 32) kIq4Values[q]; scale_s: low four bits the nibble
// s % 2 of scales_l[s / 2], high two bits 2s, 2s+1 of scales_h.
struct BlockIq4Xs {
  Half d;
  uint16_t scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];
};

// ---- read only: values taken from grids (tables of points), see quant/grids.h -----------------------------------

// 8 groups of 32 values; four 16-bit words per group are two little-endian 32-bit words a, b. Bytes of a: four indices
// into a grid of 256 points of 8 values. b: four sign indices of 7 bits (the eighth sign makes their number even),
// and in its top four bits the scale: x = d (0.5 + scale) / 4 * point * sign.
struct BlockIq2Xxs {
  Half d;
  uint16_t qs[32];
};

// 32 groups of 8 values: bits 0..8 of qs[g] index a grid of 512 points, bits 9..15 the signs. A scale per 16 values,
// nibble (g / 2) % 2 of scales[g / 4]: x = d (0.5 + scale) / 4 * point * sign.
struct BlockIq2Xs {
  Half d;
  uint16_t qs[32];
  uint8_t scales[8];
};

// 32 groups of 8: index of 10 bits into a grid of 1024 points: qs[g] and bits 2 (g % 4), .. of qh[g / 4]; eight signs
// as plain bits in qs[32 + g]; scales as in iq2_xs.
struct BlockIq2S {
  Half d;
  uint8_t qs[64];
  uint8_t qh[8];
  uint8_t scales[8];
};

// 64 groups of 4 values: qs[g] indexes a grid of 256 points. qs[64 + 4 s ..] is a 32-bit word per 32 values: signs
// (four times 7 bits) and a scale, as b in iq2_xxs: x = d (0.5 + scale) / 2 * point * sign.
struct BlockIq3Xxs {
  Half d;
  uint8_t qs[96];
};

// 64 groups of 4: index of 9 bits into a grid of 512 points: qs[g] and bit g % 8 of qh[g / 8]. Signs as plain bits. A
// scale per 32 values, nibble s % 2 of scales[s / 2]: x = d (1 + 2 scale) * point * sign.
struct BlockIq3S {
  Half d;
  uint8_t qs[64];
  uint8_t qh[8];
  uint8_t signs[32];
  uint8_t scales[4];
};

// 32 groups of 8 with values -1, 0, 1: index of 11 bits: qs[g] and bits 3 (g % 4), .. of qh[g / 4]; bits 12..14 of that
// word are a scale per 32 values, bit 15 the sign of delta = 1/8: x = d (2 scale + 1) (point + delta).
struct BlockIq1S {
  Half d;
  uint8_t qs[32];
  uint16_t qh[8];
};

// As iq1_s with three-bit scales per 16 values and a delta per 8: index high bits and delta sign are nibble g % 2 of
// qh[g / 2]; scales: four 16-bit words of four 3-bit scales, whose top nibbles together are the f16 d.
struct BlockIq1M {
  uint8_t qs[32];
  uint8_t qh[16];
  uint8_t scales[8];
};

// ---- read only: ternary ----------------------------------------------------------------------------------------

// x = d (t - 1), t a digit of base 3; a byte holds five (qs) or four (qh) digits as the fraction q / 256, the most
// significant first: digit n is ((q * 3^n mod 256) * 3) >> 8. qs[0..31] hold values 32 n + j, qs[32..47] values
// 160 + 16 n + j, qh values 240 + 4 n + j.
struct BlockTq1_0 {
  uint8_t qs[48];
  uint8_t qh[4];
  Half d;
};

// x = d (q - 1), q of 2 bits, arranged as in q2_k.
struct BlockTq2_0 {
  uint8_t qs[64];
  Half d;
};

// ---- levels -----------------------------------------------------------------------------------------------------

// The 16 levels of iq4_nl and iq4_xs.
inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
// e2m1, doubled.
inline constexpr int8_t kMxfp4Values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// ---- which struct a dtype means ---------------------------------------------------------------------------------

template <DType dtype>
struct BlockOf;
#define QUERN_BLOCK(dtype_, Block, values, bytes) \
  template <>                                     \
  struct BlockOf<DType::dtype_> {                 \
    using type = Block;                           \
    static constexpr int kValues = values;        \
  };                                              \
  static_assert(sizeof(Block) == bytes, #Block " must have no padding")
QUERN_BLOCK(q4_0, BlockQ4_0, 32, 18);
QUERN_BLOCK(q4_1, BlockQ4_1, 32, 20);
QUERN_BLOCK(q5_0, BlockQ5_0, 32, 22);
QUERN_BLOCK(q5_1, BlockQ5_1, 32, 24);
QUERN_BLOCK(q8_0, BlockQ8_0, 32, 34);
QUERN_BLOCK(iq4_nl, BlockIq4Nl, 32, 18);
QUERN_BLOCK(mxfp4, BlockMxfp4, 32, 17);
QUERN_BLOCK(nvfp4, BlockNvfp4, 64, 36);
QUERN_BLOCK(q2_k, BlockQ2K, 256, 84);
QUERN_BLOCK(q3_k, BlockQ3K, 256, 110);
QUERN_BLOCK(q4_k, BlockQ4K, 256, 144);
QUERN_BLOCK(q5_k, BlockQ5K, 256, 176);
QUERN_BLOCK(q6_k, BlockQ6K, 256, 210);
QUERN_BLOCK(iq4_xs, BlockIq4Xs, 256, 136);
QUERN_BLOCK(iq1_s, BlockIq1S, 256, 50);
QUERN_BLOCK(iq1_m, BlockIq1M, 256, 56);
QUERN_BLOCK(iq2_xxs, BlockIq2Xxs, 256, 66);
QUERN_BLOCK(iq2_xs, BlockIq2Xs, 256, 74);
QUERN_BLOCK(iq2_s, BlockIq2S, 256, 82);
QUERN_BLOCK(iq3_xxs, BlockIq3Xxs, 256, 98);
QUERN_BLOCK(iq3_s, BlockIq3S, 256, 110);
QUERN_BLOCK(tq1_0, BlockTq1_0, 256, 54);
QUERN_BLOCK(tq2_0, BlockTq2_0, 256, 66);
#undef QUERN_BLOCK

// ---- packed scales ----------------------------------------------------------------------------------------------

// Scale and min of sub-block s (0..7) of q4_k and q5_k. The first four have their six bits in bytes s and s + 4; of the
// others the low four bits are the nibbles of byte s + 4, the high two the top bits of bytes s - 4 and s.
struct ScaleMin {
  uint8_t scale, min;
};
inline ScaleMin k4_scale_min(const uint8_t* scales, int s) {
  if (s < 4) return {uint8_t(scales[s] & 63), uint8_t(scales[s + 4] & 63)};
  return {uint8_t((scales[s + 4] & 15) | (scales[s - 4] >> 6 << 4)),
          uint8_t((scales[s + 4] >> 4) | (scales[s] >> 6 << 4))};
}

// Scale of sub-block s (0..15) of q3_k, -32..31: the low four bits are nibbles of bytes 0..7 (s < 8 low, else high),
// the high two bits 2 (s / 4), .. of byte 8 + s % 4.
inline int q3k_scale(const uint8_t* scales, int s) {
  const int low = s < 8 ? scales[s] & 15 : scales[s - 8] >> 4;
  return (low | (scales[8 + s % 4] >> (2 * (s / 4)) & 3) << 4) - 32;
}

// Scale of sub-block s (0..7) of iq4_xs, -32..31.
inline int iq4xs_scale(const BlockIq4Xs& block, int s) {
  const int low = block.scales_l[s / 2] >> (4 * (s % 2)) & 15;
  return (low | (block.scales_h >> (2 * s) & 3) << 4) - 32;
}

}  // namespace quern
