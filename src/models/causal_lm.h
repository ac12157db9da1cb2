// SPDX-License-Identifier: MIT
#pragma once
// A decoder that predicts the next token, and the registry of families. A family is one file with a config, a forward
// pass and its names; nothing else asks which family it has.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "nn/batch.h"
#include "nn/linear.h"

namespace quern {

// What the rest of the program needs to know of a model's sizes.
struct ModelShape {
  std::string family;  // "llama"
  int64_t V = 0, C = 0, L = 0, H = 0, K = 0, D = 0, F = 0;
  int64_t context = 0;            // positions it was made for
  bool tied = false;              // head shares the embedding matrix
  float logit_softcap = 0;        // > 0: logits are capped, see softcap() in tensor/ops.h
  int64_t idle = 0;               // parameters that a token does not meet: those of the experts it is not sent to
  std::vector<KvFormat> kv = {};  // of each layer; none: K heads of D in all of them

  KvFormat kv_format(int64_t layer) const {
    return kv.empty() ? KvFormat{.K = K, .D = D, .D_v = D} : kv[size_t(layer)];
  }
  int64_t kv_size() const;  // numbers kept per position, over all layers
};

using ModelConfig = nlohmann::ordered_json;

class CausalLm {
 public:
  virtual ~CausalLm() = default;
  virtual Tensor forward(const Batch& batch) const = 0;  // ids (N) -> hidden states after the final norm (N, C)
  virtual const Linear& head() const = 0;                // (rows, C) -> (rows, V)
  virtual const ModelShape& shape() const = 0;
  virtual const nlohmann::ordered_json& config() const = 0;  // as config.json, to be saved
  Tensor logits(const Tensor& hidden) const {
    const Tensor y = head()(hidden);
    return shape().logit_softcap > 0 ? softcap(y, shape().logit_softcap) : y;
  }
  // Sequences admitted with different lengths share cached keys only when this is the same for both: where rotary
  // scaling depends on the length, it is part of what a prefix is.
  virtual int64_t prefix_key(int64_t rope_length) const { return rope_length <= shape().context ? 0 : rope_length; }

  std::shared_ptr<ParamStore> params;  // everything that was handed out
};

struct Family {
  std::vector<std::string> architectures;  // config.json's architectures[0]
  std::string model_type;
  // Names that a checkpoint may use instead of ours, and tensors in it that are no parameters.
  std::function<std::vector<std::string>(const std::string& name)> aliases;
  std::function<bool(const std::string& name)> ignorable;
  // Tensors of parts that are not run, where the config is needed to tell them.
  std::function<bool(const std::string& name, const ModelConfig& config)> unused = {};
  std::function<std::unique_ptr<CausalLm>(Params params, const ModelConfig& config)> build;
};

// By architectures[0], then model_type. Throws Unsupported, naming what is known.
const Family& family_of(const ModelConfig& config);
std::unique_ptr<CausalLm> build_model(const ModelConfig& config, std::shared_ptr<ParamStore> params);

// Floating-point operations of one forward pass per token, a multiply-add counted as two: 2 per weight that multiplies
// (head included), and attention over `context` positions on average half full. Backward costs twice that.
double flops_per_token(const ModelShape& shape, int64_t num_parameters, int64_t context);

}  // namespace quern
