// SPDX-License-Identifier: MIT
#include "train/run_log.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/files.h"

namespace quern {
namespace {

StepEvent step(int64_t n, double loss) { return {.step = n, .loss = loss, .bpb = loss / 2, .tokens = n * 100}; }

TEST(RunLog, LossesReadBackToTheSameBits) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "log.jsonl";
  const std::vector<double> losses = {0.1 + 0.2, 1.0 / 3, std::nextafter(2.5, 3.0), 5e-324, double(1.2345678f),
                                      0.0,       -0.0};
  {
    RunLog log(path, -1);
    for (size_t i = 0; i < losses.size(); ++i) log.write(step(int64_t(i), losses[i]));
  }
  const RunHistory history = read_run_log(path);
  ASSERT_EQ(history.steps.size(), losses.size());
  for (size_t i = 0; i < losses.size(); ++i)
    EXPECT_EQ(std::bit_cast<uint64_t>(history.steps[i].loss), std::bit_cast<uint64_t>(losses[i]));
}

TEST(RunLog, EveryFieldComesBack) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "log.jsonl";
  {
    RunLog log(path, -1);
    log.write(StepEvent{.step = 3,
                        .loss = 1,
                        .bpb = 2,
                        .lr = 3e-4,
                        .grad_norm = 4,
                        .tokens = 5,
                        .tokens_per_s = 6,
                        .seconds = 7,
                        .peak_share = 0.8,
                        .memory_bytes = 9,
                        .skipped = true,
                        .metrics = {{"z", 0.5}}});
    log.write(EvalEvent{.step = 3,
                        .data = "held-out",
                        .loss = 1.5,
                        .bpb = 0.7,
                        .seconds = 8,
                        .tokens = 10,
                        .metrics = {{"accuracy", 0.25}}});
    log.write(SampleEvent{.step = 3, .seconds = 9, .prompt = "Once", .text = "upon\n\"a\" \xff time 中"});
    log.write(StageEvent{.step = 3, .name = "pretrain", .what = "end", .seconds = 10, .memory_bytes = 11, .note = "n"});
  }
  const RunHistory h = read_run_log(path);
  ASSERT_EQ(h.steps.size(), 1u);
  EXPECT_TRUE(h.steps[0].skipped);
  EXPECT_EQ(h.steps[0].lr, 3e-4);
  EXPECT_EQ(h.steps[0].peak_share, 0.8);
  EXPECT_EQ(h.steps[0].metrics, (Metrics{{"z", 0.5}}));
  ASSERT_EQ(h.evals.size(), 1u);
  EXPECT_EQ(h.evals[0].data, "held-out");
  EXPECT_EQ(h.evals[0].metrics, (Metrics{{"accuracy", 0.25}}));
  ASSERT_EQ(h.samples.size(), 1u);
  EXPECT_EQ(h.samples[0].text, "upon\n\"a\" \xEF\xBF\xBD time 中");  // a broken byte is replaced
  ASSERT_EQ(h.stages.size(), 1u);
  EXPECT_EQ(h.stages[0].what, "end");
  EXPECT_EQ(h.stages[0].note, "n");
  EXPECT_EQ(h.damaged_lines, 0);
}

TEST(RunLog, NotFiniteIsNullAndReadsBackAsNaN) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "log.jsonl";
  RunLog(path, -1).write(step(1, std::numeric_limits<double>::infinity()));
  EXPECT_NE(read_file(path).find("\"loss\":null"), std::string::npos);
  EXPECT_TRUE(std::isnan(read_run_log(path).steps.at(0).loss));
}

TEST(RunLog, ResumeCutsWhatCameAfterTheStepAndTheHalfLine) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "log.jsonl";
  std::string upto2;
  {
    RunLog log(path, -1);
    for (int64_t s = 1; s <= 5; ++s) {
      log.write(step(s, double(s)));
      if (s == 2) log.write(EvalEvent{.step = 2, .loss = 9});
      if (s == 2) upto2 = read_file(path);
    }
  }
  append_file(path, "{\"type\":\"step\",\"step\":1,\"lo");  // killed while writing
  {
    RunLog log(path, 2);
    EXPECT_EQ(read_file(path), upto2);
    log.write(step(3, 3.5));
  }
  const RunHistory h = read_run_log(path);
  ASSERT_EQ(h.steps.size(), 3u);
  EXPECT_EQ(h.steps[2].loss, 3.5);
  EXPECT_EQ(h.evals.size(), 1u);
}

TEST(RunLog, HalfLineAtTheEndIsCountedNotThrown) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "log.jsonl";
  write_file(path,
             std::string("{\"type\":\"step\",\"step\":1,\"loss\":2}\n\0\0\0garbage\n[1]\n{\"step\":\"x\"}\n{\"ty", 66));
  const RunHistory h = read_run_log(path);
  EXPECT_EQ(h.steps.size(), 1u);
  EXPECT_GE(h.damaged_lines, 3);
}

TEST(RunLog, ResumeAtAnyCutOfTheFileKeepsExactlyTheWholeLines) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "log.jsonl";
  {
    RunLog log(path, -1);
    for (int64_t s = 1; s <= 3; ++s) log.write(step(s, 0.25 * double(s)));
  }
  const std::string whole = read_file(path);
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    write_file(path, whole.substr(0, cut));
    RunLog(path, 100);
    const size_t end = cut == 0 ? std::string::npos : whole.rfind('\n', cut - 1);
    ASSERT_EQ(read_file(path), end == std::string::npos ? "" : whole.substr(0, end + 1)) << cut;
  }
}

TEST(RunLog, FolderThatIsMissingIsAnIoError) {
  EXPECT_THROW(RunLog("no/such/folder/log.jsonl", -1), Error);
  EXPECT_THROW(read_run_log("no/such/folder/log.jsonl"), Error);
}

}  // namespace
}  // namespace quern
