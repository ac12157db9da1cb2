// SPDX-License-Identifier: MIT
#include "tensor/kernels/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "tensor/kernels/cpu_features.h"

namespace quern {
namespace {

// A home of its own, and the kernels as they were.
class ProbeTest : public testing::Test {
 protected:
  void SetUp() override {
    kernels_ = kernel_choice();
    if (const char* home = std::getenv("QUERN_HOME")) home_ = home;
    setenv("QUERN_HOME", (directory_.path() / "home").c_str(), 1);
  }
  void TearDown() override {
    force_kernels(kernels_);
    if (home_.empty())
      unsetenv("QUERN_HOME");
    else
      setenv("QUERN_HOME", home_.c_str(), 1);
  }
  TemporaryDirectory directory_;
  std::string kernels_, home_;
};

TEST_F(ProbeTest, MeasuresOnceAndThenReadsWhatItKept) {
  const ProbeReport first = probe();
  EXPECT_FALSE(first.from_file);
  EXPECT_TRUE(fs::exists(first.file));
  const ProbeReport second = probe();
  EXPECT_TRUE(second.from_file);
  EXPECT_EQ(second.choice, first.choice);
  EXPECT_EQ(second.reason, first.reason);
  EXPECT_EQ(second.candidates.size(), first.candidates.size());
  EXPECT_EQ(second.memory_gb_per_s, first.memory_gb_per_s);
}

TEST_F(ProbeTest, ChoosesKernelsThatCanRunHere) {
  const ProbeReport report = probe();
  EXPECT_THAT(available_kernels(), testing::Contains(report.choice));
  EXPECT_FALSE(report.reason.empty());
  for (const auto& candidate : report.candidates) {
    EXPECT_GT(candidate.f32_gflops, 0) << candidate.name;
    EXPECT_GT(candidate.int8_gops, 0) << candidate.name;
  }
}

TEST_F(ProbeTest, MeasuresAnewOverADamagedFile) {
  const fs::path file = probe().file;
  for (const char* damage : {"", "{", "[]", "{\"format\": 1}", "{\"format\": \"one\", \"machines\": 3}"}) {
    write_file(file, damage);
    EXPECT_FALSE(probe().from_file) << damage;
    EXPECT_TRUE(probe().from_file) << damage;
  }
}

TEST_F(ProbeTest, WorksWithoutAPlaceToKeepTheChoice) {
  setenv("QUERN_HOME", "/dev/null/home", 1);
  const ProbeReport report = probe();
  EXPECT_FALSE(report.choice.empty());
  EXPECT_TRUE(report.file.empty());
}

TEST_F(ProbeTest, ForcedKernelsStayInForce) {
  for (const std::string& kernels : available_kernels()) {
    force_kernels(kernels);
    EXPECT_EQ(kernel_choice(), kernels);
    probe_anew();
    EXPECT_EQ(kernel_choice(), kernels);
  }
}

TEST(Probe, RefusesKernelsThisMachineLacks) {
  try {
    force_kernels("abacus");
    FAIL() << "an unknown name was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(e.message(), testing::HasSubstr("portable"));
  }
}

TEST(CpuFeatures, NamesWhatIsPresent) {
  const CpuFeatures& cpu = cpu_features();
  const std::vector<std::string> names = cpu.names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "avx2"), cpu.avx2);
  EXPECT_EQ(std::count(names.begin(), names.end(), "neon"), cpu.neon);
}

}  // namespace
}  // namespace quern
