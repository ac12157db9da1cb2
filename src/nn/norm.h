// SPDX-License-Identifier: MIT
#pragma once

#include "nn/params.h"

namespace quern {

// Root-mean-square normalisation, see rms_norm() in tensor/ops.h.
struct RmsNorm {
  Tensor weight;  // (C)
  float eps = 1e-5f;
  float offset = 0;  // added to the weights: 1 where they are kept as distances from 1 (Gemma)

  RmsNorm() = default;
  RmsNorm(Params p, int64_t C, float eps, float offset = 0)
      : weight(p.tensor("weight", {C}, offset == 1 ? init::zeros() : init::ones())), eps(eps), offset(offset) {}
  Tensor operator()(const Tensor& x) const { return rms_norm(x, weight, eps, offset); }  // (..., C) -> (..., C)
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

// No normalisation, where a model has none.
struct NoNorm {
  Tensor operator()(const Tensor& x) const { return x; }
};

}  // namespace quern
