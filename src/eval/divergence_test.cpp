// SPDX-License-Identifier: MIT
#include "eval/divergence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

using testing_models::tiny_llama_config;
using testing_models::tiny_model;

std::vector<int32_t> some_ids(size_t n, int32_t V) {
  Rng rng(5);
  std::vector<int32_t> ids;
  for (size_t i = 0; i < n; ++i) ids.push_back(int32_t(rng.u32() % uint32_t(V)));
  return ids;
}

TEST(Divergence, AModelDoesNotDifferFromItself) {
  const auto model = tiny_model(tiny_llama_config());
  const auto ids = some_ids(300, 203);
  const Divergence d = DivergenceMeter(model, ids, {.context = 64}).measure(*model);
  EXPECT_EQ(d.tokens, 300 - 5);  // the first of each window is not predicted
  EXPECT_EQ(d.same_top, 1);
  EXPECT_NEAR(d.mean, 0, 1e-6);  // exp of floats
  const Divergence started = DivergenceMeter(model, ids, {.context = 64, .start_id = 7}).measure(*model);
  EXPECT_EQ(started.tokens, 300);
}

// By the formulas, from the logits themselves.
TEST(Divergence, IsTheSumOverTheVocabulary) {
  const auto parent = tiny_model(tiny_llama_config(), 1), model = tiny_model(tiny_llama_config(), 2);
  const auto ids = some_ids(20, 203);
  const Divergence got = DivergenceMeter(parent, ids, {}).measure(*model);
  const std::span<const int32_t> read(ids.data(), ids.size() - 1);
  const auto logits = [&](const CausalLm& m) { return m.logits(m.forward(Batch::of(read))).to_vector(); };
  const std::vector<float> p = logits(*parent), q = logits(*model);
  const size_t V = 203;
  double loss = 0, mean = 0;
  for (size_t n = 0; n < read.size(); ++n) {
    double sum_p = 0, sum_q = 0, kl = 0;
    for (size_t v = 0; v < V; ++v) sum_p += std::exp(double{p[n * V + v]}), sum_q += std::exp(double{q[n * V + v]});
    for (size_t v = 0; v < V; ++v)
      kl += std::exp(double{p[n * V + v]}) / sum_p * (p[n * V + v] - std::log(sum_p) - q[n * V + v] + std::log(sum_q));
    mean += kl / double(read.size());
    loss += (std::log(sum_q) - q[n * V + size_t(ids[n + 1])]) / double(read.size());
  }
  EXPECT_NEAR(got.mean, mean, 1e-5 * mean);
  EXPECT_NEAR(got.loss, loss, 1e-6 * loss);
  EXPECT_GT(got.mean, 0.01);
  EXPECT_LT(got.same_top, 0.5);
}

TEST(Divergence, StopsWhenAskedAndRefusesOtherVocabularies) {
  const auto model = tiny_model(tiny_llama_config());
  const DivergenceMeter meter(model, some_ids(300, 203), {.context = 64});
  EXPECT_EQ(meter.measure(*model, [](int64_t, int64_t) { return false; }).tokens, 63);
  EXPECT_THROW(meter.measure(*tiny_model(tiny_llama_config(99))), Error);
  EXPECT_THROW(DivergenceMeter(model, some_ids(1, 203), {}), Error);
}

}  // namespace
}  // namespace quern
