// SPDX-License-Identifier: MIT
// Keys and values kept in less than 32 bits.
#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "infer/engine.h"
#include "infer/kv_cache.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

using testing_models::tiny_family_config;
using testing_models::tiny_llama_config;
using testing_models::tiny_model;

Request random_text(uint64_t seed, int64_t prompt_size, int64_t new_tokens) {
  Rng rng(seed);
  Request r{.prompt = {},
            .sampling = {.temperature = 0, .logprobs = true, .top_logprobs = 5},
            .max_new_tokens = new_tokens,
            .stop_ids = {},
            .stop = {},
            .on_prompt_logits = {}};
  for (int64_t i = 0; i < prompt_size; ++i) r.prompt.push_back(int32_t(rng.below(200)));
  r.prompt_logprobs = true;
  return r;
}

// Ids, and the log-probabilities of prompt and answer.
using Numbers = std::pair<std::vector<int32_t>, std::vector<float>>;
Numbers numbers(const GenerationResult& r) {
  Numbers n{r.ids, {}};
  for (const SampledToken& token : r.tokens)
    for (const TokenLogprob& p : token.top) n.second.push_back(p.logprob);
  for (const PromptLogprob& p : r.prompt) n.second.push_back(p.logprob);
  return n;
}

// A text of 200 tokens and the cache's format: how far the log-probabilities of its tokens are from those of f32.
double difference_of(const std::shared_ptr<const CausalLm>& model, DType type) {
  const Request request = random_text(3, 200, 0);
  const auto values = [&](DType t) { return numbers(Engine(model, {}, {.cache_type = t}).generate(request)).second; };
  const std::vector<float> exact = values(DType::f32), got = values(type);
  double largest = 0;
  for (size_t i = 0; i < exact.size(); ++i) largest = std::max(largest, double(std::abs(exact[i] - got[i])));
  return largest;
}

TEST(CacheTypes, AreAsCloseAsTheirBits) {
  for (const char* family : {"gpt2", "llama", "deepseek_v3"}) {
    SCOPED_TRACE(family);
    Json config = tiny_family_config(family);
    config["n_routed_experts"] = nullptr;  // a choice of other experts is no small difference
    const auto model = tiny_model(config);
    const double f16 = difference_of(model, DType::f16), bf16 = difference_of(model, DType::bf16);
    EXPECT_GT(f16, 0);
    EXPECT_LT(f16, 0.02);  // 11 bits of mantissa, on log-probabilities of some nats
    EXPECT_GT(bf16, f16);
    EXPECT_LT(bf16, 0.2);  // 8 bits
  }
}

TEST(CacheTypes, Q8KeepsBlocksOf32) {
  Json config = tiny_llama_config();
  config["head_dim"] = 32;
  const auto model = tiny_model(config);
  const double q8 = difference_of(model, DType::q8_0);
  EXPECT_GT(q8, 0);
  EXPECT_LT(q8, 0.2);
  const uint64_t f32 = KvPool(model->shape(), uint64_t{1} << 30, 1).page_bytes();
  EXPECT_EQ(KvPool(model->shape(), uint64_t{1} << 30, 1, DType::f16).page_bytes(), f32 / 2);
  EXPECT_EQ(KvPool(model->shape(), uint64_t{1} << 30, 1, DType::q8_0).page_bytes(), f32 / 128 * 34);
  const auto narrow = tiny_model(tiny_llama_config());  // heads of 8
  EXPECT_THROW(Engine(narrow, {}, {.cache_type = DType::q8_0}), Error);
  EXPECT_THROW(Engine(model, {}, {.cache_type = DType::q4_0}), Error);
}

TEST(CacheTypes, KeepThePromises) {
  for (const DType type : {DType::f16, DType::q8_0}) {
    for (const char* family : {"llama", "deepseek_v3"}) {
      SCOPED_TRACE(std::string(name(type)) + " " + family);
      Json config = tiny_family_config(family);
      config["head_dim"] = 32;
      config["kv_lora_rank"] = 32;
      config["qk_rope_head_dim"] = 32;
      const auto model = tiny_model(config);
      const Request request = random_text(3, 150, 10);
      set_compute_threads(1);
      const Numbers expected = numbers(Engine(model, {}, {.cache_type = type}).generate(request));
      set_compute_threads(hardware_threads());
      for (const int64_t piece : {1, 63, 64, 150})
        EXPECT_EQ(numbers(Engine(model, {}, {.max_step_tokens = piece, .cache_type = type}).generate(request)),
                  expected)
            << piece;
      Engine few(model, {},
                 {.cache_bytes = 8 * KvPool(model->shape(), 1 << 30, 1, type).page_bytes(), .cache_type = type});
      std::vector<Request> requests{request, random_text(4, 170, 20), random_text(5, 100, 90)};
      EXPECT_EQ(numbers(few.generate_all(requests)[0]), expected);
      const GenerationResult again = few.generate(request);
      EXPECT_EQ(numbers(again), expected);
    }
  }
}

}  // namespace
}  // namespace quern
