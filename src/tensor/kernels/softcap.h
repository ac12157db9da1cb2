// SPDX-License-Identifier: MIT
#pragma once
// Soft caps: values squeezed smoothly into (-cap, cap). Gemma 2, arXiv:2408.00118, sect. 2.

#include <cstdint>

namespace quern {

// y = cap tanh(x / cap) over n values, cap > 0; y may alias x.
using SoftcapFn = void(const float* x, float cap, float* y, int64_t n);
SoftcapFn softcap_ref, softcap_simd;

// dx = dy (1 - (y / cap)^2) with y from the forward pass; dx may alias dy or y.
using SoftcapBackwardFn = void(const float* y, float cap, const float* dy, float* dx, int64_t n);
SoftcapBackwardFn softcap_backward_ref, softcap_backward_simd;

}  // namespace quern
