// SPDX-License-Identifier: MIT
#pragma once
// Point-wise non-linearities and the gated products built on them.

#include <cstdint>

namespace quern {

enum class Activation : uint8_t {
  relu,        // max(x, 0)
  relu2,       // max(x, 0)^2: So et al. 2021, arXiv:2109.08668
  gelu_tanh,   // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), "gelu_new": Hendrycks & Gimpel 2016, arXiv:1606.08415
  gelu_erf,    // x/2 (1 + erf(x / sqrt 2)): the same paper, exact
  quick_gelu,  // x sigmoid(1.702 x): the same paper
  silu,        // x sigmoid(x)
  sigmoid,     // 1 / (1 + exp(-x))
  tanh,
};
inline constexpr int kNumActivations = 8;

// y = f(x) over n values; y may alias x.
using ActivationFn = void(Activation f, const float* x, float* y, int64_t n);
ActivationFn activation_ref, activation_simd;

// dx = f'(x) dy, written or, when accumulate, added; dx may alias dy.
using ActivationBackwardFn = void(Activation f, const float* x, const float* dy, float* dx, bool accumulate, int64_t n);
ActivationBackwardFn activation_backward_ref, activation_backward_simd;

// out = f(gate) * up: SwiGLU with silu, GeGLU with gelu. Shazeer 2020, arXiv:2002.05202.
//   gate, up (N, F), rows gate_stride and up_stride apart   ->   out (N, F) contiguous
// Halves of one matrix x (N, 2F): gate = x, up = x + F, both strides 2F. out may alias gate or up where strides agree.
using GluFn = void(Activation f, const float* gate, int64_t gate_stride, const float* up, int64_t up_stride, float* out,
                   int64_t N, int64_t F);
GluFn glu_ref, glu_simd;

// dgate = f'(gate) * up * dout,  dup = f(gate) * dout; both written. dgate may alias gate, dup may alias up.
//   gate, dgate rows are gate_stride apart, up, dup rows up_stride apart, dout (N, F) contiguous
using GluBackwardFn = void(Activation f, const float* gate, const float* up, const float* dout, float* dgate,
                           float* dup, int64_t gate_stride, int64_t up_stride, int64_t N, int64_t F);
GluBackwardFn glu_backward_ref, glu_backward_simd;

}  // namespace quern
