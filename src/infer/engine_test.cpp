// SPDX-License-Identifier: MIT
#include "infer/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "infer/kv_cache.h"
#include "infer/speculation.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_models::tiny_config;
using testing_models::tiny_family_config;
using testing_models::tiny_gpt2_config;
using testing_models::tiny_llama_config;
using testing_models::tiny_model;

std::vector<int32_t> random_ids(uint64_t seed, int64_t n, int64_t V = 200) {
  Rng rng(seed);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(int32_t(rng.below(uint64_t(V))));
  return ids;
}

// What a request gives, down to the last bit: ids and the log-probabilities of the likeliest tokens.
struct Trace {
  std::vector<int32_t> ids;
  std::vector<float> values;
  bool operator==(const Trace&) const = default;
};
Trace trace(const GenerationResult& r) {
  Trace t{.ids = r.ids, .values = {}};
  for (const SampledToken& token : r.tokens)
    for (const TokenLogprob& p : token.top) t.values.push_back(p.logprob);
  for (const PromptLogprob& p : r.prompt) t.values.push_back(p.logprob);
  return t;
}

Request random_request(uint64_t seed, int64_t prompt_size, int64_t new_tokens) {
  return {.prompt = random_ids(seed, prompt_size),
          .sampling = {.temperature = seed % 2 ? 0.0 : 0.8, .seed = seed, .logprobs = true, .top_logprobs = 5},
          .max_new_tokens = new_tokens,
          .stop_ids = {},
          .stop = {},
          .on_prompt_logits = {}};
}

class EnginePromises : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<const CausalLm> model = tiny_model(tiny_family_config(GetParam()));
  ~EnginePromises() override { set_compute_threads(hardware_threads()); }

  Trace alone(const Request& request, EngineOptions options = {}) {
    Engine engine(model, {}, options);
    return trace(engine.generate(request));
  }
};

TEST_P(EnginePromises, OneAndTwoThreadsGiveTheSameBits) {
  for (const int64_t size : {1, 30, 100}) {
    const Request request = random_request(uint64_t(size), size, 40);
    set_compute_threads(1);
    const Trace one = alone(request);
    set_compute_threads(2);
    EXPECT_EQ(alone(request), one) << size;
  }
}

TEST_P(EnginePromises, ABatchOfAnySizeGivesEachItsBitsAlone) {
  std::vector<Trace> expected;
  std::vector<Request> requests;
  for (uint64_t i = 0; i < 64; ++i) {
    requests.push_back(random_request(100 + i, 1 + int64_t(i * 7 % 90), 6));
    expected.push_back(alone(requests.back()));
  }
  const bool every_size = GetParam() == "gpt2" || GetParam() == "llama";
  for (size_t n = 1; n <= 64; n += every_size ? 1 : 7) {
    Engine engine(model);
    const auto results = engine.generate_all({requests.begin(), requests.begin() + int64_t(n)});
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(trace(results[i]), expected[i]) << "request " << i << " of " << n;
  }
}

TEST_P(EnginePromises, APromptFedInPiecesGivesTheBitsOfOneFedAtOnce) {
  Request request = random_request(3, 150, 10);
  request.prompt_logprobs = true;
  const Trace expected = alone(request);
  for (const int64_t piece : {1, 2, 3, 7, 16, 63, 64, 65, 149, 150})
    ASSERT_EQ(alone(request, {.max_step_tokens = piece}), expected) << "pieces of " << piece;
}

TEST_P(EnginePromises, JoiningAtAnyStepChangesNothing) {
  std::vector<Request> requests;
  for (uint64_t i = 0; i < 10; ++i) requests.push_back(random_request(i, 20 + int64_t(i) * 9, 25));
  std::vector<Trace> expected;
  for (const Request& r : requests) expected.push_back(alone(r));
  Engine engine(model, {}, {.max_sequences = 4, .max_step_tokens = 32});
  std::vector<std::shared_ptr<Generation>> running;
  for (size_t i = 0; i < requests.size(); ++i) {
    running.push_back(engine.submit(requests[i]));
    for (size_t steps = 0; steps < i; ++steps) engine.step();
  }
  while (engine.step()) {
  }
  for (size_t i = 0; i < running.size(); ++i) EXPECT_EQ(trace(running[i]->result()), expected[i]) << i;
}

