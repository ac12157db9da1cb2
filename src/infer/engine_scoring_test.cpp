// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "infer/engine.h"
#include "infer/kv_cache.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_models::tiny_family_config;
using testing_models::tiny_model;

std::vector<int32_t> ids_of(uint64_t seed, int64_t n) {
  Rng rng(seed, "continuations");
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(int32_t(rng.below(200)));
  return ids;
}

// A prompt with four continuations of 1 to 40 ids; the third is read for a while before it counts.
Request scoring_request(uint64_t seed, int64_t prompt_size) {
  Request r;
  r.prompt = ids_of(seed, prompt_size);
  r.max_new_tokens = 0;
  for (const int64_t size : {1, 7, 20, 40}) r.continuations.push_back({ids_of(seed * 10 + uint64_t(size), size), 0});
  r.continuations[2].first_counted = 5;
  return r;
}

std::vector<double> logprobs(const GenerationResult& r) {
  std::vector<double> out;
  for (const ContinuationScore& c : r.continuations) out.push_back(c.logprob);
  return out;
}

class EngineScoring : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<const CausalLm> model = tiny_model(tiny_family_config(GetParam()));
  ~EngineScoring() override { set_compute_threads(hardware_threads()); }

  // The definition: prompt and continuation as one prompt, the log-probabilities of its last tokens added up.
  std::vector<ContinuationScore> expected(const Request& request) {
    std::vector<ContinuationScore> out;
    for (const PromptContinuation& c : request.continuations) {
      Request whole;
      whole.prompt = request.prompt;
      whole.prompt.insert(whole.prompt.end(), c.ids.begin(), c.ids.end());
      whole.max_new_tokens = 0;
      whole.prompt_logprobs = true;
      whole.sampling.top_logprobs = 1;
      Engine engine(model);
      const GenerationResult r = engine.generate(whole);
      ContinuationScore& score = out.emplace_back();
      for (size_t i = request.prompt.size() + size_t(c.first_counted); i < whole.prompt.size(); ++i) {
        score.logprob += r.prompt[i].logprob;
        score.greedy = score.greedy && r.prompt[i].top[0].id == r.prompt[i].id;
        ++score.tokens;
      }
    }
    return out;
  }
};

TEST_P(EngineScoring, ContinuationsScoreAsTheEndOfAPrompt) {
  for (const int64_t size : {1, 2, 63, 64, 65, 100}) {
    SCOPED_TRACE(size);
    const Request request = scoring_request(uint64_t(size), size);
    Engine engine(model);
    const GenerationResult r = engine.generate(request);
    const auto want = expected(request);
    ASSERT_EQ(r.continuations.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_NEAR(r.continuations[i].logprob, want[i].logprob, 2e-6 * double(want[i].tokens) * 10) << i;
      EXPECT_EQ(r.continuations[i].tokens, want[i].tokens) << i;
      EXPECT_EQ(r.continuations[i].greedy, want[i].greedy) << i;
    }
    EXPECT_EQ(engine.stats().free_pages, engine.stats().num_pages - engine.stats().prefixes.pages);
  }
}

TEST_P(EngineScoring, WhatGreedyDecodingWritesIsGreedy) {
  Request request = scoring_request(3, 30);
  Engine engine(model);
  Request greedy;
  greedy.prompt = request.prompt;
  greedy.sampling.temperature = 0;
  greedy.max_new_tokens = 9;
  request.continuations[1].ids = engine.generate(greedy).ids;
  const GenerationResult r = engine.generate(request);
  EXPECT_TRUE(r.continuations[1].greedy);
  EXPECT_FALSE(r.continuations[3].greedy);
}

TEST_P(EngineScoring, ScoresAreTheSameBitsInPiecesInCompanyAndAfterLosingPages) {
  std::vector<Request> requests;
  std::vector<std::vector<double>> want;
  for (uint64_t i = 0; i < 6; ++i) {
    requests.push_back(scoring_request(i, 20 + int64_t(i) * 21));
    Engine engine(model);
    want.push_back(logprobs(engine.generate(requests.back())));
  }
  const uint64_t page = KvPool(model->shape(), uint64_t{1} << 30, 1).page_bytes();
  for (const EngineOptions& options :
       {EngineOptions{.max_step_tokens = 7}, EngineOptions{.max_sequences = 5}, EngineOptions{.cache_bytes = 16 * page},
        EngineOptions{.cache_bytes = 12 * page, .prefix_bytes = 0}}) {
    Engine engine(model, {}, options);
    const auto results = engine.generate_all(requests);
    for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(logprobs(results[i]), want[i]) << i;
  }
  set_compute_threads(1);
  Engine engine(model);
  EXPECT_EQ(logprobs(engine.generate(requests[5])), want[5]);
  EXPECT_EQ(logprobs(engine.generate(requests[5])), want[5]);  // its prompt from the cache
  EXPECT_GT(engine.stats().prefixes.hit_tokens, 0);
}

TEST_P(EngineScoring, TheyShareAStepWithTextsThatAreGenerated) {
  Request text;
  text.prompt = ids_of(77, 12);
  text.max_new_tokens = 30;
  Engine alone(model);
  const auto want = alone.generate(text).ids;
  Engine engine(model);
  const auto results = engine.generate_all({text, scoring_request(5, 50), text});
  EXPECT_EQ(results[0].ids, want);
  EXPECT_EQ(results[2].ids, want);
  EXPECT_EQ(results[1].continuations.size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(Families, EngineScoring, testing::Values("llama", "gemma3", "qwen3_moe", "deepseek_v3"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

TEST(EngineScoringErrors, WhatCanNotBeScoredIsRefused) {
  const auto model = tiny_model(tiny_family_config("llama"));
  Engine engine(model);
  const auto refused = [&](const std::function<void(Request&)>& spoil) -> std::string {
    Request request = scoring_request(1, 10);
    spoil(request);
    try {
      engine.generate(request);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(refused([](Request&) {}), "");
  EXPECT_THAT(refused([](Request& r) { r.continuations[1].ids.clear(); }), HasSubstr("empty"));
  EXPECT_THAT(refused([](Request& r) { r.continuations[1].ids[0] = 100000; }), HasSubstr("100000"));
  EXPECT_THAT(refused([](Request& r) { r.max_new_tokens = 1; }), HasSubstr("scored alone"));
  EXPECT_THAT(refused([](Request& r) { r.continuations[3].ids.assign(300, 1); }), HasSubstr("256"));
}

}  // namespace
}  // namespace quern
