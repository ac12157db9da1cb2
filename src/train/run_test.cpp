// SPDX-License-Identifier: MIT
#include "train/run.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <cmath>
#include <csignal>

#include "base/threads.h"

namespace quern {
namespace {

constexpr int64_t kVocab = 40;

ModelConfig tiny_config() {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"vocab_size", kVocab},
          {"hidden_size", 24},
          {"intermediate_size", 40},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 2},
          {"num_key_value_heads", 1},
          {"head_dim", 12},
          {"max_position_embeddings", 32},
          {"rms_norm_eps", 1e-5},
          {"tie_word_embeddings", true}};
}

TokenStore tiny_tokens(uint64_t seed) {
  Rng rng(seed);
  std::vector<std::vector<int32_t>> documents(60);
  for (auto& d : documents) {
    d.resize(10 + rng.below(40));
    int32_t t = int32_t(rng.below(kVocab - 1));
    for (int32_t& id : d) id = 1 + (t = (t * 3 + int32_t(rng.below(3))) % int32_t(kVocab - 1));
  }
  return TokenStore::from_documents(documents, std::vector<uint16_t>(kVocab, 2), 0);
}

Recipe tiny_recipe() {
  Recipe r;
  r.model.layers = 2;
  r.model.width = 24;
  r.model.heads = 2;
  r.train.batch_rows = 4;
  r.train.sequence = 32;
  r.train.steps = 30;
  r.train.warmup_steps = 4;
  r.train.save_every = 7;
  r.train.eval_every = 10;
  return r;
}

struct Rig {
  RunPlan plan;
  RunParts parts;
  Rig(const fs::path& dir, const Recipe& recipe, bool resume) {
    plan = {.dir = dir,
            .stage = "test",
            .recipe = recipe,
            .total_steps = recipe.train.steps,
            .resume = resume,
            .quiet = true};
    const ParamOptions options{.trainable = Trainable::Yes,
                               .dtype = recipe.train.precision == "bf16" ? DType::bf16 : DType::f32,
                               .precision = recipe.train.precision == "int8" ? Precision::int8 : Precision::f32};
    parts.model = build_model(tiny_config(), ParamStore::fresh(5, options));
    const int64_t micro = recipe.train.micro_batch_rows > 0 ? recipe.train.micro_batch_rows : recipe.train.batch_rows;
    parts.batches = std::make_shared<BatchSource>(
        std::make_shared<ShuffledRows>(std::make_shared<PackedRows>(tiny_tokens(1), 32), 9), micro);
    parts.validation = std::make_shared<PackedRows>(tiny_tokens(2), 32);
    parts.objective = std::make_shared<NextToken>();
  }
  RunResult run() { return run_training(plan, parts); }
};

std::vector<double> losses(const fs::path& dir) {
  std::vector<double> out;
  for (const StepEvent& e : read_run_log(dir / "log.jsonl").steps) out.push_back(e.loss);
  return out;
}

TEST(Run, LearnsTheTinyLanguage) {
  TemporaryDirectory dir("quern-run");
  Rig(dir.path() / "a", tiny_recipe(), false).run();
  const auto l = losses(dir.path() / "a");
  ASSERT_EQ(l.size(), 30u);
  EXPECT_NEAR(l.front(), std::log(double(kVocab)), 0.3);  // nearly uniform at first
  EXPECT_LT(l.back(), l.front() - 0.3);
}

