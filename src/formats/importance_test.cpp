// SPDX-License-Identifier: MIT
#include "formats/importance.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "formats/gguf.h"
#include "formats/hf_folder.h"
#include "formats/quantise_model.h"
#include "models/tiny_configs.h"

namespace quern {
namespace {

Importance some_importance() {
  Importance out{.by_weight = {}, .texts = {"a.txt", "b.txt"}, .windows = 3, .window_tokens = 512};
  out.by_weight["model.layers.1.self_attn.q_proj.weight"] = {.sum_squares = {1, 2, 3}, .count = 4};
  out.by_weight["model.layers.0.mlp.down_proj.weight"] = {.sum_squares = {5, 6}, .count = 4};
  return out;
}

void expect_same(const Importance& a, const Importance& b) {
  ASSERT_EQ(a.by_weight.size(), b.by_weight.size());
  for (const auto& [name, columns] : a.by_weight) {
    ASSERT_TRUE(b.by_weight.contains(name)) << name;
    EXPECT_EQ(columns.sum_squares, b.by_weight.at(name).sum_squares) << name;
    EXPECT_EQ(columns.count, b.by_weight.at(name).count) << name;
  }
  EXPECT_EQ(a.texts, b.texts);
  EXPECT_EQ(a.windows, b.windows);
  EXPECT_EQ(a.window_tokens, b.window_tokens);
}

TEST(Importance, IsReadAsItWasSaved) {
  const TemporaryDirectory dir;
  const Json config = testing_models::tiny_config("llama");
  save_importance(dir.path() / "i.gguf", some_importance(), config);
  expect_same(load_importance(dir.path() / "i.gguf", config), some_importance());
  // Under the names, and in the shapes, of llama.cpp.
  const GgufFile file = GgufFile::open(dir.path() / "i.gguf");
  ASSERT_TRUE(file.find("blk.1.attn_q.weight.in_sum2"));
  EXPECT_EQ(file.find("blk.1.attn_q.weight.in_sum2")->shape, (Shape{1, 3}));
  EXPECT_EQ(file.find("blk.0.ffn_down.weight.counts")->shape, (Shape{1, 1}));
}

TEST(Importance, ExpertsAreStackedAndOneThatSawNothingSaysNothing) {
  Importance experts;
  for (int e : {0, 1, 3})
    experts.by_weight[fmt::format("model.layers.0.block_sparse_moe.experts.{}.w2.weight", e)] = {
        .sum_squares = {float(e), 2}, .count = e == 1 ? 0 : 5};
  Json config = testing_models::tiny_config("llama");
  config["architectures"] = {"MixtralForCausalLM"};
  config["model_type"] = "mixtral";
  config["num_local_experts"] = 4;
  const TemporaryDirectory dir;
  save_importance(dir.path() / "i.gguf", experts, config);
  const Importance back = load_importance(dir.path() / "i.gguf", config);
  EXPECT_EQ(GgufFile::open(dir.path() / "i.gguf").find("blk.0.ffn_down_exps.weight.in_sum2")->shape, (Shape{4, 2}));
  EXPECT_EQ(back.of("model.layers.0.block_sparse_moe.experts.3.w2.weight"), (std::vector<float>{0.6f, 0.4f}));
  EXPECT_TRUE(back.of("model.layers.0.block_sparse_moe.experts.1.w2.weight").empty());
  EXPECT_TRUE(back.of("model.layers.0.block_sparse_moe.experts.2.w2.weight").empty());
}

TEST(Importance, DamagedAndForeignFilesAreRefused) {
  const TemporaryDirectory dir;
  const Json config = testing_models::tiny_config("llama");
  const fs::path file = dir.path() / "i.gguf";
  const auto refused = [&](const std::vector<GgufSource>& tensors, const char* type = "imatrix") {
    GgufMetadata metadata;
    metadata.set("general.type", GgufValue::text(type));
    save_gguf(file, metadata, tensors);
    try {
      load_importance(file, config);
    } catch (const Error& e) {
      return e.kind() == ErrorKind::InvalidData;
    }
    return false;
  };
  const auto tensor = [](const std::string& name, const std::vector<float>& values, const Shape& shape) {
    return GgufSource{name, DType::f32, shape, [values, shape] { return Tensor::from(values, shape); }};
  };
  const std::string q = "blk.0.attn_q.weight";
  const GgufSource sums = tensor(q + ".in_sum2", {1, 2}, {1, 2}), count = tensor(q + ".counts", {3}, {1, 1});
  EXPECT_FALSE(refused({sums, count}));
  EXPECT_TRUE(refused({sums, count}, "model"));
  EXPECT_TRUE(refused({sums}));
  EXPECT_TRUE(refused({tensor(q + ".in_sum2", {1, -2}, {1, 2}), count}));
  EXPECT_TRUE(refused({tensor(q + ".in_sum2", {1, NAN}, {1, 2}), count}));
  EXPECT_TRUE(refused({sums, tensor(q + ".counts", {3, 3}, {2, 1})}));
  EXPECT_TRUE(refused({sums, tensor(q + ".counts", {INFINITY}, {1, 1})}));
  EXPECT_TRUE(refused({tensor("other.in_sum2", {1, 2}, {1, 2}), tensor("other.counts", {3}, {1, 1})}));
  write_file(file, "text");
  EXPECT_THROW(load_importance(file, config), Error);
  EXPECT_THROW(load_importance(dir.path(), config), Error);
  EXPECT_THROW(load_importance(dir.path() / "nowhere", config), Error);
}

// Errors go where the text's activations are small.
TEST(QuantiseModel, WeighsErrorsByImportance) {
  const TemporaryDirectory dir;
  Json config = testing_models::tiny_config("llama");
  config["hidden_size"] = 96;
  fs::create_directories(dir.path() / "m");
  save_model(dir.path() / "m", *build_model(config, ParamStore::fresh(1, {})));
  const auto source = ModelSource::open(dir.path() / "m");
  const std::string weight = "model.layers.0.self_attn.q_proj.weight";
  Importance importance;
  importance.by_weight[weight] = {.sum_squares = std::vector<float>(96, 0.01f), .count = 1};
  for (size_t k = 0; k < 96; k += 5) importance.by_weight[weight].sum_squares[k] = 100;
  const auto error = [&](const fs::path& file) {
    const Tensor a = *source->weights()->find(weight),
                 b = ModelSource::open(file)->weights()->find(weight)->to(DType::f32);
    double sum = 0;
    for (int64_t i = 0; i < a.numel(); ++i)
      sum += importance.by_weight[weight].sum_squares[size_t(i % 96)] * std::pow(double{a.data()[i]} - b.data()[i], 2);
    return sum;
  };
  const QuantiseOptions options{.plan = {.dtype = DType::q4_0}};
  quantise_model(*source, dir.path() / "plain.gguf", options);
  QuantiseOptions weighed = options;
  weighed.importance = &importance;
  const QuantiseReport report = quantise_model(*source, dir.path() / "weighed.gguf", weighed);
  EXPECT_LT(error(dir.path() / "weighed.gguf"), 0.8 * error(dir.path() / "plain.gguf"));
  EXPECT_TRUE(report.types.contains("q4_0"));
  EXPECT_EQ(report.size_bytes, fs::file_size(dir.path() / "weighed.gguf"));
  importance.by_weight[weight].sum_squares.resize(95);
  EXPECT_THROW(quantise_model(*source, dir.path() / "wrong.gguf", weighed), Error);
  EXPECT_FALSE(fs::exists(dir.path() / "wrong.gguf"));
}

}  // namespace
}  // namespace quern
