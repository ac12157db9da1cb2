// SPDX-License-Identifier: MIT
#pragma once
// The one training step that every stage runs.

#include "train/objective.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace quern {

struct StepPlan {
  int64_t micro_batches = 1;   // accumulated into one update
  double max_grad_norm = 1.0;  // 0: no clipping
  Schedule schedule;
};

struct StepReport {
  int64_t step = 0;  // updates made, this one included
  double loss = 0;   // nats per counted token
  double bits_per_byte = 0;
  double grad_norm = 0, lr = 0;
  int64_t tokens = 0;  // positions run through the model
  int64_t count = 0;   // tokens that counted
  bool skipped = false;
  std::string bad_tensor;  // first with a gradient that is not finite
  Metrics metrics;
};

struct Trainer {
  CausalLm& model;
  Optimizer& optimizer;
  StepPlan plan;
};

// One update over M micro-batches. The loss is the mean over all tokens that count in the whole step: sums are added
// up first and divided once, so a short or masked micro-batch weighs what it should. A step that is not finite is
// skipped and reported, never applied.
StepReport train_step(Trainer& t, BatchSource& batches, const Objective& objective, int64_t step);

}  // namespace quern
