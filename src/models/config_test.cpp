// SPDX-License-Identifier: MIT
// config.json in its dialects: what is written differently but means the same gives the same model, and what is not
// understood is refused. The keys are those of published files and of transformers 5's config classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/causal_lm.h"
#include "models/tiny_configs.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_models::dense_families;
using testing_models::tiny_config;

constexpr int64_t kLength = 90;  // beyond every window and phi3-longrope's original context

std::vector<float> hidden_of(const Json& config) {
  const auto model = build_model(config, ParamStore::fresh(1, {}));
  Rng rng(1);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < kLength; ++i) ids.push_back(int32_t(rng.below(200)));
  return model->forward(Batch::of(ids)).to_vector();
}

Json changed(Json config, const Json& changes, const std::vector<std::string>& without = {}) {
  for (const std::string& key : without) config.erase(key);
  config.update(changes);
  return config;
}

struct Dialect {
  const char* what;
  std::string family;
  Json changes;
  std::vector<std::string> without = {};
};

TEST(Config, DialectsOfOneMeaningGiveOneModel) {
  const std::vector<Dialect> dialects = {
      {"rope_parameters", "llama", {{"rope_parameters", {{"rope_theta", 10000.0}, {"rope_type", "default"}}}}},
      {"dtype and nulls",
       "llama",
       {{"dtype", "bfloat16"}, {"rope_scaling", nullptr}, {"head_dim", nullptr}, {"pretraining_tp", 1}}},
      {"rope_scaling as rope_parameters",
       "llama-dynamic",
       {{"rope_parameters", {{"rope_type", "dynamic"}, {"factor", 2.0}, {"rope_theta", 10000.0}}}},
       {"rope_scaling"}},
      {"no architectures", "qwen2", Json::object(), {"architectures"}},
      {"no sliding window although one is named",
       "qwen2",
       {{"layer_types", {"full_attention", "full_attention", "full_attention"}}}},
      {"layer_types for max_window_layers",
       "qwen2-swa",
       {{"layer_types", {"full_attention", "sliding_attention", "sliding_attention"}}, {"max_window_layers", 28}}},
      {"hidden_act gelu means the approximation", "gemma", {{"hidden_act", "gelu"}}},
      {"hidden_activation beside it",
       "gemma",
       {{"hidden_act", "gelu"}, {"hidden_activation", "gelu_pytorch_tanh"}, {"use_bidirectional_attention", nullptr}}},
      {"tied is Gemma's default", "gemma2", Json::object(), {"tie_word_embeddings"}},
      {"caps are Gemma 2's default",
       "gemma2",
       {{"attn_logit_softcapping", 50.0}, {"final_logit_softcapping", 30.0}, {"hidden_act", "gelu_pytorch_tanh"}}},
      {"layer_types for every other layer",
       "gemma2",
       {{"layer_types", {"sliding_attention", "full_attention", "sliding_attention"}}}},
      {"rope_parameters by layer type",
       "gemma3",
       {{"rope_parameters",
         {{"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 1000000.0}}},
          {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 10000.0}}}}}},
       {"rope_scaling"}},
      {"both bases as the first files say",
       "gemma3",
       {{"rope_theta", 1000000}, {"rope_local_base_freq", 10000}, {"attn_logit_softcapping", nullptr}}},
      {"layer_types for sliding_window_pattern",
       "gemma3",
       {{"layer_types", {"sliding_attention", "full_attention", "sliding_attention"}}},
       {"sliding_window_pattern"}},
      {"rope_parameters for rotary_pct",
       "gpt-neox",
       {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 10000.0}, {"partial_rotary_factor", 0.5}}}},
       {"rotary_pct"}},
      {"rotary_emb_base", "gpt-neox", {{"rotary_emb_base", 10000}, {"hidden_act", "gelu"}, {"attention_bias", true}}},
      {"su for longrope",
       "phi3-longrope",
       {{"rope_scaling", {{"type", "su"}, {"short_factor", {1.2, 1.1}}, {"long_factor", {4.5, 2.5}}}},
        {"attention_bias", false}}},
      {"layers without rope by interval",
       "smollm3",
       {{"no_rope_layers", nullptr}, {"no_rope_layer_interval", 2}, {"use_sliding_window", false}}},
      {"GPT-2's old keys", "gpt2", {{"n_ctx", 256}, {"n_inner", nullptr}, {"activation_function", "gelu_new"}}},
      {"GPT-1's activation", "openai-gpt", {{"afn", "gelu"}, {"n_ctx", 256}, {"n_special", 0}}},
  };
  for (const Dialect& d : dialects) {
    SCOPED_TRACE(d.family + ": " + d.what);
    const Json config = tiny_config(d.family);
    EXPECT_EQ(hidden_of(changed(config, d.changes, d.without)), hidden_of(config));
  }
}

