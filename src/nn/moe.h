// SPDX-License-Identifier: MIT
#pragma once
// Mixture of experts: a router sends each token to a few of E feed-forward layers and adds up, weighted, what they say.
// Shazeer et al. 2017, arXiv:1701.06538; Mixtral: arXiv:2401.04088; DeepSeek-V2 and V3: arXiv:2405.04434, 2412.19437.

#include <optional>
#include <variant>

#include "nn/batch.h"
#include "nn/mlp.h"

namespace quern {

// Experts come in groups, and a token's experts out of its best groups only, by the best score of a group (DeepSeek-V2)
// or by the sum of its best two (DeepSeek-V3).
enum class GroupScore : uint8_t { best, best_two };

struct RouterConfig {
  int64_t C = 0, E = 0, top_k = 0;
  bool sigmoid = false;      // scores are sigmoids of the logits; else a softmax over the experts
  bool renormalise = false;  // the chosen experts' weights sum to 1
  float eps = 0;             // added to the sum that they are divided by
  float factor = 1;          // then all weights are multiplied by this
  int64_t groups = 1, top_groups = 1;
  GroupScore group_score = GroupScore::best;
  bool correction_bias = false;  // a bias per expert that takes part in the choice only (arXiv:2408.15664)
  float std = 0.02f;

  void validate() const;  // throws InvalidModel
};

// Where each token goes: its experts in ascending order, which is also the order of the sum.
struct Routing {
  int64_t top_k = 0;
  std::vector<int32_t> experts;  // (N, top_k)
  Tensor weights;                // (N, top_k)
};

struct Router {
  RouterConfig config;
  Linear gate;  // always in full precision: a small product that decides everything
  Tensor bias;  // (E) or none; moved by a rule of its own in training, not by gradients
  std::string name;

  Router(Params p, const RouterConfig& c, std::string name);
  Routing operator()(const Tensor& x, const Batch& batch) const;  // x (N, C)
};

// The experts of one token by score: the `top_k` best of the best groups, ascending. Equal scores: the lower index.
//   scores (E), the bias included
std::vector<int32_t> choose_experts(std::span<const float> scores, const RouterConfig& config);

struct MoeConfig {
  RouterConfig router;
  int64_t F = 0;             // width of an expert
  int64_t shared_F = 0;      // > 0: an expert of this width that every token meets
  bool shared_gate = false;  // its weight is a sigmoid of the token; else 1
  const char* shared_name = "shared_experts";
  GluNames names;
  Activation activation = Activation::silu;
  float std = 0.02f, out_std = 0.02f;

  GatedMlpConfig expert() const;  // of every expert alike
  // Parameters that a token does not meet.
  int64_t idle() const { return (router.E - router.top_k) * 3 * router.C * F; }
};

// Rows are sorted by expert, each expert's rows are one product, and each token's sum is taken in one order of experts:
// a token's result does not depend on what else is in the batch.
struct Moe {
  MoeConfig config;
  Router router;
  std::vector<GatedMlp> experts;
  std::optional<GatedMlp> shared;
  std::optional<Linear> shared_gate;  // (1, C)

  Moe(Params p, const MoeConfig& c);
  Tensor operator()(const Tensor& x, const Batch& batch) const;  // (N, C) -> (N, C)
};

// What follows attention in a block: one dense layer, or a mixture.
using FeedForward = std::variant<GatedMlp, Moe>;
Tensor feed_forward(const FeedForward& ffn, const Tensor& x, const Batch& batch);

}  // namespace quern
