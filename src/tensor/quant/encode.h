// SPDX-License-Identifier: MIT
#pragma once
// One block at a time, for quantise.cpp. x holds the block's values, importance theirs or is nullptr; values are
// finite.

#include "tensor/quant/blocks.h"

namespace quern {

void encode(const float* x, const float* importance, BlockQ4_0& b);
void encode(const float* x, const float* importance, BlockQ4_1& b);
void encode(const float* x, const float* importance, BlockQ5_0& b);
void encode(const float* x, const float* importance, BlockQ5_1& b);
void encode(const float* x, const float* importance, BlockQ8_0& b);
void encode(const float* x, const float* importance, BlockIq4Nl& b);
void encode(const float* x, const float* importance, BlockMxfp4& b);

void encode(const float* x, const float* importance, BlockQ2K& b);
void encode(const float* x, const float* importance, BlockQ3K& b);
void encode(const float* x, const float* importance, BlockQ4K& b);
void encode(const float* x, const float* importance, BlockQ5K& b);
void encode(const float* x, const float* importance, BlockQ6K& b);
void encode(const float* x, const float* importance, BlockIq4Xs& b);

// A scale as f16. Throws InvalidModel when it is beyond f16.
Half half_scale(float d);
// The same for a factor that `top` quantised scales multiply: never so small that top * d falls short of what was
// asked, which rounding among the few subnormal f16 could do.
Half half_factor(float d, int top);

}  // namespace quern
