// SPDX-License-Identifier: MIT
#pragma once
// What a run will cost, before anything is allocated.

#include <cstdint>
#include <string>

#include "models/causal_lm.h"
#include "train/recipe.h"

namespace quern {

struct CostEstimate {
  int64_t parameters = 0;
  // Bytes by class.
  uint64_t weights = 0, gradients = 0, optimizer = 0, activations = 0, logits = 0, data = 0;
  uint64_t total() const { return weights + gradients + optimizer + activations + logits + data; }
  double flops_per_step = 0;  // forward and backward, a multiply-add counted as two
  double flops = 0;           // of the whole run
  int64_t tokens_per_step = 0, steps = 0;
  double seconds = 0;  // at `assumed_share` of the machine's measured peak
  double assumed_share = 0;
};

// Parameters of the model that `shape` describes, counted without building it.
int64_t count_parameters(const ModelShape& shape);
CostEstimate estimate_cost(const ModelShape& shape, const Recipe& recipe, int64_t steps, uint64_t data_bytes,
                           double peak_flops_per_s);
std::string describe(const CostEstimate& cost);  // several lines for people

uint64_t available_memory();  // bytes this process may still take, control groups included
uint64_t resident_memory();   // bytes it has now
uint64_t peak_resident_memory();
// Throws Resources with three ways out when the run can't fit.
void require_memory(const CostEstimate& cost, const Recipe& recipe);

}  // namespace quern
