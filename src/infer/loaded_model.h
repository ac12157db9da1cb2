// SPDX-License-Identifier: MIT
#pragma once
// A model (a folder or a GGUF file) opened for use: weights laid out for the kernels, its tokenizer, and what it says
// about itself.

#include "base/files.h"
#include "infer/request.h"
#include "models/causal_lm.h"
#include "text/tokenizer.h"

namespace quern {

struct LoadedModel {
  fs::path folder;  // or the file
  std::shared_ptr<const CausalLm> model;
  Tokenizer tokenizer;            // empty when there is none
  std::vector<int32_t> stop_ids;  // that end a text, by generation_config.json or config.json
  int32_t start_id = -1;          // what an empty prompt starts from: begin of text, else end of text; -1: none
  SamplingOptions sampling;       // what generation_config.json recommends

  // Ids of a prompt as the model wants it: with its begin-of-text token if it has one. An empty text is start_id.
  // Throws InvalidArgument when that can't be.
  std::vector<int32_t> encode_prompt(std::string_view text, bool parse_special = false) const;
};

// `argument` as in resolve_model_path(). `compute`: of products with quantised weights; exact is the reference
// arithmetic, without rounding of activations, and slower.
LoadedModel open_model(const std::string& argument, QuantCompute compute = QuantCompute::fast);
// Without a temperature of its own a model is sampled at this one.
inline constexpr double kDefaultTemperature = 0.8;

}  // namespace quern
