// SPDX-License-Identifier: MIT
#pragma once
// Between the driver of the block-quantised products (quant_products.cpp) and the instruction sets.
//
// One result, whatever the number of rows and threads: every y is a chain of fused multiply-adds over the records of
// its row of w, first to last, in f32; within a record all sums are exact integers. With codes u, offset o (so that
// u - o is the value in units of the scale) and x ~ d_x q:
//   one scale per 32:  t = sum (u - o) q;  y = fma(t, d d_x, y);  then with mins  y = fma(m, d_x sum q, y)
//   K-types:           t = sum_s scale_s sum (u - o) q;  y = fma(t, d d_x, y);
//                      then with mins  y = fma(-sum_s min_s sum q, dmin d_x, y)
// and the bias is added last. The order of the sums over s and k does not matter: they are integers.

#include <cstdint>

#include "tensor/kernels/quant_panels.h"
#include "tensor/kernels/quant_rows.h"

namespace quern {

inline constexpr int kTileRows = 4;  // rows of x at a time

// kRows rows of x times `records` records of one panel: a tile of y of 16 columns.
struct QuantTile {
  const uint8_t* records;  // of a panel, or of a strip
  int64_t count;
  QuantRows x;  // from the first row and value on
  float* y;     // 16 columns, whatever the panel's last rows are
  int64_t ldy;
  bool first;         // y starts at zero; else goes on from what it holds
  const float* bias;  // 16 values to add at the end, or null
};
using QuantTileFn = void(const QuantTile& tile);

// What one instruction set does with one type.
struct QuantTypeTiles {
  int group;                       // of QuantRows
  QuantTileFn* direct[kTileRows];  // for 1..kTileRows rows, straight from the panel
  // Null, or for many rows: records are unpacked once into a strip (codes as bytes, scales as f32) that stays in L1.
  void (*unpack)(const uint8_t* records, int64_t count, uint8_t* strip);
  int64_t strip_bytes;  // per record
  QuantTileFn* strip;   // for kTileRows rows; fewer are left to `direct`, whose results are the same
};

struct QuantInstructions {
  const char* name;
  QuantiseRowsFn* quantise;
  const QuantTypeTiles* (*tiles)(DType dtype);  // null for a type without panels
};

// Null where the instructions are not compiled in; the caller has checked the processor.
const QuantInstructions* quant_instructions_avx2();
const QuantInstructions* quant_instructions_avx_vnni();
const QuantInstructions* quant_instructions_avx512_vnni();

}  // namespace quern
