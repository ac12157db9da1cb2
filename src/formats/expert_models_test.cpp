// SPDX-License-Identifier: MIT
// Models with experts and latent attention on disk: published configs, names, weights in 8 bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/files.h"
#include "formats/fp8_blocks.h"
#include "formats/hf_folder.h"
#include "formats/safetensors.h"

namespace quern {
namespace {

using testing::HasSubstr;

// The facts of config.json as published with each model.
const char* const kPublished[] = {
    R"({"architectures": ["MixtralForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2,
        "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
        "max_position_embeddings": 32768, "model_type": "mixtral", "num_attention_heads": 32,
        "num_experts_per_tok": 2, "num_hidden_layers": 32, "num_key_value_heads": 8, "num_local_experts": 8,
        "output_router_logits": false, "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.02,
        "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true,
        "vocab_size": 32000})",
    R"({"architectures": ["DeepseekV2ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "aux_loss_alpha": 0.001, "bos_token_id": 100000, "eos_token_id": 100001, "first_k_dense_replace": 1,
        "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 10944,
        "kv_lora_rank": 512, "max_position_embeddings": 163840, "model_type": "deepseek_v2",
        "moe_intermediate_size": 1408, "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 64,
        "n_shared_experts": 2, "norm_topk_prob": false, "num_attention_heads": 16, "num_experts_per_tok": 6,
        "num_hidden_layers": 27, "num_key_value_heads": 16, "pretraining_tp": 1, "q_lora_rank": null,
        "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "rms_norm_eps": 1e-06,
        "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707,
                         "original_max_position_embeddings": 4096, "type": "yarn"},
        "rope_theta": 10000, "routed_scaling_factor": 1.0, "scoring_func": "softmax", "seq_aux": true,
        "tie_word_embeddings": false, "topk_group": 1, "topk_method": "greedy", "torch_dtype": "bfloat16",
        "use_cache": true, "v_head_dim": 128, "vocab_size": 102400})",
    R"({"architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "bos_token_id": 0, "eos_token_id": 1, "ep_size": 1, "first_k_dense_replace": 3, "hidden_act": "silu",
        "hidden_size": 7168, "initializer_range": 0.02, "intermediate_size": 18432, "kv_lora_rank": 512,
        "max_position_embeddings": 163840, "model_type": "deepseek_v3", "moe_intermediate_size": 2048,
        "moe_layer_freq": 1, "n_group": 8, "n_routed_experts": 256, "n_shared_experts": 1, "norm_topk_prob": true,
        "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_key_value_heads": 128,
        "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "quantization_config": {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8",
                                "weight_block_size": [128, 128]},
        "rms_norm_eps": 1e-06,
        "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0, "mscale_all_dim": 1.0,
                         "original_max_position_embeddings": 4096, "type": "yarn"},
        "rope_theta": 10000, "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "tie_word_embeddings": false,
        "topk_group": 4, "topk_method": "noaux_tc", "torch_dtype": "bfloat16", "use_cache": true,
        "v_head_dim": 128, "vocab_size": 129280})",
    R"({"architectures": ["Qwen2MoeForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
        "decoder_sparse_step": 1, "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 2048,
        "initializer_range": 0.02, "intermediate_size": 5632, "max_position_embeddings": 8192,
        "max_window_layers": 21, "model_type": "qwen2_moe", "moe_intermediate_size": 1408, "norm_topk_prob": false,
        "num_attention_heads": 16, "num_experts": 60, "num_experts_per_tok": 4, "num_hidden_layers": 24,
        "num_key_value_heads": 16, "output_router_logits": false, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
        "router_aux_loss_coef": 0.001, "shared_expert_intermediate_size": 5632, "sliding_window": 32768,
        "tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false,
        "vocab_size": 151936})",
    R"({"architectures": ["Qwen3MoeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "bos_token_id": 151643, "decoder_sparse_step": 1, "eos_token_id": 151645, "head_dim": 128,
        "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 6144,
        "max_position_embeddings": 40960, "max_window_layers": 48, "mlp_only_layers": [], "model_type": "qwen3_moe",
        "moe_intermediate_size": 768, "norm_topk_prob": true, "num_attention_heads": 32, "num_experts": 128,
        "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4, "output_router_logits": false,
        "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.001,
        "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true,
        "use_sliding_window": false, "vocab_size": 151936})",
};

// A model is built from its config first; with no weights at all, the first tensor asked for is what is missing. (The
// vocabulary is cut, so that the embedding it makes room for is small.)
TEST(ExpertModels, PublishedConfigsAreReadAsTheyAre) {
  for (const char* text : kPublished) {
    Json config = Json::parse(text);
    config["vocab_size"] = 8;
    SCOPED_TRACE(config["architectures"][0]);
    EXPECT_NO_THROW(read_fp8_blocks(config));
    const auto nothing = [](const std::string&) { return std::optional<Tensor>(); };
    try {
      build_model(config, ParamStore::from_checkpoint(nothing, "folder", {}));
      FAIL();
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr("'model.embed_tokens.weight' is missing"));
    }
  }
}