TEST_P(EnginePromises, LosingItsPagesToAnotherChangesNothing) {
  std::vector<Request> requests;
  for (uint64_t i = 0; i < 6; ++i) requests.push_back(random_request(i, 30 + int64_t(i) * 20, 60));
  requests[2].num_beams = 2;
  requests[2].sampling.temperature = 1;
  std::vector<Trace> expected;
  for (const Request& r : requests) expected.push_back(alone(r));
  const uint64_t page = KvPool(model->shape(), uint64_t{1} << 30, 1).page_bytes();
  Engine engine(model, {}, {.cache_bytes = 8 * page});
  const auto results = engine.generate_all(requests);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(trace(results[i]), expected[i]) << i;
  EXPECT_GT(engine.stats().preemptions, 0);
}

TEST_P(EnginePromises, AKeptPrefixChangesNothingAndSavesItsTokens) {
  const Request first = random_request(8, 140, 20);
  Request second = first;
  second.prompt.insert(second.prompt.end(), {1, 2, 3});
  const Trace expected = alone(second);
  Engine engine(model);
  engine.generate(first);
  const GenerationResult result = engine.generate(second);
  EXPECT_EQ(trace(result), expected);
  EXPECT_EQ(result.cached_prompt_tokens, 128);  // two full pages
}

// The logits of every position through the cache, fed in pieces, against the whole sequence run without one.
void expect_logits_of_the_whole(std::shared_ptr<const CausalLm> model, int64_t length, int64_t piece) {
  const std::vector<int32_t> ids = random_ids(5, length);
  const Tensor expected = model->logits(model->forward(Batch::of(ids)));
  const int64_t V = model->shape().V;
  int64_t seen = 0;
  double largest = 0, square = 0;
  for (const float x : expected.span()) square += double{x} * x;
  Request request{.prompt = ids,
                  .sampling = {},
                  .max_new_tokens = 0,
                  .stop_ids = {},
                  .stop = {},
                  .on_prompt_logits = [&](int64_t position, std::span<const float> logits) {
                    EXPECT_EQ(position, seen++);
                    for (int64_t v = 0; v < V; ++v) {
                      const double error = double{logits[size_t(v)]} - expected.data()[position * V + v];
                      largest = std::max(largest, std::abs(error));
                    }
                  }};
  Engine engine(model, {}, {.max_step_tokens = piece});
  EXPECT_EQ(engine.generate(request).finish, FinishReason::Length);
  EXPECT_EQ(seen, length);
  EXPECT_LT(largest, 2e-4 * std::max(1.0, std::sqrt(square / double(expected.numel()))));  // sums in another order
}

TEST_P(EnginePromises, LogitsAgreeWithTheWholeSequenceRunWithoutACache) { expect_logits_of_the_whole(model, 130, 512); }

TEST_P(EnginePromises, AFailedNeighbourHarmsNobodyAndLeavesNothingInItsPages) {
  const Request request = random_request(3, 150, 10);
  const Trace expected = alone(request);
  Request broken = random_request(1, 150, 10);
  const auto in = [](int32_t id, const std::vector<int32_t>& ids) { return std::ranges::find(ids, id) != ids.end(); };
  int32_t poison = 0;  // a token that only the broken request has
  while (in(poison, request.prompt) || in(poison, expected.ids)) ++poison;
  const Tensor embedding = model->params->parameters().front().value;
  for (float& x : embedding.slice(0, poison, poison + 1).span()) x = NAN;
  broken.prompt[5] = broken.prompt[145] = poison;  // the second is near enough to the end for every window
  Engine engine(model, {}, {.max_sequences = 2, .max_step_tokens = 40, .prefix_bytes = 0});
  const auto bad = engine.submit(broken), good = engine.submit(request);
  while (engine.step()) {
  }
  EXPECT_TRUE(bad->done());
  EXPECT_THROW(bad->result(), Error);
  EXPECT_EQ(trace(good->result()), expected);
  EXPECT_EQ(trace(engine.generate(request)), expected);  // in pages that held what is no number
}