class Resume : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Resume, AfterAKillGivesTheSameBitsOnAnotherThreadCount) {
  Recipe recipe = tiny_recipe();
  recipe.train.precision = GetParam().first;
  recipe.train.optimizer = GetParam().second;
  TemporaryDirectory dir("quern-run");
  set_compute_threads(2);
  Rig(dir.path() / "whole", recipe, false).run();
  // What kill -9 leaves behind: a process gone in the middle of a run, whatever it was writing.
  const pid_t child = fork();
  if (child == 0) {
    set_compute_threads(1);  // a forked child has no compute team of its own yet
    Rig rig(dir.path() / "killed", recipe, false);
    rig.plan.moments = {};
    rig.plan.recipe.train.sample_every = 17;
    rig.parts.observe = [](int64_t step, double, const auto&, RunLog&) {
      if (step >= 17) kill(getpid(), SIGKILL);
    };
    rig.run();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  set_compute_threads(1);
  Rig(dir.path() / "killed", recipe, true).run();
  set_compute_threads(hardware_threads());
  EXPECT_EQ(losses(dir.path() / "whole"), losses(dir.path() / "killed"));
}
INSTANTIATE_TEST_SUITE_P(Precisions, Resume,
                         testing::Values(std::pair{"f32", "adamw"}, std::pair{"bf16", "adamw"},
                                         std::pair{"int8", "adamw"}, std::pair{"f32", "muon"},
                                         std::pair{"bf16", "muon"}),
                         [](const auto& info) { return std::string(info.param.first) + "_" + info.param.second; });

TEST(Run, ADamagedNewestCheckpointIsPassedOverForTheOneBefore) {
  Recipe recipe = tiny_recipe();
  recipe.train.keep_last = 3;
  TemporaryDirectory dir("quern-run");
  Rig(dir.path() / "a", recipe, false).run();
  const fs::path checkpoints = dir.path() / "a" / "checkpoints";
  const auto newest = newest_checkpoint(checkpoints);
  ASSERT_TRUE(newest);
  fs::resize_file(newest->path / "model.safetensors", fs::file_size(newest->path / "model.safetensors") - 5);
  std::vector<std::string> notes;
  const auto before = newest_checkpoint(checkpoints, &notes);
  ASSERT_TRUE(before);
  EXPECT_LT(before->step, newest->step);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("model.safetensors is cut off"), std::string::npos) << notes[0];
}

TEST(Run, AccumulationOverMicroBatchesIsTheSameStepUpToRounding) {
  TemporaryDirectory dir("quern-run");
  Recipe recipe = tiny_recipe();
  Rig(dir.path() / "one", recipe, false).run();
  recipe.train.micro_batch_rows = 2;
  Rig(dir.path() / "two", recipe, false).run();
  const auto a = losses(dir.path() / "one"), b = losses(dir.path() / "two");
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-3) << i;  // sums in another order, 30 steps long
}

TEST(Run, AResumeByAnotherRecipeIsRefused) {
  TemporaryDirectory dir("quern-run");
  Recipe recipe = tiny_recipe();
  Rig(dir.path() / "a", recipe, false).run();
  recipe.train.lr = 1e-4;
  Rig rig(dir.path() / "a", recipe, true);
  EXPECT_THROW(rig.run(), Error);
}

TEST(Step, ANonFiniteGradientIsSkippedNamedAndNotApplied) {
  const ParamOptions options{.trainable = Trainable::Yes};
  auto model = build_model(tiny_config(), ParamStore::fresh(5, options));
  Optimizer optimizer(*model->params, {});
  BatchSource batches(std::make_shared<ShuffledRows>(std::make_shared<PackedRows>(tiny_tokens(1), 32), 9), 4);
  Trainer trainer{*model, optimizer, {.schedule = {.kind = ScheduleKind::Constant, .peak_lr = 1e-3}}};
  model->params->find("model.norm.weight").data()[0] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> before = model->params->find("model.layers.0.mlp.down_proj.weight").to_vector();
  const StepReport r = train_step(trainer, batches, NextToken{}, 0);
  EXPECT_TRUE(r.skipped);
  EXPECT_FALSE(r.bad_tensor.empty());
  EXPECT_EQ(before, model->params->find("model.layers.0.mlp.down_proj.weight").to_vector());
}

TEST(Checkpointing, GivesTheSameGradientsAsKeepingActivations) {
  std::vector<float> seen[2];
  for (bool checkpoint : {false, true}) {
    auto model = build_model(tiny_config(), ParamStore::fresh(5, {.trainable = Trainable::Yes}));
    Optimizer optimizer(*model->params, {});
    BatchSource batches(std::make_shared<ShuffledRows>(std::make_shared<PackedRows>(tiny_tokens(1), 32), 9), 4);
    Trainer trainer{*model, optimizer, {.schedule = {.kind = ScheduleKind::Constant, .peak_lr = 1e-3}}};
    for (int64_t s = 0; s < 3; ++s) train_step(trainer, batches, NextToken({}, checkpoint), s);
    seen[checkpoint] = model->params->find("model.layers.1.self_attn.k_proj.weight").to_vector();
  }
  EXPECT_EQ(seen[0], seen[1]);
}

}  // namespace
}  // namespace quern