TEST(ExpertModels, ImpossibleConfigsAreRefusedBeforeAnythingIsAllocated) {
  for (const auto& [which, key, value, said] : std::vector<std::tuple<int, const char*, Json, const char*>>{
           {0, "num_experts_per_tok", 9, "9 experts per token out of 8"},
           {0, "num_local_experts", 0, "2 experts per token out of 0"},
           {1, "topk_method", "sideways", "sideways"},
           {1, "kv_lora_rank", nullptr, "kv_lora_rank"},
           {2, "n_group", 7, "7 groups"},
           {2, "topk_group", 9, "9 of 8"},
           {2, "scoring_func", "tanh", "tanh"},
           {2, "qk_rope_head_dim", 7, "7 rotated values"},
           {3, "decoder_sparse_step", 0, "decoder_sparse_step"},
           {4, "num_experts_per_tok", 129, "129 experts per token out of 128"}}) {
    Json config = Json::parse(kPublished[which]);
    config[key] = value;
    SCOPED_TRACE(key);
    try {
      build_model(config, ParamStore::fresh(1, {}));
      FAIL();
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(said));
    }
  }
}

class Folder : public testing::Test {
 protected:
  fs::path folder =
      fs::temp_directory_path() /
      fmt::format("quern-experts-{}-{}", ::getpid(), testing::UnitTest::GetInstance()->current_test_info()->name());
  Folder() { fs::create_directories(folder); }
  ~Folder() override {
    std::error_code ec;
    fs::remove_all(folder, ec);
  }
};

fs::path golden_models() {
  const char* shared = std::getenv("QUERN_SHARED");
  const fs::path root = shared ? fs::path(shared) : fs::path(__FILE__).parent_path() / "../../../shared";
  return root / "goldens/models";
}

using ExpertFolder = Folder;

TEST_F(ExpertFolder, LoadedAndSavedGivesTheSameNamesAndBytes) {
  if (!fs::is_directory(golden_models())) GTEST_SKIP() << "no goldens at " << golden_models() << "; set QUERN_SHARED";
  for (const char* name : {"mixtral", "qwen2-moe", "qwen3-moe", "deepseek-v2", "deepseek-v2-lite", "deepseek-v3"}) {
    SCOPED_TRACE(name);
    const fs::path original = golden_models() / name;
    fs::create_directories(folder / name);
    save_model(folder / name, *load_model(original), {.dtype = DType::f32});
    const SafetensorsModel before = SafetensorsModel::open(original), after = SafetensorsModel::open(folder / name);
    EXPECT_EQ(before.tensors().size(), after.tensors().size());
    for (const SafetensorsTensor* t : before.tensors()) {
      const SafetensorsTensor* saved = after.find(t->name);
      ASSERT_NE(saved, nullptr) << t->name;
      EXPECT_EQ(saved->shape, t->shape) << t->name;
      EXPECT_TRUE(std::ranges::equal(saved->bytes, t->bytes)) << t->name;
    }
    EXPECT_EQ(load_model(folder / name)->params->num_values(), load_model(original)->params->num_values());
  }
}

Json small_deepseek() {
  return {
      {"architectures", {"DeepseekV3ForCausalLM"}},
      {"vocab_size", 30},
      {"hidden_size", 20},
      {"num_hidden_layers", 2},
      {"num_attention_heads", 2},
      {"intermediate_size", 24},
      {"moe_intermediate_size", 12},
      {"kv_lora_rank", 8},
      {"q_lora_rank", 10},
      {"qk_nope_head_dim", 6},
      {"qk_rope_head_dim", 4},
      {"v_head_dim", 6},
      {"n_routed_experts", 4},
      {"num_experts_per_tok", 2},
      {"n_shared_experts", 1},
      {"n_group", 2},
      {"topk_group", 2},
      {"first_k_dense_replace", 1},
      {"initializer_range", 0.5},
      {"quantization_config",
       {{"activation_scheme", "dynamic"}, {"fmt", "e4m3"}, {"quant_method", "fp8"}, {"weight_block_size", {8, 16}}}}};
}

