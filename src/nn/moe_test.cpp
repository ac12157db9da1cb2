// SPDX-License-Identifier: MIT
#include "nn/moe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "nn/test_support.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing_layers::expect_gradients;
using testing_layers::parameters_of;

TEST(ChooseExperts, TakesTheBestAndOfEqualOnesTheFirst) {
  const RouterConfig c{.C = 1, .E = 5, .top_k = 2};
  EXPECT_THAT(choose_experts(std::vector<float>{0.1f, 0.4f, 0.3f, 0.4f, 0.2f}, c), ElementsAre(1, 3));
  EXPECT_THAT(choose_experts(std::vector<float>{0.2f, 0.2f, 0.2f, 0.2f, 0.2f}, c), ElementsAre(0, 1));
}

// Four groups of two, of which two may be used. By hand: the best members are 0.9, 0.5, 0.6, 0.1 and the pairs' sums
// 0.9, 0.98, 0.7, 0.2.
TEST(ChooseExperts, GroupsCountByTheirBestOrByTheirBestTwo) {
  const std::vector<float> scores{0.9f, 0.0f, 0.5f, 0.48f, 0.1f, 0.6f, 0.1f, 0.1f};
  RouterConfig c{.C = 1, .E = 8, .top_k = 3, .groups = 4, .top_groups = 2};
  EXPECT_THAT(choose_experts(scores, c), ElementsAre(0, 4, 5));
  c.group_score = GroupScore::best_two;
  EXPECT_THAT(choose_experts(scores, c), ElementsAre(0, 2, 3));
}

TEST(RouterConfig, RefusesWhatNoRouterCanDo) {
  const auto refused = [](RouterConfig c) {
    try {
      c.validate();
      return false;
    } catch (const Error& e) {
      return e.kind() == ErrorKind::InvalidModel;
    }
  };
  EXPECT_FALSE(refused({.E = 8, .top_k = 3, .groups = 4, .top_groups = 2}));
  EXPECT_TRUE(refused({.E = 4, .top_k = 5}));
  EXPECT_TRUE(refused({.E = 4, .top_k = 0}));
  EXPECT_TRUE(refused({.E = 8, .top_k = 1, .groups = 3}));
  EXPECT_TRUE(refused({.E = 8, .top_k = 1, .groups = 4, .top_groups = 5}));
  EXPECT_TRUE(refused({.E = 8, .top_k = 5, .groups = 4, .top_groups = 2}));
  EXPECT_TRUE(refused({.E = 4, .top_k = 1, .groups = 4, .top_groups = 2, .group_score = GroupScore::best_two}));
}

MoeConfig plain_config() {  // Mixtral's kind
  return {
      .router = {.C = 10, .E = 4, .top_k = 2, .renormalise = true, .std = 0.7f}, .F = 6, .std = 0.5f, .out_std = 0.5f};
}
MoeConfig grouped_config() {  // DeepSeek-V3's
  return {.router = {.C = 10,
                     .E = 8,
                     .top_k = 3,
                     .sigmoid = true,
                     .renormalise = true,
                     .eps = 1e-20f,
                     .factor = 2.5f,
                     .groups = 4,
                     .top_groups = 2,
                     .group_score = GroupScore::best_two,
                     .correction_bias = true,
                     .std = 0.7f},
          .F = 6,
          .shared_F = 5,
          .std = 0.5f,
          .out_std = 0.5f};
}
MoeConfig gated_config() {  // Qwen2-MoE's
  MoeConfig c = plain_config();
  c.router.renormalise = false;
  c.shared_F = 7;
  c.shared_gate = true;
  c.shared_name = "shared_expert";
  return c;
}

struct Layer {
  std::shared_ptr<ParamStore> store;
  Moe moe;
  explicit Layer(const MoeConfig& c, bool trainable = false)
      : store(ParamStore::fresh(4, {.trainable = Trainable(trainable), .packed_products = !trainable})),
        moe(Params(store, "mlp"), c) {
    if (!moe.router.bias) return;
    Rng rng(9);
    for (float& b : moe.router.bias.span()) b = 0.3f * float(rng.normal());
  }
};

Tensor inputs(int64_t N, int64_t C) {
  Rng rng(17);
  return Tensor::normal(rng, {N, C});
}

// y = w_down (silu(w_gate x) * w_up x), one token, in double.
std::vector<double> one_expert(const ParamStore& store, const std::string& name, const float* x) {
  const Tensor gate = store.find(name + ".gate_proj.weight"), up = store.find(name + ".up_proj.weight");
  const Tensor down = store.find(name + ".down_proj.weight");
  const auto dot = [&](const Tensor& w, int64_t row) {
    double sum = 0;
    for (int64_t c = 0; c < w.size(1); ++c) sum += double{w.data()[row * w.strides()[0] + c]} * x[c];
    return sum;
  };
  std::vector<double> y(size_t(down.size(0)));
  for (int64_t f = 0; f < gate.size(0); ++f) {
    const double g = dot(gate, f), hidden = g / (1 + std::exp(-g)) * dot(up, f);
    for (int64_t c = 0; c < down.size(0); ++c) y[size_t(c)] += down.data()[c * down.strides()[0] + f] * hidden;
  }
  return y;
}

