// SPDX-License-Identifier: MIT
#pragma once

#include "nn/params.h"

namespace quern {

// Root-mean-square normalisation, see rms_norm() in tensor/ops.h.
struct RmsNorm {
  Tensor weight;  // (C)
  float eps = 1e-5f;

  RmsNorm() = default;
  RmsNorm(Params p, int64_t C, float eps) : weight(p.tensor("weight", {C}, init::ones())), eps(eps) {}
  Tensor operator()(const Tensor& x) const { return rms_norm(x, weight, eps); }  // (..., C) -> (..., C)
};

// Layer normalisation, see layer_norm() in tensor/ops.h.
struct LayerNorm {
  Tensor weight, bias;  // (C)
  float eps = 1e-5f;

  LayerNorm() = default;
  LayerNorm(Params p, int64_t C, float eps)
      : weight(p.tensor("weight", {C}, init::ones())), bias(p.tensor("bias", {C}, init::zeros())), eps(eps) {}
  Tensor operator()(const Tensor& x) const { return layer_norm(x, weight, bias, eps); }  // (..., C) -> (..., C)
};

}  // namespace quern
