// SPDX-License-Identifier: MIT
#pragma once
// The layout that the integer kernels read: a block-quantised matrix w (M, K) with its rows interleaved by 16, made
// once. A panel holds 16 rows (the last one is filled up with rows of scale 0) as K / (values per block) records; a
// record holds one block of each of the 16 rows, in about as many bytes as the blocks themselves.
//
// In a record, codes lie in lines of 64 bytes: byte 4 r + j of a line comes from row r, so that a vector of 32-bit
// lanes holds a row per lane and four neighbouring k in its bytes, as the dot products of all instruction sets want
// it. A line is the same four bytes of every row's block, so that packing is a transposition of 32-bit words, and the
// bits of a byte keep the meaning they have in the block (tensor/quant/blocks.h).
//
// The f16 scales of the 16 rows come first (d, then m or dmin). K-types follow with the scales, and then the mins, of
// their sub-blocks as bytes [pair of sub-blocks][row][2].

#include <cstdint>
#include <memory>

#include "tensor/kernels/quant_linear.h"

namespace quern {

inline constexpr int64_t kPanelRows = 16;
inline constexpr int64_t kLineBytes = 4 * kPanelRows;

// Offsets and sizes in bytes within a record; -1 where a type has no such field.
struct PanelRecord {
  int values;       // of K per record
  int lines, high;  // where lines of the codes start: those of qs (ql), those of qh (hmask)
  int scales, mins;
  int bytes;
};

constexpr PanelRecord panel_record(DType dtype) {
  constexpr int kF16 = 2 * kPanelRows, kLine = kLineBytes;
  switch (dtype) {
    case DType::q4_0:
    case DType::iq4_nl:
      return {32, kF16, -1, -1, -1, kF16 + 4 * kLine};
    case DType::q4_1:
      return {32, 2 * kF16, -1, -1, -1, 2 * kF16 + 4 * kLine};
    case DType::q5_0:  // qh: one line, bit g of byte 4 r + j belongs to k = 4 g + j
      return {32, kF16, kF16 + 4 * kLine, -1, -1, kF16 + 5 * kLine};
    case DType::q5_1:
      return {32, 2 * kF16, 2 * kF16 + 4 * kLine, -1, -1, 2 * kF16 + 5 * kLine};
    case DType::q8_0:
      return {32, kF16, -1, -1, -1, kF16 + 8 * kLine};
    case DType::mxfp4:  // scales are bytes
      return {32, kPanelRows, -1, -1, -1, kPanelRows + 4 * kLine};
    case DType::q2_k:  // a byte holds the scale (low) and the min (high) of a sub-block
      return {256, 2 * kF16 + 256, -1, 2 * kF16, 2 * kF16, 2 * kF16 + 256 + 16 * kLine};
    case DType::q3_k:
      return {256, kF16 + 256, kF16 + 256 + 16 * kLine, kF16, -1, kF16 + 256 + 24 * kLine};
    case DType::q4_k:
      return {256, 2 * kF16 + 256, -1, 2 * kF16, 2 * kF16 + 128, 2 * kF16 + 256 + 32 * kLine};
    case DType::q5_k:
      return {256, 2 * kF16 + 256, 2 * kF16 + 256 + 32 * kLine, 2 * kF16, 2 * kF16 + 128, 2 * kF16 + 256 + 40 * kLine};
    case DType::q6_k:
      return {256, kF16 + 256, kF16 + 256 + 32 * kLine, kF16, -1, kF16 + 256 + 48 * kLine};
    case DType::iq4_xs:
      return {256, kF16 + 128, -1, kF16, -1, kF16 + 128 + 32 * kLine};
    default:
      return {};
  }
}
constexpr bool has_panels(DType dtype) { return panel_record(dtype).values != 0; }

// w as panels. Copies share the memory.
struct QuantPanels {
  DType dtype;
  int64_t M, K;
  std::shared_ptr<uint8_t> data;  // 64-byte aligned

  int64_t panels() const { return (M + kPanelRows - 1) / kPanelRows; }
  int64_t records() const { return K / panel_record(dtype).values; }  // per panel
  int64_t panel_bytes() const { return records() * panel_record(dtype).bytes; }
  const uint8_t* panel(int64_t p) const { return data.get() + p * panel_bytes(); }
};

// Throws InvalidModel when K is no multiple of the block size, Resources when there is no memory. Pages of a mapped w
// are given back as they are read.
QuantPanels pack_panels(const QuantMatrix& w);

}  // namespace quern
