// SPDX-License-Identifier: MIT
// Folder -> GGUF -> folder over the golden checkpoints.
#include "formats/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "formats/gguf.h"
#include "formats/gguf_config.h"
#include "formats/hf_folder.h"
#include "models/tiny_configs.h"

namespace quern {
namespace {

fs::path golden_folder() {
  if (const char* shared = std::getenv("QUERN_SHARED")) return fs::path(shared) / "goldens";
  return fs::absolute(__FILE__).parent_path().parent_path().parent_path().parent_path() / "shared/goldens";
}

std::vector<float> logits_of(const CausalLm& model) {
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < 12; ++i) ids.push_back((i * 37 + 5) % int32_t(model.shape().V));
  return model.logits(model.forward(Batch::of(ids))).to_vector();
}

void expect_same_bits(const ModelSource& a, const ModelSource& b) {
  const auto wa = a.weights(), wb = b.weights();
  for (const std::string& name : wb->names()) {
    std::optional<Tensor> x = wa->find(name);
    if (!x && name.starts_with("transformer.")) x = wa->find(name.substr(12));  // GPT-2's older names
    const std::optional<Tensor> y = wb->find(name);
    ASSERT_TRUE(x && y) << name;
    ASSERT_EQ(x->shape(), y->shape()) << name;
    ASSERT_EQ(x->dtype(), y->dtype()) << name;
    EXPECT_EQ(std::memcmp(x->contiguous().raw(), y->contiguous().raw(), x->size_bytes()), 0) << name;
  }
}

class ConvertGolden : public ::testing::TestWithParam<const char*> {};

// Gemma's norms come back to within a rounding: GGUF holds 1 + w.
TEST_P(ConvertGolden, ThereAndBackKeepsBitsAndLogits) {
  const fs::path folder = golden_folder() / "models" / GetParam();
  if (!fs::exists(folder)) GTEST_SKIP() << "no goldens at " << folder << "; set QUERN_SHARED";
  const bool gemma = std::string_view(GetParam()).starts_with("gemma");
  const TemporaryDirectory dir;
  const fs::path file = dir.path() / "model.gguf", back = dir.path() / "back";
  convert_model(folder, file);
  convert_model(file, back);
  if (!gemma) expect_same_bits(*ModelSource::open(folder), *ModelSource::open(back));
  std::unique_ptr<CausalLm> original;
  try {
    original = load_model(folder);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Unsupported) throw;
    GTEST_SKIP() << e.message();
  }
  const std::vector<float> want = logits_of(*original);
  for (const fs::path& path : {file, back}) {
    const std::vector<float> got = logits_of(*load_model(path));
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      if (gemma)
        ASSERT_NEAR(got[i], want[i], 1e-4) << path;  // 1 + w rounds w by up to 2^-24
      else
        ASSERT_EQ(got[i], want[i]) << path;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ConvertGolden,
                         ::testing::Values("llama", "llama-bf16", "llama-fp16", "llama3", "llama3-v5config",
                                           "llama-linear", "llama-yarn", "llama-dynamic", "llama-mqa-sharded",
                                           "llama-tied-mha", "mistral", "mixtral", "qwen2", "qwen2-swa", "qwen2-moe",
                                           "qwen3", "qwen3-moe", "deepseek-v2", "deepseek-v2-lite", "deepseek-v3",
                                           "deepseek-v3-plain", "gemma", "gemma2", "gemma3", "gpt2", "gpt2-hubkeys",
                                           "gpt-neox", "phi3", "phi3-longrope", "olmo2", "smollm3"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// Without the carried config.json, as in other people's files, the metadata alone must say the same.
TEST_P(ConvertGolden, MetadataAloneGivesTheSameModel) {
  const fs::path folder = golden_folder() / "models" / GetParam();
  if (!fs::exists(folder)) GTEST_SKIP() << "no goldens at " << folder << "; set QUERN_SHARED";
  const std::string_view model = GetParam();
  for (const std::string_view unsayable : {"llama-dynamic", "qwen2-swa", "smollm3", "gemma2", "gemma3"})
    if (model == unsayable) GTEST_SKIP() << "GGUF has no key for what this config asks for";
  std::unique_ptr<CausalLm> original;
  try {
    original = load_model(folder);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Unsupported) throw;
    GTEST_SKIP() << e.message();
  }
  const TemporaryDirectory dir;
  convert_model(folder, dir.path() / "full.gguf");
  const GgufFile full = GgufFile::open(dir.path() / "full.gguf");
  GgufMetadata metadata = full.metadata();
  metadata.erase(kGgufCarriedConfig);
  std::vector<GgufSource> tensors;
  for (const GgufTensor& t : full.tensors())
    tensors.push_back(
        {.name = t.name, .dtype = t.dtype(), .shape = t.shape, .produce = [&full, &t] { return full.borrow(t); }});
  save_gguf(dir.path() / "bare.gguf", metadata, tensors);
  std::unique_ptr<CausalLm> bare;
  try {
    bare = load_model(dir.path() / "bare.gguf");
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Unsupported) throw;
    GTEST_SKIP() << e.message();
  }
  const std::vector<float> want = logits_of(*original), got = logits_of(*bare);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 2e-4);  // norms' epsilons pass through f32
}

