// SPDX-License-Identifier: MIT
// How the records of each type (quant_panels.h) give codes and scales: written once, included by each file that defines
// the vector (see quant_avx2.cpp). v counts the vectors of 16 rows, g the groups of four k.
//   kChain      how many groups of 4 k may be added in 16 bits: 2 * chain * largest code * 127 < 2^15
//   kOffset     what is subtracted from a code
//   kSigned     codes are signed bytes of any value
//   kHasMin     there is a minimum per block (sub-block)
//   kStreams    read once from memory, worth a prefetch
//   kStrips     codes take so long to put together that many rows of x are worth doing it once, into a strip

QUERN_INLINE Vector line(const uint8_t* lines, int i, int v) { return load(lines + kLineBytes * i + 4 * kLanes * v); }
template <int kHigh>  // the low or the high nibble of each byte
QUERN_INLINE Vector nibble(Vector bytes) {
  return bit_and(kHigh ? shift_right<4>(bytes) : bytes, splat(15));
}

// ---- one scale per 32 values ------------------------------------------------------------------------------------

template <DType dtype, int kChain_, int kOffset_, bool kSigned_ = false>
struct Simple {
  static constexpr PanelRecord kAt = panel_record(dtype);
  static constexpr int kChain = kChain_, kOffset = kOffset_, kBytes = kAt.bytes;
  static constexpr bool kSigned = kSigned_, kHasMin = kAt.lines == 4 * kPanelRows, kStreams = true,
                        kStrips = kStripsForAll || kAt.high >= 0;
  QUERN_INLINE static VectorF scale(const uint8_t* r, int v) { return halves(r + 2 * kLanes * v); }
  QUERN_INLINE static VectorF min(const uint8_t* r, int v) { return halves(r + 2 * kPanelRows + 2 * kLanes * v); }
  template <int g>
  QUERN_INLINE static Vector nibbles(const uint8_t* r, int v) {
    return nibble<g / 4>(line(r + kAt.lines, g % 4, v));
  }
};

template <DType dtype, int kOffset>
struct Nibbles : Simple<dtype, 8, kOffset> {
  template <int g>
  QUERN_INLINE static Vector codes(const uint8_t* r, int v) {
    return Nibbles::template nibbles<g>(r, v);
  }
};
template <DType dtype, int kOffset>
struct FiveBits : Simple<dtype, 4, kOffset> {
  template <int g>
  QUERN_INLINE static Vector codes(const uint8_t* r, int v) {
    const Vector high = line(r + FiveBits::kAt.high, 0, v);
    const Vector at_4 = g <= 4 ? shift_left<(g <= 4 ? 4 - g : 0)>(high) : shift_right<(g > 4 ? g - 4 : 0)>(high);
    return bit_or(FiveBits::template nibbles<g>(r, v), bit_and(at_4, splat(16)));
  }
};
struct Bytes : Simple<DType::q8_0, 1, 0, true> {
  template <int g>
  QUERN_INLINE static Vector codes(const uint8_t* r, int v) {
    return line(r + kAt.lines, g, v);
  }
};
struct Iq4Nl : Simple<DType::iq4_nl, 1, 0, true> {
  template <int g>
  QUERN_INLINE static Vector codes(const uint8_t* r, int v) {
    return lookup(kIq4Values, nibbles<g>(r, v));
  }
};
// Levels are stored 16 higher, so that they are not negative.
inline constexpr int8_t kMxfp4Codes[16] = {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4};
struct Mxfp4 : Simple<DType::mxfp4, 4, 16> {
  QUERN_INLINE static VectorF scale(const uint8_t* r, int v) { return half_powers_of_two(r + kLanes * v); }
  template <int g>
  QUERN_INLINE static Vector codes(const uint8_t* r, int v) {
    return lookup(kMxfp4Codes, nibbles<g>(r, v));
  }
};

// ---- K-types ----------------------------------------------------------------------------------------------------

// Sub-block s of 32 values is kInner * o + r, o counted at run time. kSub values share a scale.
template <DType dtype, int kSub_, int kChain_, int kInner_, int kOffset_, bool kSigned_ = false>
struct Super {
  static constexpr PanelRecord kAt = panel_record(dtype);
  static constexpr int kSub = kSub_, kChain = kChain_, kInner = kInner_, kOffset = kOffset_, kBytes = kAt.bytes;
  static constexpr bool kSigned = kSigned_, kHasMin = kAt.mins >= 0, kStreams = true,
                        kStrips = kStripsForAll || kAt.high >= 0;
  QUERN_INLINE static VectorF scale(const uint8_t* r, int v) { return halves(r + 2 * kLanes * v); }
  QUERN_INLINE static VectorF min(const uint8_t* r, int v) { return halves(r + 2 * kPanelRows + 2 * kLanes * v); }
  // Scales of sub-block 2 p + j; of both (what multiplies the sums of x: the mins, or the scales for the offset).
  template <int j>
  QUERN_INLINE static Scale sub_scale(const uint8_t* r, int64_t p, int v) {
    return one_scale < j, kOffset != 0 || kSigned > (r + kAt.scales + 2 * kPanelRows * p + 2 * kLanes * v);
  }
  QUERN_INLINE static Vector pair(const uint8_t* r, int64_t p, int v) {
    const uint8_t* from = r + (kHasMin ? kAt.mins : kAt.scales) + 2 * kPanelRows * p + 2 * kLanes * v;
    return kHasMin ? widen_unsigned(from) : widen_signed(from);
  }
};

