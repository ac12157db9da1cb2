// SPDX-License-Identifier: MIT
#include "eval/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "data/token_file.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

using testing_models::tiny_gpt2_config;
using testing_models::tiny_llama_config;
using testing_models::tiny_model;

constexpr int64_t V = 203, kContext = 32;

std::vector<int32_t> random_ids(uint64_t seed, int64_t n) {
  Rng rng(seed);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(int32_t(rng.below(V)));
  return ids;
}

// The definition: every token alone, from the tokens that its window holds.
double slow_nll(const CausalLm& model, std::vector<int32_t> x, int64_t context, int64_t stride) {
  double total = 0;
  for (int64_t label = 1; label < int64_t(x.size()); ++label) {
    int64_t begin = 0;
    while (begin + context < label) begin += stride;
    const std::vector<int32_t> input(x.begin() + begin, x.begin() + label);
    const Tensor logits = model.logits(model.forward(Batch::of(input)));
    const float* last = logits.data() + (int64_t(input.size()) - 1) * V;
    double top = last[0], sum = 0;
    for (int64_t v = 0; v < V; ++v) top = std::max(top, double{last[v]});
    for (int64_t v = 0; v < V; ++v) sum += std::exp(last[v] - top);
    total += top + std::log(sum) - last[x[size_t(label)]];
  }
  return total;
}

TEST(Perplexity, EveryTokenIsCountedOnceFromTheTokensOfItsWindow) {
  const auto model = tiny_model(tiny_llama_config(V, kContext));
  for (const int64_t stride : {1, 7, 16, 32}) {
    for (const int64_t n : {2, 31, 32, 33, 34, 80}) {
      const auto ids = random_ids(uint64_t(n), n);
      PerplexityMeter meter(*model, std::vector<uint16_t>(V, 1), {.stride = stride, .batch_tokens = 64});
      meter.add(ids);
      const PerplexityResult r = meter.result();
      EXPECT_EQ(r.total.tokens, n - 1) << n << " tokens, stride " << stride;
      EXPECT_NEAR(r.total.nll, slow_nll(*model, ids, kContext, stride), 1e-3) << n << " tokens, stride " << stride;
    }
  }
}

TEST(Perplexity, LlamaCppCountsTheSecondHalvesOfWholeWindows) {
  const auto model = tiny_model(tiny_llama_config(V, kContext));
  const auto ids = random_ids(5, 70);
  for (const int32_t bos : {-1, 9}) {
    double want = 0;
    for (size_t begin : {0, 16, 32, 48}) {  // 70 tokens fill four windows of 16
      std::vector<int32_t> window(ids.begin() + int64_t(begin), ids.begin() + int64_t(begin) + 16);
      if (bos >= 0) window[0] = bos;
      for (size_t label = 9; label < 16; ++label)
        want += slow_nll(*model, {window.begin(), window.begin() + int64_t(label) + 1}, 16, 16) -
                slow_nll(*model, {window.begin(), window.begin() + int64_t(label)}, 16, 16);
    }
    PerplexityMeter meter(*model, std::vector<uint16_t>(V, 1), {.context = 16, .batch_tokens = 40});
    EXPECT_TRUE(meter.add_second_halves(ids, bos));
    const PerplexityResult r = meter.result();
    EXPECT_EQ(r.total.tokens, 4 * 7);
    EXPECT_EQ(r.documents, 4);
    EXPECT_NEAR(r.total.nll, want, 1e-3) << bos;
  }
  PerplexityMeter meter(*model, std::vector<uint16_t>(V, 1), {.context = 16});
  EXPECT_THROW(meter.add_second_halves(random_ids(1, 15), -1), Error);
}

