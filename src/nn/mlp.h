// SPDX-License-Identifier: MIT
#pragma once

#include "nn/linear.h"

namespace quern {

struct GluNames {
  const char *gate = "gate_proj", *up = "up_proj", *down = "down_proj";
};

struct GatedMlpConfig {
  int64_t C = 0, F = 0;
  Activation activation = Activation::silu;
  bool bias = false;
  bool fused = false;     // the checkpoint has gate and up as one matrix, gate_up_proj
  float std = 0.02f;      // initial weights
  float out_std = 0.02f;  // of the projection down
  GluNames names = {};
};

// w_down (f(w_gate x) * (w_up x)): SwiGLU where f is silu, GeGLU where it is gelu. Shazeer 2020, arXiv:2002.05202.
struct GatedMlp {
  Linear gate_up, down;
  Activation activation;

  GatedMlp(Params p, const GatedMlpConfig& c)
      : gate_up(c.fused ? Linear(p / "gate_up_proj", c.C, 2 * c.F, Bias(c.bias), c.std)
                        : Linear(p, {{c.names.gate, c.F}, {c.names.up, c.F}}, c.C, Bias(c.bias), c.std)),
        down(p / c.names.down, c.F, c.C, Bias(c.bias), c.out_std),
        activation(c.activation) {}
  Tensor operator()(const Tensor& x) const { return down(glu(gate_up(x), activation)); }  // (N, C) -> (N, C)
};

// w_down f(w_up x): the plain feed-forward layer. Vaswani et al. 2017, arXiv:1706.03762, eq. 2.
struct Mlp {
  Linear up, down;
  Activation activation;

  Mlp(Linear up, Linear down, Activation activation)
      : up(std::move(up)), down(std::move(down)), activation(activation) {}
  // GPT-1's and GPT-2's, whose matrices are stored transposed.
  static Mlp transposed(Params p, int64_t C, int64_t F, Activation activation, float std, float out_std) {
    return {Linear::transposed(p / "c_fc", C, F, std), Linear::transposed(p / "c_proj", F, C, out_std), activation};
  }
  Tensor operator()(const Tensor& x) const { return down(activate(up(x), activation)); }  // (N, C) -> (N, C)
};

}  // namespace quern