TEST(Moe, IsTheWeightedSumOfTheChosenExpertsAndTheSharedOne) {
  for (const MoeConfig& c : {plain_config(), grouped_config(), gated_config()}) {
    const Layer layer(c);
    const int64_t N = 9, C = c.router.C, J = c.router.top_k;
    const Tensor x = inputs(N, C), y = layer.moe(x, Batch{});
    const Routing routing = layer.moe.router(x, Batch{});
    for (int64_t n = 0; n < N; ++n) {
      std::vector<double> expected(static_cast<size_t>(C));
      const auto add = [&](const std::string& name, double weight) {
        const std::vector<double> said = one_expert(*layer.store, "mlp." + name, x.data() + n * C);
        for (size_t i = 0; i < said.size(); ++i) expected[i] += weight * said[i];
      };
      for (int64_t j = 0; j < J; ++j)
        add("experts." + std::to_string(routing.experts[size_t(n * J + j)]), routing.weights.data()[n * J + j]);
      double weight = 1;
      if (c.shared_gate) {
        const Tensor gate = layer.store->find("mlp.shared_expert_gate.weight");
        double logit = 0;
        for (int64_t i = 0; i < C; ++i) logit += double{gate.data()[i]} * x.data()[n * C + i];
        weight = 1 / (1 + std::exp(-logit));
      }
      if (c.shared_F > 0) add(c.shared_name, weight);
      for (int64_t i = 0; i < C; ++i) EXPECT_NEAR(y.data()[n * C + i], expected[size_t(i)], 1e-5) << n << " " << i;
    }
  }
}

TEST(Router, WeightsFollowTheScoresAndNotTheBias) {
  const Layer layer(grouped_config());
  const Tensor x = inputs(6, 10);
  Taps taps;
  taps.wanted = {"mlp.router_logits"};
  Batch batch;
  batch.taps = &taps;
  const Routing r = layer.moe.router(x, batch);
  const Tensor logits = taps.got.at("mlp.router_logits");
  ASSERT_EQ(logits.shape(), (Shape{6, 8}));
  for (int64_t n = 0; n < 6; ++n) {
    double sum = 0;
    std::vector<double> scores;
    for (int64_t j = 0; j < 3; ++j) {
      const int32_t e = r.experts[size_t(n * 3 + j)];
      if (j > 0) EXPECT_GT(e, r.experts[size_t(n * 3 + j - 1)]);
      scores.push_back(1 / (1 + std::exp(-double{logits.data()[n * 8 + e]})));
      sum += scores.back();
    }
    for (int64_t j = 0; j < 3; ++j) EXPECT_NEAR(r.weights.data()[n * 3 + j], 2.5 * scores[size_t(j)] / sum, 1e-5);
  }
}

TEST(Moe, GradientsOfRouterAndExpertsMatchFiniteDifferences) {
  for (const MoeConfig& c : {plain_config(), grouped_config(), gated_config()}) {
    const Layer layer(c, true);
    Tensor x = inputs(5, c.router.C);
    x.set_trainable(true);
    std::vector<Parameter> tested = parameters_of(*layer.store);
    tested.push_back({"x", x});
    // Where a step changes a choice, the function has no slope: no choice of these inputs is that close.
    expect_gradients(tested, [&] { return layer.moe(x, Batch{}); });
    EXPECT_FALSE(layer.moe.router.bias && layer.moe.router.bias.trainable());
  }
}

TEST(Moe, ARowHasItsBitsInAnyBatchAndOnAnyThreads) {
  for (const MoeConfig& c : {plain_config(), grouped_config(), gated_config()}) {
    const Layer layer(c);
    const Tensor x = inputs(33, c.router.C);
    set_compute_threads(1);
    const std::vector<float> all = layer.moe(x, Batch{}).to_vector();
    set_compute_threads(2);
    EXPECT_EQ(layer.moe(x, Batch{}).to_vector(), all);
    for (int64_t first : {0, 5, 32})
      for (int64_t last = first + 1; last <= 33; last += 7) {
        const std::vector<float> some = layer.moe(x.slice(0, first, last), Batch{}).to_vector();
        EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first * c.router.C)) << first << " " << last;
      }
    set_compute_threads(hardware_threads());
  }
}

TEST(Moe, CountsWhatATokenDoesNotMeet) {
  const Layer layer(grouped_config());
  EXPECT_EQ(layer.moe.config.idle(), 5 * 3 * 10 * 6);  // 5 of 8 experts of three 6 x 10 matrices
}

}  // namespace
}  // namespace quern
