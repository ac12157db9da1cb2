// SPDX-License-Identifier: MIT
#pragma once
// The one dial. A depth sets width, heads, batch, learning rate and horizon, so that models of different depths are
// members of one family, each trained about as well as it can be for its size (the idea is nanochat's).

#include "models/causal_lm.h"
#include "train/recipe.h"

namespace quern {

// Fills every size and rate of the recipe that the user did not set: width 32 per layer, heads of 32 (64 from width
// 512), feed-forward width 8/3, learning rate falling with the square root of the width, 20 tokens per parameter
// (Hoffmann et al. 2022, arXiv:2203.15556). Sizes given stay as they are.
void apply_depth(Recipe& recipe, int64_t vocab_size);

// config.json of the model that a recipe describes, for a vocabulary and the ids of its special tokens.
ModelConfig model_config(const Recipe& recipe, int64_t vocab_size, int32_t end_of_text);
ModelShape shape_of(const ModelConfig& config);  // without building it

}  // namespace quern
