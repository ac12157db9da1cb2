// SPDX-License-Identifier: MIT
#include "nn/linear.h"

namespace quern {

void Linear::prepare(const ParamOptions& options) {
  precision = options.precision;
  if (options.packed_products && !weight.trainable())
    panels = pack_b(in(), out(), {weight.raw(), weight.dtype(), weight.strides()[1], weight.strides()[0]});
}

Linear::Linear(Params p, int64_t K, int64_t M, Bias with_bias, float std)
    : weight(p.tensor("weight", {M, K}, init::normal(std))) {
  if (with_bias == Bias::Yes) bias = p.tensor("bias", {M}, init::zeros());
  prepare(p.options());
}

Linear::Linear(Params p, const std::vector<std::pair<std::string, int64_t>>& parts, int64_t K, Bias with_bias,
               float std) {
  auto named = parts;
  for (auto& [name, rows] : named) name += ".weight";
  weight = p.packed(named, {K}, init::normal(std));
  if (with_bias == Bias::Yes) {
    named = parts;
    for (auto& [name, rows] : named) name += ".bias";
    bias = p.packed(named, {}, init::zeros());
  }
  prepare(p.options());
}

Linear::Linear(const Tensor& shared, const ParamOptions& options) : weight(shared) { prepare(options); }

Linear Linear::transposed(Params p, int64_t K, int64_t M, float std) {
  Linear out;
  out.weight = p.tensor("weight", {K, M}, init::normal(std)).transpose(0, 1);
  out.bias = p.tensor("bias", {M}, init::zeros());
  out.prepare(p.options());
  return out;
}

}  // namespace quern
