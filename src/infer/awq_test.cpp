// SPDX-License-Identifier: MIT
#include "infer/awq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "formats/convert.h"
#include "formats/hf_folder.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

std::vector<int32_t> some_ids(size_t n, uint64_t seed = 3) {
  Rng rng(seed);
  std::vector<int32_t> ids;
  for (size_t i = 0; i < n; ++i) ids.push_back(int32_t(rng.u32() % 200));
  return ids;
}

// A model of random weights whose inputs have a few large channels, as trained ones have.
void write_model(const fs::path& folder, Json config) {
  fs::create_directories(folder);
  const auto model = build_model(config, ParamStore::fresh(1, {}));
  Rng rng(9);
  for (const Parameter& p : model->params->parameters()) {
    if (p.name.ends_with("bias"))
      for (float& v : p.value.span()) v = 0.3f * float(rng.normal());
    if (p.name.find("norm") == std::string::npos && p.name.find("ln_") == std::string::npos) continue;
    if (p.name.ends_with("weight"))
      for (float& v : p.value.span()) v += (rng.u32() % 8 == 0 ? 6.0f : 0.2f) * std::fabs(float(rng.normal()));
  }
  save_model(folder, *model);
}

std::vector<float> logits_of(const ModelSource& source, const std::vector<int32_t>& ids) {
  const auto model = load_model(source, {});
  return model->logits(model->forward(Batch::of(ids))).to_vector();
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) error += std::pow(double{a[i]} - b[i], 2), size += double{b[i]} * b[i];
  return std::sqrt(error / size);
}

struct Family {
  const char* name;
  size_t groups_per_layer;
};
class AwqFamilies : public ::testing::TestWithParam<Family> {};

Json wide_config(const std::string& family) {
  Json config = testing_models::tiny_config(family);
  if (config.contains("hidden_size")) config["hidden_size"] = 96, config["intermediate_size"] = 128;
  if (config.contains("n_embd")) config["n_embd"] = 96;
  if (config.contains("head_dim")) config["head_dim"] = 16;
  if (family == "qwen2") config["use_sliding_window"] = false;
  return config;
}

