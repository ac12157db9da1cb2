// SPDX-License-Identifier: MIT
// The golden runner itself: what it prints and how it exits, on folders made here and on the shared one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "base/files.h"

namespace quern {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Ended {
  int status;
  std::string output;
};

Ended goldens(const fs::path& dir, const std::string& globs) {
  const std::string command = std::string(QUERN_GOLDENS) + " '" + dir.string() + "' '" + globs + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  Ended run{-1, ""};
  char chunk[4096];
  while (const size_t n = std::fread(chunk, 1, sizeof chunk, pipe)) run.output.append(chunk, n);
  const int status = pclose(pipe);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

class GoldenRunner : public testing::Test {
 protected:
  TemporaryDirectory dir;
  void schedules(const std::string& last_rate) {
    fs::create_directories(dir.path() / "losses");
    write_file(dir.path() / "losses/lr_schedules.json",
               R"({"peak_lr": 0.5, "warmup_steps": 2, "total_steps": 4,
                   "learning_rate_at_step": {"linear": [0.0, 0.25, 0.5, 0.25, )" +
                   last_rate + "]}}");
  }
};

TEST_F(GoldenRunner, RightValuesPassAndExitZero) {
  schedules("0.0");
  const Ended run = goldens(dir.path(), "");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.output, "PASS losses/lr_schedules 0 1e-06\n1 passed, 0 failed, 0 skipped\n");
}

TEST_F(GoldenRunner, AWrongValueFailsAndExitsOne) {
  schedules("0.01");
  const Ended run = goldens(dir.path(), "losses/*");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, HasSubstr("FAIL losses/lr_schedules 0.02 1e-06 linear"));
}

TEST_F(GoldenRunner, NothingMatchedExitsOne) {
  schedules("0.0");
  for (const char* globs : {"models/*", "schedules", "losses", "LOSSES/*"}) {
    const Ended run = goldens(dir.path(), globs);
    EXPECT_EQ(run.status, 1) << globs;
    EXPECT_THAT(run.output, EndsWith("0 passed, 0 failed, 0 skipped\n"));
  }
}

TEST_F(GoldenRunner, AnyOfTheGlobsMatchesAndTheStarCrossesSlashes) {
  schedules("0.0");
  for (const char* globs :
       {"*", "l*s", "models/*,losses/lr_*", " losses/lr_schedules ,x", "lr_schedules", "losse[s]/*"})
    EXPECT_EQ(goldens(dir.path(), globs).status, 0) << globs;
}

TEST_F(GoldenRunner, WhatDoesNotExistYetIsSkippedAndDamageFails) {
  fs::create_directories(dir.path() / "models/newcomer");
  write_file(dir.path() / "models/newcomer/golden.json", R"({"kind": "causal"})");
  write_file(dir.path() / "models/newcomer/config.json", R"({"architectures": ["NewcomerForCausalLM"]})");
  Ended run = goldens(dir.path(), "");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.output, HasSubstr("SKIP models/newcomer"));
  write_file(dir.path() / "models/newcomer/golden.json", R"({"kind": "cau)");
  run = goldens(dir.path(), "");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, HasSubstr("FAIL models/newcomer"));
}

TEST_F(GoldenRunner, AMissingFolderExitsTwo) { EXPECT_EQ(goldens(dir.path() / "nowhere", "").status, 2); }

TEST(Goldens, EveryCaseOfWhatExistsPasses) {
  const char* shared = std::getenv("QUERN_SHARED");
  const fs::path dir = (shared ? fs::path(shared) : fs::path(QUERN_SOURCE_DIR) / "../shared") / "goldens";
  if (!fs::exists(dir)) GTEST_SKIP() << "no goldens in " << dir << "; set QUERN_SHARED";
  const Ended run = goldens(dir,
                            "models/gpt2*,models/llama*,models/bert-*,models/roberta-*,models/distilbert,"
                            "training/gpt2,training/llama,training/bert-pretraining,tokenizers/gpt2-bytelevel,"
                            "tokenizers/llama3-bytelevel,tokenizers/qwen2-bytelevel,tokenizers/roberta-bytelevel,"
                            "tokenizers/smollm2-bytelevel,tokenizers/char-level,sampling/*,losses/cross-entropy*,"
                            "losses/optim-adamw,losses/optim-muon,losses/lr_schedules,gguf/quants/*");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, Not(HasSubstr("SKIP"))) << run.output;
}

}  // namespace
}  // namespace quern
