// SPDX-License-Identifier: MIT
#pragma once
// For tests: the config of a tiny model of each dense family, with everything that is special about it switched on.

#include <string>
#include <vector>

#include "base/json.h"

namespace quern::testing_models {

inline const std::vector<std::string>& dense_families() {
  static const std::vector<std::string> names = {
      "openai-gpt", "gpt2",  "gpt-neox", "gpt-neox-serial", "llama", "llama-dynamic", "mistral", "qwen2",  "qwen2-swa",
      "qwen3",      "gemma", "gemma2",   "gemma3",          "phi3",  "phi3-longrope", "olmo2",   "smollm3"};
  return names;
}

namespace tiny {
inline Json under_llama_names(const char* architecture, const char* type) {
  return {{"architectures", {architecture}},
          {"model_type", type},
          {"vocab_size", 203},
          {"hidden_size", 48},
          {"num_hidden_layers", 3},
          {"num_attention_heads", 6},
          {"num_key_value_heads", 2},
          {"intermediate_size", 76},
          {"max_position_embeddings", 256},
          {"initializer_range", 0.2},
          {"tie_word_embeddings", false}};
}

inline Json under_gpt_names(const char* architecture, const char* type) {
  return {{"architectures", {architecture}},
          {"model_type", type},
          {"vocab_size", 203},
          {"n_embd", 48},
          {"n_layer", 3},
          {"n_head", 4},
          {"n_positions", 256},
          {"initializer_range", 0.2}};
}

inline Json gpt_neox(bool parallel) {
  Json c = under_llama_names("GPTNeoXForCausalLM", "gpt_neox");
  c.erase("num_key_value_heads");
  c["rotary_pct"] = 0.5;
  c["use_parallel_residual"] = parallel;
  return c;
}

inline Json gemma(const char* architecture, const char* type) {
  Json c = under_llama_names(architecture, type);
  c["head_dim"] = 10;
  c["tie_word_embeddings"] = true;
  c["sliding_window"] = 7;
  c["query_pre_attn_scalar"] = 12;
  return c;
}

inline Json phi3() {
  Json c = under_llama_names("Phi3ForCausalLM", "phi3");
  c["partial_rotary_factor"] = 0.5;
  c["sliding_window"] = 65;
  return c;
}
}  // namespace tiny

// Throws std::out_of_range for a name that is not in the list.
inline Json tiny_config(const std::string& family) {
  using namespace tiny;
  if (family == "openai-gpt") return under_gpt_names("OpenAIGPTLMHeadModel", "openai-gpt");
  if (family == "gpt2") return under_gpt_names("GPT2LMHeadModel", "gpt2");
  if (family == "gpt-neox") return gpt_neox(true);
  if (family == "gpt-neox-serial") return gpt_neox(false);
  if (family == "llama") return under_llama_names("LlamaForCausalLM", "llama");
  if (family == "llama-dynamic") {
    Json c = under_llama_names("LlamaForCausalLM", "llama");
    c["max_position_embeddings"] = 64;
    c["rope_scaling"] = {{"type", "dynamic"}, {"factor", 2.0}};
    return c;
  }
  if (family == "mistral") {
    Json c = under_llama_names("MistralForCausalLM", "mistral");
    c["sliding_window"] = 8;
    return c;
  }
  if (family == "qwen2" || family == "qwen2-swa") {
    Json c = under_llama_names("Qwen2ForCausalLM", "qwen2");
    c["use_sliding_window"] = family == "qwen2-swa";
    c["sliding_window"] = 6;
    c["max_window_layers"] = 1;
    return c;
  }
  if (family == "qwen3") {
    Json c = under_llama_names("Qwen3ForCausalLM", "qwen3");
    c["head_dim"] = 12;
    return c;
  }
  if (family == "gemma") return gemma("GemmaForCausalLM", "gemma");
  if (family == "gemma2") return gemma("Gemma2ForCausalLM", "gemma2");
  if (family == "gemma3") {
    Json c = gemma("Gemma3ForCausalLM", "gemma3_text");
    c["sliding_window_pattern"] = 2;
    c["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 8.0}};
    return c;
  }
  if (family == "phi3") return phi3();
  if (family == "phi3-longrope") {
    Json c = phi3();
    c["original_max_position_embeddings"] = 64;
    c["rope_scaling"] = {{"type", "longrope"}, {"short_factor", {1.2, 1.1}}, {"long_factor", {4.5, 2.5}}};
    return c;
  }
  if (family == "olmo2") return under_llama_names("Olmo2ForCausalLM", "olmo2");
  if (family == "smollm3") {
    Json c = under_llama_names("SmolLM3ForCausalLM", "smollm3");
    c["no_rope_layers"] = {1, 0, 1};
    c["tie_word_embeddings"] = true;
    return c;
  }
  throw std::out_of_range("no tiny config of " + family);
}

}  // namespace quern::testing_models