TEST_P(AwqFamilies, TheScaledModelComputesTheSameAndLosesLessWhenQuantised) {
  const TemporaryDirectory dir;
  write_model(dir.path() / "m", wide_config(GetParam().name));
  const auto source = ModelSource::open(dir.path() / "m");
  const Calibration calibrated = calibrate(*source, some_ids(1500), {.context = 60, .samples = 256});
  const AwqOptions options{.plan = {.dtype = DType::q4_0}};
  const AwqResult awq = search_awq(*source, calibrated, options);
  EXPECT_EQ(awq.groups, 3 * int64_t(GetParam().groups_per_layer));
  EXPECT_GT(awq.mean_alpha, 0.05);
  EXPECT_LT(awq.error_ratio, 0.9);
  const RescaledModel scaled(*source, awq.rescalings);
  const std::vector<int32_t> ids = some_ids(40, 8);
  const std::vector<float> want = logits_of(*source, ids);
  EXPECT_LT(distance(logits_of(scaled, ids), want), 2e-5);  // f32 roundings of weights and sums
  // As a folder and as a file it is an ordinary model of the same architecture.
  convert_model(scaled, dir.path() / "folder");
  convert_model(scaled, dir.path() / "file.gguf");
  for (const char* name : {"folder", "file.gguf"}) {
    const auto written = ModelSource::open(dir.path() / name);
    EXPECT_EQ(written->weights()->names().size(), source->weights()->names().size());
    EXPECT_LT(distance(logits_of(*written, ids), want), 2e-5) << name;
  }
  // What the samples say of the scaled model is what it meets.
  const Calibration again = calibrate(scaled, some_ids(1500), {.context = 60, .samples = 256});
  for (const auto& [name, columns] : again.importance.by_weight) {
    const std::vector<float> a = columns.means(), b = awq.calibrated.importance.of(name);
    EXPECT_LT(distance(b, a), 1e-3) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, AwqFamilies,
                         ::testing::Values(Family{"llama", 4}, Family{"mistral", 4}, Family{"qwen2", 4},
                                           Family{"qwen3", 4}, Family{"gemma", 4}, Family{"gemma2", 4},
                                           Family{"gemma3", 4}, Family{"phi3", 4}, Family{"smollm3", 4},
                                           Family{"gpt2", 3}, Family{"gpt-neox", 3}, Family{"gpt-neox-serial", 3}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Awq, ModelsThatItCanNotScaleAreNamed) {
  const TemporaryDirectory dir;
  for (const char* family : {"olmo2", "openai-gpt", "mixtral", "qwen3_moe", "deepseek_v3"}) {
    const fs::path folder = dir.path() / family;
    fs::create_directories(folder);
    const Json config = testing_models::tiny_family_config(family);
    save_model(folder, *build_model(config, ParamStore::fresh(1, {})));
    try {
      awq_groups(*ModelSource::open(folder));
      ADD_FAILURE() << family;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::Unsupported) << family;
      EXPECT_THAT(e.message(), testing::HasSubstr("AWQ")) << family;
    }
  }
}

TEST(Awq, ClippingLeavesNoMoreErrorInTheOutputs) {
  Rng rng(4);
  for (const DType dtype : {DType::q4_0, DType::q4_1, DType::iq4_nl, DType::q4_k, DType::q3_k}) {
    const Tensor w = Tensor::normal(rng, {24, 256}), x = Tensor::normal(rng, {300, 256});
    for (int64_t i = 0; i < w.numel(); i += 37) w.data()[i] *= 4;
    const auto error = [&](const Tensor& coded) {
      return distance(linear(x, coded.to(DType::f32)).to_vector(), linear(x, w).to_vector());
    };
    const std::vector<float> none;
    const Tensor plain = encoded_with_clipping("w", w, dtype, none, {}),
                 best = encoded_with_clipping("w", w, dtype, none, x);
    EXPECT_EQ(best.dtype(), dtype);
    EXPECT_LT(error(best), 1.001 * error(plain)) << name(dtype);  // blocks are judged one by one
  }
}

TEST(Calibrate, SumsTheSquaresOfWhatMeetsTheWeights) {
  const TemporaryDirectory dir;
  write_model(dir.path() / "m", testing_models::tiny_config("llama"));
  const auto source = ModelSource::open(dir.path() / "m");
  const std::vector<int32_t> ids = some_ids(30);
  const Calibration c = calibrate(*source, ids, {.context = 30, .samples = 7});
  // The attention of the first layer reads the normalised embeddings.
  const auto weights = source->weights();
  const Tensor x = rms_norm(embedding(*weights->find("model.embed_tokens.weight"), Tensor::from(ids, {30})),
                            *weights->find("model.layers.0.input_layernorm.weight"), 1e-6f, 0);
  for (const char* leaf : {"q", "k", "v"}) {
    const ColumnImportance& columns =
        c.importance.by_weight.at(fmt::format("model.layers.0.self_attn.{}_proj.weight", leaf));
    EXPECT_EQ(columns.count, 30);
    for (int64_t k = 0; k < 48; ++k) {
      double sum = 0;
      for (int64_t n = 0; n < 30; ++n) sum += std::pow(double{x.data()[n * 48 + k]}, 2);
      EXPECT_NEAR(columns.sum_squares[size_t(k)], sum, 1e-4 * sum);
    }
  }
  EXPECT_EQ(c.importance.by_weight.at("lm_head.weight").count, 30);
  EXPECT_LE(c.samples.at("model.layers.2.mlp.down_proj.weight").size(0), 7);
  EXPECT_GE(c.samples.at("model.layers.2.mlp.down_proj.weight").size(0), 5);
  EXPECT_THROW(calibrate(*source, std::span(ids).first(10), {.context = 30}), Error);
  EXPECT_THROW(calibrate(*source, std::vector<int32_t>(40, 203), {.context = 30}), Error);
}

TEST(Calibrate, ExpertsCountTheTokensThatTheyAreSent) {
  const TemporaryDirectory dir;
  fs::create_directories(dir.path() / "m");
  save_model(dir.path() / "m", *build_model(testing_models::tiny_mixtral_config(), ParamStore::fresh(1, {})));
  const Calibration c = calibrate(*ModelSource::open(dir.path() / "m"), some_ids(100), {.context = 50});
  int64_t sent = 0;
  for (int e = 0; e < 5; ++e) {
    const auto it = c.importance.by_weight.find(fmt::format("model.layers.1.block_sparse_moe.experts.{}.w2.weight", e));
    if (it != c.importance.by_weight.end()) sent += it->second.count;
  }
  EXPECT_EQ(sent, 2 * 100);
}

}  // namespace
}  // namespace quern