// A text that repeats itself, so that looking up what followed finds something.
Request repeating_request(uint64_t seed, int64_t new_tokens) {
  Request r = random_request(seed, 12, new_tokens);
  const std::vector<int32_t> once = r.prompt;
  for (int i = 0; i < 4; ++i) r.prompt.insert(r.prompt.end(), once.begin(), once.end());
  r.sampling.repetition_penalty = seed % 3 == 0 ? 1.1 : 1.0;
  return r;
}

TEST_P(EnginePromises, GuessingAheadChangesNothing) {
  const auto other = tiny_model(tiny_family_config(GetParam()), 2);
  for (const auto& draft : {std::shared_ptr<const CausalLm>{}, model, other}) {
    std::vector<Request> requests;
    std::vector<Trace> expected;
    for (uint64_t seed = 0; seed < 6; ++seed) {
      requests.push_back(repeating_request(seed, 60));
      if (seed == 5) requests.back().sampling.logit_bias = {{7, 1000.0f}};  // whatever the model is, it repeats itself
      expected.push_back(alone(requests.back()));
      requests.back().guess_ahead = int64_t(seed) + 3;
    }
    Engine engine(model, {}, {.draft_model = draft});
    const auto results = engine.generate_all(requests);
    for (size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(trace(results[i]), expected[i]) << i;
      EXPECT_LE(results[i].right_guesses, results[i].guessed_tokens);
    }
    EXPECT_GT(engine.stats().guessed_tokens, 0);
    // The model itself is always right; every step with n guesses then yields n + 1 tokens.
    if (draft == model) {
      EXPECT_EQ(engine.stats().right_guesses, engine.stats().guessed_tokens);
      EXPECT_LT(engine.stats().steps, 30);
    }
  }
}

TEST_P(EnginePromises, GuessingWithFewPagesAndPreemptionChangesNothing) {
  const uint64_t page = KvPool(model->shape(), uint64_t{1} << 30, 1).page_bytes();
  std::vector<Request> requests;
  std::vector<Trace> expected;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    requests.push_back(repeating_request(seed, 100));
    expected.push_back(alone(requests.back()));
    requests.back().guess_ahead = 7;
  }
  Engine engine(model, {}, {.cache_bytes = 7 * page, .draft_model = model});
  const auto results = engine.generate_all(requests);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(trace(results[i]), expected[i]) << i;
  EXPECT_GT(engine.stats().preemptions, 0);
}

TEST_P(EnginePromises, RequestsThatRunSideBySideSharePrefixes) {
  const Request first = random_request(8, 200, 30);
  Request second = first;
  second.sampling.seed = 77;
  second.prompt.back() = 1;
  const Trace expected = alone(second);
  Engine engine(model);
  const auto a = engine.submit(first);
  engine.step();
  const auto b = engine.submit(second);
  while (engine.step()) {
  }
  EXPECT_EQ(trace(b->result()), expected);
  EXPECT_EQ(b->result().cached_prompt_tokens, 192);
  EXPECT_EQ(engine.stats().prefixes.hits, 1);
  EXPECT_EQ(engine.stats().prefixes.hit_tokens, 192);
}

// Families whose positions don't depend on the length of each request alone, which these tests vary.
std::vector<std::string> promised_families() {
  std::vector<std::string> names = testing_models::dense_families();
  std::erase(names, "llama-dynamic");
  names.insert(names.end(), {"mixtral", "qwen2_moe", "qwen3_moe", "deepseek_v2", "deepseek_v3"});
  return names;
}

