// SPDX-License-Identifier: MIT
#pragma once
// Models of random weights for tests.

#include <memory>

#include "base/json.h"
#include "models/causal_lm.h"
#include "models/tiny_configs.h"

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

// Experts beside Llama's attention.
inline Json tiny_mixtral_config() {
  Json config = tiny_llama_config();
  config["architectures"] = {"MixtralForCausalLM"};
  config["model_type"] = "mixtral";
  config["intermediate_size"] = 40;
  config["num_local_experts"] = 5;
  config["num_experts_per_tok"] = 2;
  return config;
}

// Many small experts beside a gated one that all tokens meet (Qwen2); norms on q and k, the first layer dense (Qwen3).
inline Json tiny_qwen_moe_config(bool qwen3) {
  Json config = tiny_llama_config();
  config["architectures"] = {qwen3 ? "Qwen3MoeForCausalLM" : "Qwen2MoeForCausalLM"};
  config["model_type"] = qwen3 ? "qwen3_moe" : "qwen2_moe";
  config["num_experts"] = 6;
  config["num_experts_per_tok"] = 2;
  config["moe_intermediate_size"] = 22;
  if (qwen3)
    config["mlp_only_layers"] = {0}, config["norm_topk_prob"] = true, config["head_dim"] = 12;
  else
    config["shared_expert_intermediate_size"] = 40;
  return config;
}

// A latent in the cache; experts in groups, chosen by sigmoids (V3), or queries of full rank and plain choice
// (V2-Lite).
inline Json tiny_deepseek_config(bool v3) {
  Json config{{"architectures", {v3 ? "DeepseekV3ForCausalLM" : "DeepseekV2ForCausalLM"}},
              {"model_type", v3 ? "deepseek_v3" : "deepseek_v2"},
              {"vocab_size", 203},
              {"hidden_size", 48},
              {"num_hidden_layers", 3},
              {"num_attention_heads", 4},
              {"num_key_value_heads", 4},
              {"intermediate_size", 64},
              {"moe_intermediate_size", 20},
              {"max_position_embeddings", 256},
              {"initializer_range", 0.2},
              {"kv_lora_rank", 24},
              {"qk_nope_head_dim", 12},
              {"qk_rope_head_dim", 8},
              {"v_head_dim", 10},
              {"n_routed_experts", 8},
              {"num_experts_per_tok", 3},
              {"n_shared_experts", 2},
              {"first_k_dense_replace", 1}};
  config["q_lora_rank"] = v3 ? Json(28) : Json(nullptr);
  if (v3) config["n_group"] = 4, config["topk_group"] = 2;
  return config;
}

inline Json tiny_family_config(const std::string& family) {
  if (family == "mixtral") return tiny_mixtral_config();
  if (family == "qwen2_moe") return tiny_qwen_moe_config(false);
  if (family == "qwen3_moe") return tiny_qwen_moe_config(true);
  if (family == "deepseek_v2") return tiny_deepseek_config(false);
  if (family == "deepseek_v3") return tiny_deepseek_config(true);
  return tiny_config(family);
}

inline std::shared_ptr<const CausalLm> tiny_model(const Json& config, uint64_t seed = 1) {
  return build_model(config, ParamStore::fresh(seed, {.packed_products = true}));
}

}  // namespace quern::testing_models
