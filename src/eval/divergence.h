// SPDX-License-Identifier: MIT
#pragma once
// How far a model's predictions are from those of the model it was made from: the Kullback-Leibler divergence
//   sum_v p(v) (log p(v) - log q(v)),   p the parent's, q the model's distribution of the next token, in nats,
// its mean over the tokens of a text, and how often both hold the same token for the likeliest.

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "models/causal_lm.h"

namespace quern {

struct DivergenceOptions {
  int64_t context = 512;  // tokens of a window; windows lie side by side
  int64_t tokens = 4096;  // most that are predicted
  int32_t start_id = -1;  // stands before each window; -1: the first token of each is not predicted
};

struct Divergence {
  int64_t tokens = 0;
  double loss = 0;      // the model's own, nats per token
  double mean = 0;      // divergence from the parent
  double same_top = 0;  // share of tokens
  double perplexity() const;
};

class DivergenceMeter {
 public:
  // What a progress function is told: tokens done; false stops, and the result is of what was done.
  using OnProgress = std::function<bool(int64_t done, int64_t total)>;

  // Keeps the parent's hidden states of the whole text (4 C bytes per token); its logits are made again when they are
  // wanted. Throws InvalidData for a text of less than two tokens.
  DivergenceMeter(std::shared_ptr<const CausalLm> parent, std::span<const int32_t> ids,
                  const DivergenceOptions& options);
  // `model` has the parent's vocabulary: InvalidArgument otherwise.
  Divergence measure(const CausalLm& model, const OnProgress& on_progress = {}) const;

 private:
  struct Window {
    std::vector<int32_t> ids;     // what is read
    std::vector<int32_t> labels;  // what follows each of them
    Tensor hidden;                // the parent's (N, C)
  };
  std::shared_ptr<const CausalLm> parent_;
  std::vector<Window> windows_;
};

}  // namespace quern