INSTANTIATE_TEST_SUITE_P(Families, EnginePromises, testing::ValuesIn(promised_families()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Engine, WindowsEndWhereTheyShouldAtEveryPlaceOfAPage) {
  for (const int64_t window : {1, 2, 7, 63, 64, 65, 127, 128, 129, 200}) {
    SCOPED_TRACE(window);
    Json config = tiny_config("mistral");
    config["sliding_window"] = window;
    expect_logits_of_the_whole(tiny_model(config), 200, window == 64 ? 1 : 50);
  }
}

TEST(Engine, APrefixIsSharedOnlyByThoseWhosePositionsTurnAlike) {
  const auto model = tiny_model(tiny_config("phi3-longrope"));  // other factors from 65 positions on
  Request longer = random_request(8, 64, 40);
  longer.prompt.push_back(3);
  Engine alone(model), engine(model);
  const Trace expected = trace(alone.generate(longer));
  engine.generate(random_request(8, 64, 0));
  const GenerationResult result = engine.generate(longer);  // begins like a text admitted for short factors
  EXPECT_EQ(result.cached_prompt_tokens, 0);
  EXPECT_EQ(trace(result), expected);
  EXPECT_EQ(engine.generate(longer).cached_prompt_tokens, 64);
}

TEST(Engine, StopsAtAStopTokenAndAtTheLength) {
  const auto model = tiny_model(tiny_llama_config());
  Engine engine(model);
  Request request = random_request(1, 10, 30);
  const GenerationResult full = engine.generate(request);
  EXPECT_EQ(full.finish, FinishReason::Length);
  ASSERT_EQ(full.ids.size(), 30u);
  request.stop_ids = {full.ids[4]};
  const size_t expected = size_t(std::ranges::find(full.ids, full.ids[4]) - full.ids.begin()) + 1;
  const GenerationResult stopped = engine.generate(request);
  EXPECT_EQ(stopped.finish, FinishReason::Stop);
  EXPECT_EQ(stopped.ids, std::vector<int32_t>(full.ids.begin(), full.ids.begin() + int64_t(expected)));
}

TEST(Engine, TheContextEndsTheTextAndATooLongPromptIsRefusedWithBothNumbers) {
  const auto model = tiny_model(tiny_gpt2_config(211, 32));
  Engine engine(model);
  EXPECT_EQ(engine.generate(random_request(1, 20, 100)).ids.size(), 12u);
  const auto complaint = [&](const Request& r) -> std::string {
    try {
      engine.submit(r);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(complaint(random_request(1, 33, 1)), testing::AllOf(HasSubstr("33"), HasSubstr("32")));
  EXPECT_THAT(complaint(random_request(1, 32, 1)), HasSubstr("no room"));
  EXPECT_EQ(complaint(random_request(1, 32, 0)), "");
  EXPECT_THAT(complaint(random_request(1, 0, 1)), HasSubstr("empty"));
  Request outside = random_request(1, 3, 1);
  outside.prompt[1] = 211;
  EXPECT_THAT(complaint(outside), HasSubstr("211"));
}

TEST(Engine, CancellingEndsOneRequestAndLeavesTheOthers) {
  const auto model = tiny_model(tiny_llama_config());
  Engine engine(model);
  const auto a = engine.submit(random_request(1, 10, 40)), b = engine.submit(random_request(2, 10, 40));
  for (int i = 0; i < 5; ++i) engine.step();
  a->cancel();
  while (engine.step()) {
  }
  EXPECT_EQ(a->result().finish, FinishReason::Cancelled);
  EXPECT_EQ(a->result().ids.size(), 5u);
  EXPECT_EQ(b->result().finish, FinishReason::Length);
  EXPECT_EQ(b->result().ids.size(), 40u);
}

TEST(Engine, MoreCacheThanAllowedIsRefusedWithNumbers) {
  const auto model = tiny_model(tiny_llama_config());
  EXPECT_THROW(Engine(model, {}, {.cache_bytes = 1000}), Error);
  const uint64_t page = KvPool(model->shape(), uint64_t{1} << 30, 1).page_bytes();
  Engine engine(model, {}, {.cache_bytes = 2 * page});
  try {
    engine.submit(random_request(1, 100, 100));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Resources);
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("4 pages"), HasSubstr("there are 2")));
  }
  EXPECT_EQ(engine.generate(random_request(1, 60, 68)).ids.size(), 68u);
}

