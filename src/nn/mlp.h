// SPDX-License-Identifier: MIT
#pragma once

#include "nn/linear.h"

namespace quern {

struct GluNames {
  const char *gate = "gate_proj", *up = "up_proj", *down = "down_proj";
};

// w_down (silu(w_gate x) * (w_up x)). Shazeer 2020, arXiv:2002.05202.
struct SwiGlu {
  Linear gate_up, down;

  SwiGlu(Params p, int64_t C, int64_t F, bool bias, float std, float out_std, const GluNames& names = {})
      : gate_up(p, {{names.gate, F}, {names.up, F}}, C, Bias(bias), std),
        down(p / names.down, F, C, Bias(bias), out_std) {}
  Tensor operator()(const Tensor& x) const { return down(swiglu(gate_up(x))); }  // (N, C) -> (N, C)
};

// GPT-2's feed-forward layer, its matrices stored transposed. Radford et al. 2019.
struct Mlp {
  Linear up, down;
  Activation activation;

  Mlp(Params p, int64_t C, int64_t F, Activation activation, float std, float out_std)
      : up(Linear::transposed(p / "c_fc", C, F, std)),
        down(Linear::transposed(p / "c_proj", F, C, out_std)),
        activation(activation) {}
  Tensor operator()(const Tensor& x) const { return down(activate(up(x), activation)); }  // (N, C) -> (N, C)
};

}  // namespace quern
