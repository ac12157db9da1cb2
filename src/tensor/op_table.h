// SPDX-License-Identifier: MIT
#pragma once
// Every differentiable op in one list, with a way to call it on inputs of a given oddness: what the gradient test
// walks, and where a new op is added (docs/howto/add-an-op.md).

#include <functional>
#include <string>
#include <vector>

#include "tensor/ops.h"

namespace quern {

struct OpCase {
  std::string op;                                                 // "rms_norm"
  std::string variant;                                            // "N=3 C=7"
  std::vector<Tensor> inputs;                                     // trainable leaves
  std::function<Tensor(const std::vector<Tensor>& inputs)> call;  // -> any shape
};

// Cases over odd shapes, strides and options, drawn from `seed`.
std::vector<OpCase> op_cases(uint64_t seed);
// The names of all ops that op_cases must cover; a test compares.
const std::vector<std::string>& op_names();

}  // namespace quern