TEST(Engine, AllPagesComeBack) {
  const auto model = tiny_model(tiny_llama_config());
  Engine engine(model, {}, {.prefix_bytes = 0});
  const int64_t before = engine.stats().free_pages;
  Request beams = random_request(2, 70, 20);
  beams.num_beams = 4;
  engine.generate_all({random_request(1, 100, 20), beams});
  EXPECT_EQ(engine.stats().free_pages, before);
}

TEST(Engine, AShortPromptDoesNotWaitForALongOne) {
  const auto model = tiny_model(tiny_llama_config(203, 4096));
  Engine engine(model, {}, {.max_step_tokens = 64});
  const auto slow = engine.submit(random_request(1, 3000, 4)), quick = engine.submit(random_request(2, 40, 4));
  for (int i = 0; i < 6; ++i) engine.step();
  EXPECT_TRUE(quick->done());
  EXPECT_FALSE(slow->next());
  while (engine.step()) {
  }
  EXPECT_EQ(slow->result().ids.size(), 4u);
}

TEST(Engine, ADraftModelThatIsDamagedHarmsNoRequest) {
  const auto model = tiny_model(tiny_llama_config()), draft = tiny_model(tiny_llama_config(), 2);
  for (float& x : draft->params->find("model.embed_tokens.weight").span()) x = NAN;
  Request request = random_request(1, 30, 20);
  const std::vector<int32_t> expected = Engine(model).generate(request).ids;
  request.guess_ahead = 4;
  Engine engine(model, {}, {.draft_model = draft});
  const GenerationResult result = engine.generate(request);
  EXPECT_EQ(result.ids, expected);
  EXPECT_EQ(result.guessed_tokens, 0);
}

TEST(Engine, ADraftModelOfAnotherVocabularyIsRefused) {
  EXPECT_THROW(Engine(tiny_model(tiny_llama_config(203)), {}, {.draft_model = tiny_model(tiny_llama_config(99))}),
               Error);
}

TEST(PrefixTree, SharesTheLongestKnownBeginningAndDropsTheLongestUnused) {
  const auto model = tiny_model(tiny_llama_config());
  KvPool pool(model->shape(), uint64_t{1} << 30, 8);
  {
    PrefixTree tree(pool, 4);
    const std::vector<int32_t> text = random_ids(1, 200);
    std::vector<int32_t> fork = text;
    fork[100] = 201;
    CachedSequence a(pool), b(pool);
    ASSERT_TRUE(a.reserve(200));
    tree.add(std::span(text).first(192), a, 0);
    EXPECT_EQ(tree.stats().pages, 3);
    EXPECT_EQ(tree.find(text, 0).capacity(), 192);
    EXPECT_EQ(tree.find(std::span(text).first(191), 0).capacity(), 128);
    EXPECT_EQ(tree.find(fork, 0).capacity(), 64);
    EXPECT_EQ(tree.find(text, 5).capacity(), 0);  // other rotary factors, other keys
    EXPECT_FALSE(tree.drop_one());                // a still has them
    const std::vector<int32_t> pages(a.pages().begin(), a.pages().end());
    a.clear();
    ASSERT_TRUE(b.reserve(128));
    tree.add(std::span(fork).first(128), b, 0);
    EXPECT_EQ(tree.stats().pages, 4);
    EXPECT_EQ(tree.find(fork, 0).pages()[0], pages[0]);  // the first page stays the first one's
    EXPECT_TRUE(tree.drop_one());                        // the third page of `text`: nobody else's, unused the longest
    EXPECT_EQ(tree.find(text, 0).capacity(), 128);
    EXPECT_EQ(tree.stats().dropped, 1);
  }
  EXPECT_EQ(pool.free_pages(), 8);
}

