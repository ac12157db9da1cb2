// SPDX-License-Identifier: MIT
#include "train/objective.h"

namespace quern {

Batch to_model_batch(const TokenBatch& batch) {
  Batch out;
  out.ids = Tensor::from(batch.ids, {batch.size()});
  out.positions = batch.positions;
  out.segments.assign(batch.segments.begin(), batch.segments.end());
  return out;
}

Loss NextToken::operator()(const CausalLm& model, const TokenBatch& data) const {
  Batch batch = to_model_batch(data);
  batch.checkpoint_blocks = checkpoint_blocks;
  const Tensor hidden = model.forward(batch);
  LossOptions loss_options = options;
  loss_options.softcap = model.shape().logit_softcap;
  const CrossEntropyResult result = cross_entropy_head(hidden, model.head().weight, data.labels, loss_options);
  Loss loss{.sum = result.sum, .count = result.count, .nll_sum = result.nll_sum, .bytes = data.bytes};
  if (checkpoint_blocks && loss.sum.trainable()) {
    // The tape refers to `batch`; walk it here, and hand on what is left of it.
    loss.sum.backward();
    loss.sum = loss.sum.detach();
  }
  return loss;
}

}  // namespace quern