TEST(Config, WhatMeansSomethingChangesTheModel) {
  const std::vector<Dialect> dialects = {
      {"activation", "llama", {{"hidden_act", "gelu"}}},
      {"theta", "llama", {{"rope_theta", 500000.0}}},
      {"theta in rope_parameters", "qwen3", {{"rope_parameters", {{"rope_theta", 1e6}, {"rope_type", "default"}}}}},
      {"no window", "mistral", {{"sliding_window", nullptr}}},
      {"window of all layers", "mistral", Json::object(), {"sliding_window"}},
      {"window of later layers", "qwen2", {{"use_sliding_window", true}}},
      {"max_window_layers", "qwen2-swa", {{"max_window_layers", 2}}},
      {"score cap", "gemma2", {{"attn_logit_softcapping", nullptr}}},
      {"scale", "gemma2", {{"query_pre_attn_scalar", 10}}},
      {"pattern", "gemma3", {{"sliding_window_pattern", 3}}},
      {"linear scaling", "gemma3", {{"rope_scaling", nullptr}}},
      {"local base", "gemma3", {{"rope_local_base_freq", 20000}}},
      {"share of a head", "gpt-neox", {{"rotary_pct", 0.25}}},
      {"side by side", "gpt-neox", {{"use_parallel_residual", false}}},
      {"long factors", "phi3-longrope", {{"original_max_position_embeddings", 128}}},
      {"partial", "phi3", {{"partial_rotary_factor", 1.0}}},
      {"layers without rope", "smollm3", {{"no_rope_layers", {1, 1, 1}}}},
      {"GPT-2's scales", "gpt2", {{"scale_attn_by_inverse_layer_idx", true}}},
      {"GPT-1's activation", "openai-gpt", {{"afn", "relu"}}},
  };
  for (const Dialect& d : dialects) {
    SCOPED_TRACE(d.family + ": " + d.what);
    const Json config = tiny_config(d.family);
    EXPECT_NE(hidden_of(changed(config, d.changes, d.without)), hidden_of(config));
  }
}

TEST(Config, Gemma2CapsItsLogits) {
  const auto model =
      build_model(changed(tiny_config("gemma2"), {{"final_logit_softcapping", 0.5}}), ParamStore::fresh(1, {}));
  const std::vector<int32_t> ids{5, 6, 7};
  float largest = 0;
  for (const float x : model->logits(model->forward(Batch::of(ids))).to_vector())
    largest = std::max(largest, std::abs(x));
  EXPECT_LE(largest, 0.5f);
  EXPECT_GT(largest, 0.4f);
}

TEST(Config, TheTextPartOfAGemma3WithImagesIsAGemma3) {
  const Json text = tiny_config("gemma3");
  const Json config = {{"architectures", {"Gemma3ForConditionalGeneration"}},
                       {"model_type", "gemma3"},
                       {"text_config", changed(text, Json::object(), {"architectures", "tie_word_embeddings"})},
                       {"vision_config", {{"hidden_size", 32}}},
                       {"eos_token_id", {1, 106}}};
  EXPECT_EQ(hidden_of(config), hidden_of(text));
  const auto model = build_model(config, ParamStore::fresh(1, {}));
  EXPECT_EQ(family_of(model->config()).model_type, "gemma3_text");  // as it would be saved
  EXPECT_EQ(model->config()["eos_token_id"], Json({1, 106}));
  const Family& family = family_of(config);
  EXPECT_THAT(family.aliases("model.norm.weight"),
              testing::ElementsAre("language_model.model.norm.weight", "model.language_model.norm.weight"));
  EXPECT_TRUE(family.ignorable("vision_tower.vision_model.post_layernorm.bias"));
  EXPECT_FALSE(family.ignorable("language_model.model.norm.weight"));
}