TEST(PrefixTree, AKeyWithoutPagesIsForgotten) {
  const auto model = tiny_model(tiny_llama_config());
  KvPool pool(model->shape(), uint64_t{1} << 30, 8);
  PrefixTree tree(pool, 2);
  for (int64_t key = 0; key < 100; ++key) {
    CachedSequence a(pool);
    ASSERT_TRUE(a.reserve(64));
    tree.add(random_ids(uint64_t(key), 64), a, key);
    tree.add(random_ids(uint64_t(key), 10), a, -key - 1);  // not a page
    EXPECT_LE(tree.num_keys(), 2u);
  }
  while (tree.drop_one()) continue;
  EXPECT_EQ(tree.num_keys(), 0u);
  EXPECT_EQ(pool.free_pages(), 8);
}

TEST(Lookup, GuessesWhatFollowedTheLongestAgreement) {
  const auto guess = [](std::vector<int32_t> tokens, int64_t most) {
    const auto g = lookup_guess(tokens, most);
    return std::vector<int32_t>(g.begin(), g.end());
  };
  using Ids = std::vector<int32_t>;
  EXPECT_EQ(guess({1, 2, 3, 4, 1, 2}, 3), (Ids{3, 4, 1}));
  EXPECT_EQ(guess({1, 2, 3, 4, 5, 1, 2}, 1), (Ids{3}));
  EXPECT_EQ(guess({9, 1, 2, 7, 8, 1, 2, 5, 9, 1, 2}, 1), (Ids{7}));  // three agree, not only the latest two
  EXPECT_EQ(guess({1, 2, 7, 1, 2, 5, 1, 2}, 1), (Ids{5}));           // of equals the latest
  EXPECT_EQ(guess({1, 2, 3}, 4), Ids{});
  EXPECT_EQ(guess({5, 5, 5}, 4), (Ids{5}));
  EXPECT_EQ(guess({5}, 4), Ids{});
}

TEST(KvPool, ALatentIsKeptOnceForAllHeads) {
  const auto model = tiny_model(tiny_family_config("deepseek_v3"));
  KvPool pool(model->shape(), uint64_t{1} << 30, 5);
  EXPECT_EQ(pool.page_bytes(), uint64_t(3 * (24 + 8) * kPageSize) * sizeof(float));
  for (const LayerPages& layer : pool.layers()) {
    EXPECT_EQ(layer.k.shape(), (Shape{5, 1, 32 * kPageSize}));
    EXPECT_FALSE(layer.v.defined());
    EXPECT_EQ(layer.D_v, 24);
  }
  CachedSequence a(pool);
  ASSERT_TRUE(a.reserve(10));
  const Tensor k = pool.layers()[2].k;
  k.data()[a.pages()[0] * k.strides()[0] + 3] = 7;
  const auto b = a.fork(10);
  ASSERT_TRUE(b);
  EXPECT_EQ(k.data()[b->pages()[0] * k.strides()[0] + 3], 7);
}

TEST(KvPool, PagesAreSharedCopiedAndReused) {
  const auto model = tiny_model(tiny_llama_config());
  KvPool pool(model->shape(), uint64_t{1} << 30, 5);
  CachedSequence a(pool);
  ASSERT_TRUE(a.reserve(130));  // 3 pages
  pool.layers()[1].k.data()[a.pages()[2] * pool.layers()[1].k.strides()[0]] = 7;
  auto b = a.fork(130);
  ASSERT_TRUE(b);
  EXPECT_EQ(pool.free_pages(), 1);  // two shared, one copied
  EXPECT_EQ(b->pages()[1], a.pages()[1]);
  EXPECT_NE(b->pages()[2], a.pages()[2]);
  EXPECT_EQ(pool.layers()[1].k.data()[b->pages()[2] * pool.layers()[1].k.strides()[0]], 7);
  EXPECT_FALSE(b->reserve(400));
  EXPECT_EQ(pool.free_pages(), 1);  // a refusal takes nothing
  a.clear();
  EXPECT_EQ(pool.free_pages(), 2);  // the shared ones are still b's
  b->clear();
  EXPECT_EQ(pool.free_pages(), 5);
}

}  // namespace
}  // namespace quern