// A folder as DeepSeek-V3's is: matrices in e4m3 with scales per block, and a layer more for predicting further tokens.
void write_fp8_folder(const fs::path& folder, const CausalLm& model, bool damaged) {
  std::vector<std::pair<std::string, Tensor>> tensors;
  Rng rng(3);
  for (const Parameter& p : model.params->parameters()) {
    const Tensor value = p.value.detach().contiguous();
    const bool plain = value.ndim() < 2 || p.name.find("embed") != std::string::npos || p.name == "lm_head.weight" ||
                       p.name.ends_with("gate.weight");
    tensors.emplace_back(p.name, plain ? value : value.to(DType::f8_e4m3));
    if (plain) continue;
    Tensor scales = Tensor::empty({(value.size(0) + 7) / 8 + (damaged ? 1 : 0), (value.size(1) + 15) / 16});
    for (float& s : scales.span()) s = float(std::exp2(double(rng.below(5)) - 2));
    tensors.emplace_back(p.name + "_scale_inv", scales);
  }
  for (const char* extra : {"eh_proj.weight", "embed_tokens.weight", "mlp.experts.0.up_proj.weight"})
    tensors.emplace_back(std::string("model.layers.2.") + extra, Tensor::zeros({3, 4}));
  save_tensors(folder / "model.safetensors", tensors);
  write_file(folder / "config.json", model.config().dump());
}

TEST_F(ExpertFolder, EightBitWeightsAreMultipliedByTheScalesOfTheirBlocks) {
  const auto model = build_model(small_deepseek(), ParamStore::fresh(5, {}));
  write_fp8_folder(folder, *model, false);
  const auto loaded = load_model(folder);
  const SafetensorsModel file = SafetensorsModel::open(folder);
  int64_t scaled = 0;
  for (const Parameter& p : loaded->params->parameters()) {
    const SafetensorsTensor* scales = file.find(p.name + "_scale_inv");
    if (!scales) continue;
    ++scaled;
    const Tensor eight_bits = model->params->find(p.name).detach().contiguous().to(DType::f8_e4m3).to(DType::f32);
    const std::vector<float> got = p.value.contiguous().to_vector();
    const int64_t K = p.value.size(1);
    for (int64_t i = 0; i < p.value.numel(); ++i) {
      float scale = 0;
      std::memcpy(&scale, scales->bytes.data() + (i / K / 8 * scales->shape[1] + i % K / 16) * 4, 4);
      ASSERT_EQ(got[size_t(i)], eight_bits.data()[i] * scale) << p.name << " " << i;
    }
  }
  EXPECT_EQ(scaled, 2 * 5 + 3 + (4 + 1) * 3);  // attention of two layers, a dense one, four experts and a shared one
}

TEST_F(ExpertFolder, ScalesOfAnotherShapeAreRefused) {
  write_fp8_folder(folder, *build_model(small_deepseek(), ParamStore::fresh(5, {})), true);
  try {
    load_model(folder);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidModel);
    EXPECT_THAT(e.what(), HasSubstr("the scales of 'model.layers.0"));
  }
}

TEST(Fp8Blocks, OtherQuantisationsAreRefusedByName) {
  EXPECT_FALSE(read_fp8_blocks(Json::object()));
  EXPECT_FALSE(read_fp8_blocks({{"quantization_config", nullptr}}));
  for (const auto& [config, said] : std::vector<std::pair<Json, const char*>>{
           {{{"quant_method", "gptq"}, {"bits", 4}}, "'gptq'"},
           {{{"quant_method", "fp8"}, {"fmt", "e4m3"}}, "weight_block_size"},
           {{{"quant_method", "fp8"}, {"weight_block_size", {0, 128}}}, "0 by 128"},
           {{{"quant_method", "fp8"}, {"fmt", "e5m2"}, {"weight_block_size", {128, 128}}}, "e5m2"}}) {
    try {
      read_fp8_blocks({{"quantization_config", config}});
      FAIL();
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(said));
    }
  }
}

TEST(ExpertModels, ASizeBeyondAllMemoryIsRefusedBeforeMemoryIsTaken) {
  const TemporaryDirectory dir("quern-sizes");
  Json config{{"architectures", {"Qwen3MoeForCausalLM"}},
              {"model_type", "qwen3_moe"},
              {"vocab_size", 50},
              {"hidden_size", 16},
              {"num_hidden_layers", 1},
              {"num_attention_heads", 2},
              {"num_key_value_heads", 1},
              {"head_dim", 8},
              {"intermediate_size", 20},
              {"moe_intermediate_size", 12},
              {"num_experts", 2},
              {"num_experts_per_tok", 1},
              {"max_position_embeddings", 64}};
  save_model(dir.path(), *build_model(config, ParamStore::fresh(1, {})));
  EXPECT_NO_THROW(load_model(dir.path()));
  config["head_dim"] = int64_t{1} << 40;
  write_file(dir.path() / "config.json", to_line(config));
  try {
    load_model(dir.path());
    FAIL() << "a head of 2^40 numbers was believed";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("head_dim"));
  }
}

}  // namespace
}  // namespace quern
