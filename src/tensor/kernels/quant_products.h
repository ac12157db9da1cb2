// SPDX-License-Identifier: MIT
#pragma once
// Products with block-quantised weights in integer arithmetic: the driver of the tiles, and the definition of right.

#include "tensor/kernels/quant_linear.h"

namespace quern {

struct QuantInstructions;  // quant_tiles.h

// What QuantKernels holds for the types that have panels (quant_panels.h); instructions are those in force at packing.
std::shared_ptr<const void> quant_products_pack(const QuantMatrix& w);
void quant_products(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy);

// The formulas of quant_tiles.h in plain loops over the blocks as the file stores them. Bit-equal to quant_products.
void quant_products_ref(const QuantInput& x, const QuantMatrix& w, const float* bias, float* y, int64_t ldy);

const QuantInstructions* quant_instructions();  // those in force, or null

}  // namespace quern