TEST(Perplexity, AStartTokenMakesTheFirstTokenCount) {
  const auto model = tiny_model(tiny_llama_config(V, kContext));
  const auto ids = random_ids(1, 20);
  PerplexityMeter meter(*model, std::vector<uint16_t>(V, 1), {.start_id = 5});
  meter.add(ids);
  auto with_start = ids;
  with_start.insert(with_start.begin(), 5);
  const PerplexityResult r = meter.result();
  EXPECT_EQ(r.total.tokens, 20);
  EXPECT_NEAR(r.total.nll, slow_nll(*model, with_start, kContext, 16), 1e-3);
}

TEST(Perplexity, BitsPerByteCountBytesAndLeaveMarksOut) {
  const auto model = tiny_model(tiny_llama_config(V, kContext));
  std::vector<uint16_t> bytes(V, 3);
  bytes[7] = 0;
  PerplexityMeter meter(*model, bytes, {.start_id = 7});
  meter.add(std::vector<int32_t>{1, 2, 7});
  const PerplexityResult r = meter.result();
  EXPECT_EQ(r.total.tokens, 3);
  EXPECT_EQ(r.total.bytes, 6);
  const double marks = slow_nll(*model, {7, 1, 2, 7}, kContext, 16) - slow_nll(*model, {7, 1, 2}, kContext, 16);
  EXPECT_NEAR(r.bits_per_byte() * 6 * std::numbers::ln2, r.total.nll - marks, 1e-3);
  EXPECT_NEAR(r.perplexity(), std::exp(r.total.nll / 3), 1e-6);
}

TEST(Perplexity, TheIntervalShrinksWithDocumentsAndHoldsTheMean) {
  const auto model = tiny_model(tiny_gpt2_config(V, kContext));
  double width = 1e9;
  for (const int n : {8, 128}) {
    PerplexityMeter meter(*model, std::vector<uint16_t>(V, 2), {});
    for (int d = 0; d < n; ++d) meter.add(random_ids(uint64_t(d), 20));
    const PerplexityResult r = meter.result();
    ASSERT_TRUE(r.has_interval);
    const Interval i = r.bits_per_byte_interval;
    EXPECT_LT(i.low, r.bits_per_byte());
    EXPECT_GT(i.high, r.bits_per_byte());
    EXPECT_LT(i.high - i.low, width / 2);
    width = i.high - i.low;
  }
  PerplexityMeter one(*model, std::vector<uint16_t>(V, 2), {});
  one.add(random_ids(1, 20));
  EXPECT_FALSE(one.result().has_interval);
}

TEST(Perplexity, AStoreIsScoredAsItsDocumentsAndAtMostAsFarAsAsked) {
  const auto model = tiny_model(tiny_llama_config(V, kContext));
  std::vector<std::vector<int32_t>> documents;
  for (uint64_t d = 0; d < 40; ++d) documents.push_back(random_ids(d, 5 + int64_t(d)));
  std::vector<uint16_t> bytes(V, 1);
  bytes[0] = 0;
  const TokenStore store = TokenStore::from_documents(documents, bytes, 0);
  const PerplexityResult all = eval_bits_per_byte(*model, store);
  EXPECT_EQ(all.total.tokens, int64_t(store.size()));
  EXPECT_EQ(all.documents, 40);
  PerplexityMeter meter(*model, bytes, {.stride = kContext, .start_id = 0});
  for (auto& d : documents) {
    d.push_back(0);
    meter.add(d);
  }
  EXPECT_NEAR(meter.result().total.nll, all.total.nll, 1e-3);
  const PerplexityResult some = eval_bits_per_byte(*model, store, 200);
  EXPECT_LE(some.total.tokens, 200);
  EXPECT_GT(some.total.tokens, 120);
  EXPECT_GT(some.documents, 5);
}

TEST(Perplexity, ContextsAndStridesThatSkipTokensAreRefused) {
  const auto model = tiny_model(tiny_llama_config(V, kContext));
  EXPECT_THROW(PerplexityMeter(*model, {}, {.context = kContext + 1}), Error);
  EXPECT_THROW(PerplexityMeter(*model, {}, {.context = 8, .stride = 9}), Error);
}

}  // namespace
}  // namespace quern
