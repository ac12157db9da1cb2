// SPDX-License-Identifier: MIT
#pragma once
// Weights published as 8-bit floats with a scale per block of the matrix, as DeepSeek-V3 is (arXiv:2412.19437, sect.
// 3.3): "X.weight" in e4m3 and beside it "X.weight_scale_inv", by which its values are to be multiplied.

#include <optional>

#include "base/json.h"
#include "tensor/tensor.h"

namespace quern {

struct Fp8Blocks {
  int64_t rows = 0, cols = 0;  // of a block
};

// What config.json's quantization_config says; none when it has none. Throws Unsupported for every other method.
std::optional<Fp8Blocks> read_fp8_blocks(const Json& config);

// weight (M, K) e4m3   scale_inv (ceil(M / rows), ceil(K / cols)) f32   ->   (M, K) f32
// Throws InvalidModel, naming the tensor, when the shapes disagree.
Tensor from_fp8_blocks(const std::string& name, const Tensor& weight, const Tensor& scale_inv, const Fp8Blocks& blocks);

}  // namespace quern