struct Q4K : Super<DType::q4_k, 32, 8, 2, 0> {
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    return nibble<r>(line(record + kAt.lines, int(8 * o + g), v));
  }
};
struct Q5K : Super<DType::q5_k, 32, 4, 2, 0> {
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    const Vector high = shift_right_by(line(record + kAt.high, g, v), int(2 * o + r));
    return bit_or(nibble<r>(line(record + kAt.lines, int(8 * o + g), v)), shift_left<4>(bit_and(high, splat(1))));
  }
};
struct Q6K : Super<DType::q6_k, 16, 2, 4, 32> {
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    const Vector high = line(record + kAt.high, int(8 * o + g), v);
    const Vector at_4 = r <= 2 ? shift_left<(r <= 2 ? 4 - 2 * r : 0)>(high) : shift_right<2>(high);
    return bit_or(nibble<r / 2>(line(record + kAt.lines, int(16 * o + 8 * (r % 2) + g), v)),
                  bit_and(at_4, splat(0x30)));
  }
};
struct Q3K : Super<DType::q3_k, 16, 8, 4, 4> {
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    const Vector low = bit_and(shift_right<2 * r>(line(record + kAt.lines, int(8 * o + g), v)), splat(3));
    const Vector high = shift_right_by(line(record + kAt.high, g, v), int(4 * o + r));
    return bit_or(low, shift_left<2>(bit_and(high, splat(1))));
  }
};
// Scale and min are the nibbles of one byte.
struct Q2K : Super<DType::q2_k, 16, 8, 4, 0> {
  template <int j>
  QUERN_INLINE static Scale sub_scale(const uint8_t* r, int64_t p, int v) {
    return low_bits(one_scale<j, false>(r + kAt.scales + 2 * kPanelRows * p + 2 * kLanes * v));
  }
  QUERN_INLINE static Vector pair(const uint8_t* r, int64_t p, int v) {
    return shift_right<4>(widen_unsigned(r + kAt.scales + 2 * kPanelRows * p + 2 * kLanes * v));
  }
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    return bit_and(shift_right<2 * r>(line(record + kAt.lines, int(8 * o + g), v)), splat(3));
  }
};
struct Iq4Xs : Super<DType::iq4_xs, 32, 1, 2, 0, true> {
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    return lookup(kIq4Values, nibble<g / 4>(line(record + kAt.lines, int(8 * o + 4 * r + g % 4), v)));
  }
};

// ---- strips -----------------------------------------------------------------------------------------------------

// What a record of type W becomes: d (and m or dmin) as f32, codes as bytes.
template <class W>
struct SimpleStrip {
  static constexpr int kChain = W::kChain, kOffset = W::kOffset;
  static constexpr bool kSigned = W::kSigned, kHasMin = W::kHasMin, kStreams = false;
  static constexpr int kLines = (kHasMin ? 2 : 1) * kLineBytes, kBytes = kLines + 8 * kLineBytes;
  QUERN_INLINE static VectorF scale(const uint8_t* r, int v) { return load_f(r + 4 * kLanes * v); }
  QUERN_INLINE static VectorF min(const uint8_t* r, int v) { return load_f(r + kLineBytes + 4 * kLanes * v); }
  template <int g>
  QUERN_INLINE static Vector codes(const uint8_t* r, int v) {
    return line(r + kLines, g, v);
  }
};

template <class W>
struct SuperStrip {
  static constexpr int kSub = W::kSub, kChain = W::kChain, kInner = W::kInner, kOffset = W::kOffset;
  static constexpr bool kSigned = W::kSigned, kHasMin = W::kHasMin, kStreams = false;
  static constexpr int kScales = 2 * kLineBytes, kPairs = kScales + 256 / kSub * kLineBytes,
                       kLines = kPairs + 128 / kSub * kLineBytes, kBytes = kLines + 64 * kLineBytes;
  QUERN_INLINE static VectorF scale(const uint8_t* r, int v) { return load_f(r + 4 * kLanes * v); }
  QUERN_INLINE static VectorF min(const uint8_t* r, int v) { return load_f(r + kLineBytes + 4 * kLanes * v); }
  template <int j>
  QUERN_INLINE static Scale sub_scale(const uint8_t* r, int64_t p, int v) {
    return line(r + kScales, int(2 * p + j), v);
  }
  QUERN_INLINE static Vector pair(const uint8_t* r, int64_t p, int v) { return line(r + kPairs, int(p), v); }
  template <int r, int g>
  QUERN_INLINE static Vector codes(const uint8_t* record, int64_t o, int v) {
    return line(record + kLines, int(8 * (kInner * o + r) + g), v);
  }
};
