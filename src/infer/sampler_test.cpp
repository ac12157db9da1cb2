// SPDX-License-Identifier: MIT
#include "infer/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace quern {
namespace {

using testing::HasSubstr;

int32_t sample(const SamplingOptions& options, std::vector<float> logits, std::vector<int32_t> history = {},
               int64_t prompt_size = 0) {
  return Sampler(options).sample(logits, history, prompt_size).id;
}

TEST(Sampler, GreedyTakesTheLikeliestAndOfEqualsTheFirst) {
  const SamplingOptions greedy{.temperature = 0};
  EXPECT_EQ(sample(greedy, {1, 3, 2}), 1);
  EXPECT_EQ(sample(greedy, {1, 3, 3}), 1);
  EXPECT_EQ(sample(greedy, {-5, -7}), 0);
  EXPECT_THROW(sample(greedy, {NAN, NAN}), Error);
}

TEST(Sampler, SameSeedAndPositionGiveTheSameTokenWhateverCameBefore) {
  const SamplingOptions options{.seed = 7};
  const std::vector<float> logits = Rng(1).normal(500);
  std::vector<int32_t> history(20, 3);
  Sampler busy(options);
  for (size_t n = 1; n < 20; ++n) {
    std::vector<float> other = Rng(n).normal(500);
    busy.sample(other, std::span(history).first(n), 0);
  }
  std::vector<float> copy = logits;
  EXPECT_EQ(busy.sample(copy, history, 0).id, sample(options, logits, history));
  int differ = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) differ += sample({.seed = seed}, logits) != sample(options, logits);
  EXPECT_GT(differ, 10);
}

TEST(Sampler, FrequenciesFollowTheTemperedSoftmax) {
  const std::vector<float> logits = {0, 1, 2};
  const double T = 0.5;
  const int n = 20'000;
  std::vector<int32_t> history(n, 0);
  std::vector<double> counts(3, 0);
  Sampler sampler({.temperature = T, .seed = 3});
  for (int i = 0; i < n; ++i) {
    std::vector<float> copy = logits;
    counts[size_t(sampler.sample(copy, std::span(history).first(size_t(i)), 0).id)] += 1.0 / n;
  }
  const double sum = 1 + std::exp(1 / T) + std::exp(2 / T);
  for (int i = 0; i < 3; ++i) {
    const double p = std::exp(i / T) / sum;
    EXPECT_NEAR(counts[size_t(i)], p, 5 * std::sqrt(p * (1 - p) / n));  // five standard deviations
  }
}

TEST(Sampler, LogprobsAreTheModelsOwnWhateverTheOptions) {
  const std::vector<float> logits = {std::log(0.1f), std::log(0.2f), std::log(0.7f)};
  SamplingOptions options{
      .temperature = 0.3, .top_k = 1, .logit_bias = {{2, -100.0f}}, .logprobs = true, .top_logprobs = 2};
  std::vector<float> copy = logits;
  const SampledToken token = Sampler(options).sample(copy, {}, 0);
  EXPECT_EQ(token.id, 1);
  EXPECT_NEAR(token.logprob, std::log(0.2), 1e-6);
  ASSERT_EQ(token.top.size(), 2u);
  EXPECT_EQ(token.top[0].id, 2);
  EXPECT_NEAR(token.top[0].logprob, std::log(0.7), 1e-6);
  EXPECT_EQ(token.top[1].id, 1);
}

TEST(Sampler, EndTokensWaitForTheMinimumLengths) {
  SamplingOptions options{.temperature = 0, .min_length = 4, .eos_token_ids = {1}};
  EXPECT_EQ(sample(options, {0, 9, 5}, {0, 0, 0}, 3), 2);
  EXPECT_EQ(sample(options, {0, 9, 5}, {0, 0, 0, 0}, 3), 1);
  options.min_length = 0;
  options.min_new_tokens = 2;
  EXPECT_EQ(sample(options, {0, 9, 5}, {0, 0, 0, 0}, 3), 2);
  EXPECT_EQ(sample(options, {0, 9, 5}, {0, 0, 0, 0, 0}, 3), 1);
}

TEST(Sampler, FrequencyPenaltySeesTheOutputAndNotThePrompt) {
  const SamplingOptions options{.temperature = 0, .frequency_penalty = 2};
  EXPECT_EQ(sample(options, {3, 2}, {0, 0}, 2), 0);
  EXPECT_EQ(sample(options, {3, 2}, {0, 0}, 1), 1);
}

TEST(SamplingOptions, ValidateNamesTheField) {
  const auto complaint = [](const SamplingOptions& options) -> std::string {
    try {
      options.validate(100);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(complaint({}), "");
  EXPECT_THAT(complaint({.temperature = -1}), HasSubstr("temperature"));
  EXPECT_THAT(complaint({.temperature = 1e-9}), HasSubstr("temperature"));
  EXPECT_THAT(complaint({.temperature = NAN}), HasSubstr("temperature"));
  EXPECT_THAT(complaint({.top_k = -1}), HasSubstr("top_k"));
  EXPECT_THAT(complaint({.top_p = 0}), HasSubstr("top_p"));
  EXPECT_THAT(complaint({.top_p = NAN}), HasSubstr("top_p"));
  EXPECT_THAT(complaint({.min_p = 1.5}), HasSubstr("min_p"));
  EXPECT_THAT(complaint({.repetition_penalty = 0}), HasSubstr("repetition_penalty"));
  EXPECT_THAT(complaint({.bad_words = {{}}}), HasSubstr("bad_words"));
  EXPECT_THAT(complaint({.bad_words = {{100}}}), HasSubstr("bad_words names token 100"));
  EXPECT_THAT(complaint({.logit_bias = {{-1, 0.0f}}}), HasSubstr("logit_bias"));
  EXPECT_THAT(complaint({.top_logprobs = 101}), HasSubstr("top_logprobs"));
}

}  // namespace
}  // namespace quern