struct Refusal {
  std::string family;
  Json changes;
  ErrorKind kind;
  const char* says;
};

TEST(Config, WhatIsNotUnderstoodIsRefused) {
  const auto unsupported = ErrorKind::Unsupported, invalid = ErrorKind::InvalidModel;
  const Json mixed = {"full_attention", "chunked_attention", "full_attention"};
  std::vector<Refusal> refusals = {
      {"llama", {{"rope_scaling", {{"type", "axial"}, {"factor", 2.0}}}}, unsupported, "axial"},
      {"llama", {{"partial_rotary_factor", 0.5}}, unsupported, "partial_rotary_factor"},
      {"llama", {{"num_key_value_heads", 4}}, invalid, "share"},
      {"llama", {{"head_dim", 7}}, invalid, "rotated"},
      {"llama", {{"initialization", "xavier"}}, invalid, "xavier"},
      {"llama", {{"num_hidden_layers", 1 << 30}}, invalid, "layers"},
      {"mistral", {{"sliding_window", 0}}, invalid, "sliding_window"},
      {"mistral", {{"sliding_window", -1}}, invalid, "sliding_window"},
      {"qwen2", {{"layer_types", mixed}}, unsupported, "chunked_attention"},
      {"qwen2", {{"layer_types", {"full_attention"}}}, invalid, "layer_types"},
      {"qwen2",
       {{"layer_types", {"full_attention", "sliding_attention", "full_attention"}}},
       invalid,
       "no sliding_window is set"},
      {"qwen3", {{"rope_parameters", {{"full_attention", {{"rope_type", "default"}}}}}}, unsupported, "by layer type"},
      {"gemma", {{"use_bidirectional_attention", true}}, unsupported, "use_bidirectional_attention"},
      {"gemma", {{"hidden_activation", "relu"}}, unsupported, "contradict"},
      {"gemma2", {{"attn_logit_softcapping", -3.0}}, invalid, "attn_logit_softcapping"},
      {"gemma2", {{"query_pre_attn_scalar", 0}}, invalid, "query_pre_attn_scalar"},
      {"gemma3", {{"rope_parameters", {{"rope_theta", 10000.0}}}}, unsupported, "layer types"},
      {"phi3", {{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}}, unsupported, "longrope"},
      {"phi3", {{"attention_bias", true}}, unsupported, "attention_bias"},
      {"phi3", {{"partial_rotary_factor", 1.5}}, unsupported, "partial_rotary_factor"},
      {"phi3-longrope",
       {{"rope_scaling", {{"type", "longrope"}, {"short_factor", {1.0, 1.0}}, {"long_factor", {1.0}}}}},
       invalid,
       "long_factor"},
      {"phi3-longrope",
       {{"rope_scaling", {{"type", "longrope"}, {"short_factor", {1.0, 0.0}}, {"long_factor", {1.0, 1.0}}}}},
       invalid,
       "short_factor"},
      {"smollm3", {{"no_rope_layers", {1, 1}}}, invalid, "no_rope_layers"},
      {"gpt2", {{"n_head", 5}}, invalid, "n_head"},
      {"gpt2", {{"add_cross_attention", true}}, unsupported, "add_cross_attention"},
      {"openai-gpt", {{"afn", "tanh"}}, unsupported, "afn"},
  };
  for (const std::string& family : dense_families()) {
    const bool gpt2 = family == "gpt2", gpt1 = family == "openai-gpt";
    const bool gemma = family == "gemma2" || family == "gemma3";
    const char* key = gpt2 ? "activation_function" : gpt1 ? "afn" : gemma ? "hidden_activation" : "hidden_act";
    refusals.push_back({family, {{key, "swishplus"}}, unsupported, "swishplus"});
  }
  for (const Refusal& r : refusals) {
    SCOPED_TRACE(r.family + " " + r.changes.dump());
    try {
      build_model(changed(tiny_config(r.family), r.changes), ParamStore::fresh(1, {}));
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), r.kind) << e.what();
      EXPECT_THAT(e.what(), HasSubstr(r.says));
    }
  }
}

}  // namespace
}  // namespace quern
