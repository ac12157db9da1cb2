// SPDX-License-Identifier: MIT
#pragma once
// Models of random weights for tests.

#include <memory>

#include "base/json.h"
#include "models/causal_lm.h"

namespace quern::testing_models {

inline Json tiny_gpt2_config(int64_t V = 211, int64_t context = 256) {
  return {{"architectures", {"GPT2LMHeadModel"}},
          {"model_type", "gpt2"},
          {"vocab_size", V},
          {"n_embd", 48},
          {"n_layer", 3},
          {"n_head", 4},
          {"n_positions", context},
          {"initializer_range", 0.2}};
}

inline Json tiny_llama_config(int64_t V = 203, int64_t context = 256) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"vocab_size", V},
          {"hidden_size", 48},
          {"num_hidden_layers", 3},
          {"num_attention_heads", 6},
          {"num_key_value_heads", 2},
          {"intermediate_size", 100},
          {"max_position_embeddings", context},
          {"initializer_range", 0.2},
          {"tie_word_embeddings", false}};
}

inline std::shared_ptr<const CausalLm> tiny_model(const Json& config, uint64_t seed = 1) {
  return build_model(config, ParamStore::fresh(seed, {.packed_products = true}));
}

}  // namespace quern::testing_models
