// SPDX-License-Identifier: MIT
#include "nn/linear.h"

namespace quern {

namespace {

// Whether a product reads `w` as it is stored; else its values are laid out for the dense kernels.
bool read_as_stored(const Tensor& w, const ParamOptions& options) {
  if (is_quantised(w.dtype())) return true;
  return options.keep_stored && options.compute == QuantCompute::fast && w.is_contiguous() && quant_kernels(w.dtype());
}

WeightPart make_ready(const Tensor& w, const ParamOptions& options) {
  WeightPart part;
  if (read_as_stored(w, options))
    part.stored = stored_weight(w, options.compute);
  else if (options.packed_products)
    part.panels = pack_b(w.size(1), w.size(0), {w.raw(), w.dtype(), w.strides()[1], w.strides()[0]});
  else
    part.stored = stored_weight(w, QuantCompute::exact);
  return part;
}

std::shared_ptr<const Linear::Watched> watch(const Params& p, const std::vector<std::string>& leaves) {
  if (!p.options().input_tap) return nullptr;
  auto watched = std::make_shared<Linear::Watched>();
  watched->tap = p.options().input_tap;
  for (const std::string& leaf : leaves) watched->names.push_back(p.name(leaf));
  return watched;
}

}  // namespace

void Linear::prepare(const std::vector<Tensor>& weights, const ParamOptions& options) {
  precision = options.precision;
  K_ = weights.front().size(1);
  for (const Tensor& w : weights) M_ += w.size(0);
  const Tensor& first = weights.front();
  if (weights.size() == 1) weight = first;
  if (first.trainable()) return;
  if (weights.size() == 1 && !options.packed_products && !read_as_stored(first, options)) return;
  int64_t row = 0;
  for (const Tensor& w : weights) {
    ready.push_back(make_ready(w, options));
    if (bias) ready.back().bias = weights.size() == 1 ? bias : bias.slice(0, row, row + w.size(0));
    row += w.size(0);
  }
}

Linear::Linear(Params p, int64_t K, int64_t M, Bias with_bias, float std) {
  watched = watch(p, {"weight"});
  const Tensor w = p.tensor("weight", {M, K}, init::normal(std));
  if (with_bias == Bias::Yes) bias = p.tensor("bias", {M}, init::zeros());
  prepare({w}, p.options());
}

Linear::Linear(Params p, const std::vector<std::pair<std::string, int64_t>>& parts, int64_t K, Bias with_bias,
               float std) {
  auto named = parts;
  std::vector<std::string> leaves;
  for (auto& [name, rows] : named) leaves.push_back(name += ".weight");
  watched = watch(p, leaves);
  const std::vector<Tensor> weights = p.parts(named, {K}, init::normal(std));
  if (with_bias == Bias::Yes) {
    named = parts;
    for (auto& [name, rows] : named) name += ".bias";
    bias = p.packed(named, {}, init::zeros());
  }
  prepare(weights, p.options());
}

Linear::Linear(const Tensor& shared, const ParamOptions& options) { prepare({shared}, options); }

Linear Linear::transposed(Params p, int64_t K, int64_t M, float std) {
  Linear out;
  out.watched = watch(p, {"weight"});
  const Tensor w = p.tensor("weight", {K, M}, init::normal(std)).transpose(0, 1);
  out.bias = p.tensor("bias", {M}, init::zeros());
  out.prepare({w}, p.options());
  return out;
}

}  // namespace quern
