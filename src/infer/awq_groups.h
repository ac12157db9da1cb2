// SPDX-License-Identifier: MIT
#pragma once
// Where a model's channels can be scaled without changing what it computes: matrices that share an input, and what
// that input comes from.

#include <string>
#include <vector>

#include "formats/model_source.h"

namespace quern {

// A tensor that can take a factor for each row, or each column where the checkpoint keeps it transposed.
struct ScaledTensor {
  std::string name;         // as the family calls it
  std::string stored;       // as the weights have it
  bool transposed = false;  // GPT-2's: stored (inputs, outputs)
};

// The input's channels come out of these rows: row rows[i] makes channel i smaller by its scale.
struct ChannelSource {
  ScaledTensor tensor;
  std::vector<int64_t> rows;
  float offset = 0;  // of a norm kept as w - 1
};

struct AwqGroup {
  std::vector<ScaledTensor> linears;   // that read the input, their columns times the scale
  std::vector<ChannelSource> sources;  // a norm's weights (and biases), or rows of a projection
  std::vector<int64_t> channels;       // (K) of each column: heads of queries may share a head of values
  int64_t num_channels = 0;
};

// By layer; in each the attention's input, its output projection, the feed-forward layer's input, its projection down,
// as far as the family has them with nothing in between that a factor can't pass. Throws Unsupported, saying why, for
// models whose norms stand behind the layers, mixtures of experts and latent attention.
std::vector<AwqGroup> awq_groups(const ModelSource& source);

}  // namespace quern
