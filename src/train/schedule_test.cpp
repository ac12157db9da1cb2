// SPDX-License-Identifier: MIT
#include "train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace quern {
namespace {

const ScheduleKind kAll[] = {
    ScheduleKind::Constant,   ScheduleKind::Linear,      ScheduleKind::Cosine, ScheduleKind::CosineWithRestarts,
    ScheduleKind::Polynomial, ScheduleKind::InverseSqrt, ScheduleKind::Wsd};

Schedule some(ScheduleKind kind) {
  return {.kind = kind, .peak_lr = 2.0, .warmup_steps = 10, .total_steps = 110, .min_lr_ratio = 0.1, .decay_steps = 40};
}

TEST(Schedule, EachKindRisesLinearlyToThePeakAndNeverExceedsIt) {
  for (const ScheduleKind kind : kAll) {
    const Schedule s = some(kind);
    for (int64_t step = 0; step <= 10; ++step) EXPECT_DOUBLE_EQ(s.lr_at(step), 0.2 * double(step));
    for (int64_t step = 0; step < 300; ++step) EXPECT_LE(s.lr_at(step), 2.0);
  }
}

TEST(Schedule, KindsWithAnEndReachTheMinimumThere) {
  for (const ScheduleKind kind : kAll) {
    if (kind == ScheduleKind::Constant || kind == ScheduleKind::InverseSqrt) continue;
    EXPECT_NEAR(some(kind).lr_at(110), 0.2, 1e-12);
    EXPECT_GT(some(kind).lr_at(109), 0.2);
  }
}

TEST(Schedule, MiddlesAreWhatTheFormulasSay) {
  EXPECT_NEAR(some(ScheduleKind::Linear).lr_at(60), 1.1, 1e-12);
  EXPECT_NEAR(some(ScheduleKind::Cosine).lr_at(60), 1.1, 1e-12);
  EXPECT_NEAR(some(ScheduleKind::InverseSqrt).lr_at(40), 1.0, 1e-12);  // sqrt(10 / 40)
  Schedule s = some(ScheduleKind::Polynomial);
  s.power = 2;
  EXPECT_NEAR(s.lr_at(60), 2 * (0.1 + 0.9 * 0.25), 1e-12);
  s = some(ScheduleKind::CosineWithRestarts);
  s.cycles = 2;
  EXPECT_NEAR(s.lr_at(35), 1.1, 1e-12);
  EXPECT_NEAR(s.lr_at(60), 2.0, 1e-12);  // back at the peak
  s = some(ScheduleKind::Wsd);
  EXPECT_EQ(s.lr_at(70), 2.0);
  EXPECT_NEAR(s.lr_at(90), 1.1, 1e-12);
  s.decay_shape = DecayShape::OneMinusSqrt;
  EXPECT_NEAR(s.lr_at(80), 2 * (0.1 + 0.9 * 0.5), 1e-12);  // 1 - sqrt(1/4)
}

TEST(Schedule, NoStepsAtAllDivideByNothing) {
  for (const ScheduleKind kind : kAll)
    for (int64_t step = 0; step < 3; ++step) EXPECT_TRUE(std::isfinite(Schedule{.kind = kind}.lr_at(step)));
}

TEST(Schedule, ValidateNamesTheField) {
  const auto complaint = [](const Schedule& s) -> std::string {
    try {
      s.validate();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  for (const ScheduleKind kind : kAll) EXPECT_EQ(complaint(some(kind)), "");
  EXPECT_THAT(complaint({.peak_lr = NAN}), testing::HasSubstr("peak_lr"));
  EXPECT_THAT(complaint({.warmup_steps = 5, .total_steps = 4}), testing::HasSubstr("total_steps"));
  EXPECT_THAT(complaint({.min_lr_ratio = 2}), testing::HasSubstr("min_lr_ratio"));
  EXPECT_THAT(complaint({.kind = ScheduleKind::Wsd, .total_steps = 4, .decay_steps = 5}),
              testing::HasSubstr("decay_steps"));
}

}  // namespace
}  // namespace quern
