// SPDX-License-Identifier: MIT
#pragma once
// A stage is an objective and a data source. The trainer knows nothing else of it.

#include <string>
#include <vector>

#include "data/batch_source.h"
#include "models/causal_lm.h"
#include "train/run_log.h"

namespace quern {

struct Loss {
  Tensor sum;          // () over everything that counts; its gradient is what is learned
  int64_t count = 0;   // tokens (or pairs) that count
  double nll_sum = 0;  // plain loss in nats, without smoothing and other additions
  int64_t bytes = 0;   // UTF-8 bytes the counted tokens stand for; 0 when not known
  Metrics metrics;     // summed over micro-batches, then divided by count
};

class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::string name() const = 0;
  virtual Loss operator()(const CausalLm& model, const TokenBatch& batch) const = 0;
};

// The model's view of a data batch.
Batch to_model_batch(const TokenBatch& batch);

// Next-token prediction: -log p(token | what stands before it), over labels that count. Pre-training counts every
// token; instruction tuning what the assistant says, its stop token included: the labels say so.
struct NextToken final : Objective {
  LossOptions options;
  bool checkpoint_blocks = false;

  explicit NextToken(const LossOptions& options = {}, bool checkpoint_blocks = false)
      : options(options), checkpoint_blocks(checkpoint_blocks) {}
  std::string name() const override { return "next-token"; }
  Loss operator()(const CausalLm& model, const TokenBatch& batch) const override;
};

}  // namespace quern