TEST(Convert, SplitFilesAreReadAsOne) {
  const fs::path folder = golden_folder() / "models/llama";
  if (!fs::exists(folder)) GTEST_SKIP() << "no goldens at " << folder << "; set QUERN_SHARED";
  const TemporaryDirectory dir;
  const ConvertReport report = convert_model(folder, dir.path() / "m.gguf", {.max_part_bytes = 40000});
  ASSERT_GT(report.files.size(), 2u);
  EXPECT_EQ(logits_of(*load_model(report.files[1])), logits_of(*load_model(folder)));
}

TEST(Convert, RefusesToOverwriteAndTypesAFolderCantHold) {
  const fs::path folder = golden_folder() / "models/llama";
  if (!fs::exists(folder)) GTEST_SKIP() << "no goldens at " << folder << "; set QUERN_SHARED";
  const TemporaryDirectory dir;
  EXPECT_THROW(convert_model(folder, dir.path()), Error);
  EXPECT_THROW(convert_model(folder, dir.path() / "new", {.type = DType::q8_0}), Error);
  EXPECT_FALSE(fs::exists(dir.path() / "new"));
}

// The rule of dtype_for_rows(), as `quern quantize` has it: rows of 576 are no blocks of 256.
TEST(Convert, RowsThatATypeDoesNotFitFallBackByTheRuleOfQuantising) {
  Json config = testing_models::tiny_config("llama");
  config["hidden_size"] = 576;
  config["intermediate_size"] = 512;
  const TemporaryDirectory dir;
  fs::create_directories(dir.path() / "m");
  save_model(dir.path() / "m", *build_model(config, ParamStore::fresh(1, {})));
  const ConvertReport report = convert_model(dir.path() / "m", dir.path() / "m.gguf", {.type = DType::q4_k});
  const GgufFile file = GgufFile::open(dir.path() / "m.gguf");
  EXPECT_EQ(file.find("blk.0.ffn_down.weight")->dtype(), DType::q4_k);
  EXPECT_EQ(file.find("blk.0.ffn_up.weight")->dtype(), DType::q5_0);
  EXPECT_THAT(report.fallen_back, testing::Contains("blk.0.ffn_up.weight"));
  EXPECT_THAT(report.fallen_back, testing::Not(testing::Contains("blk.0.ffn_down.weight")));
}

TEST(Convert, LineageGrowsByAStepEachTime) {
  const fs::path folder = golden_folder() / "models/llama";
  if (!fs::exists(folder)) GTEST_SKIP() << "no goldens at " << folder << "; set QUERN_SHARED";
  const TemporaryDirectory dir;
  convert_model(folder, dir.path() / "m.gguf");
  convert_model(dir.path() / "m.gguf", dir.path() / "back");
  const Json lineage = ModelSource::open(dir.path() / "back")->lineage();
  ASSERT_EQ(lineage["steps"].size(), 2u);
  EXPECT_EQ(lineage["steps"][0]["to"], "GGUF");
  EXPECT_EQ(lineage["steps"][1]["from"], "m.gguf");
}

}  // namespace
}  // namespace quern
