// SPDX-License-Identifier: MIT
// What every family promises: it learns, starts sensibly, keeps sequences apart and names what is inside.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/causal_lm.h"
#include "models/tiny_configs.h"

namespace quern {
namespace {

using testing_models::dense_families;
using testing_models::tiny_config;

std::vector<int32_t> random_tokens(uint64_t seed, int64_t n) {
  Rng rng(seed);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(int32_t(rng.below(200)));
  return ids;
}

// Two sequences, each token but the last of either to be followed by the next.
struct Lesson {
  Batch batch;
  std::vector<int32_t> labels;

  Lesson() {
    const std::vector<std::vector<int32_t>> texts{random_tokens(1, 12), random_tokens(2, 6)};
    batch = Batch::of(texts);
    for (const auto& text : texts) {
      labels.insert(labels.end(), text.begin() + 1, text.end());
      labels.push_back(kIgnoreLabel);
    }
  }
  CrossEntropyResult loss(const CausalLm& model) const {
    return cross_entropy_head(model.forward(batch), model.head().weight, labels,
                              {.softcap = model.shape().logit_softcap});
  }
};

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class EveryFamily : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<CausalLm> build(const ParamOptions& options = {}, uint64_t seed = 1) const {
    return build_model(tiny_config(GetParam()), ParamStore::fresh(seed, options));
  }
  Lesson lesson;
};

TEST_P(EveryFamily, EachParametersGradientIsTheSlopeOfTheLoss) {
  const auto model = build({.trainable = Trainable::Yes});
  lesson.loss(*model).sum.backward();
  for (const Parameter& p : model->params->parameters()) {
    SCOPED_TRACE(p.name);
    const Tensor value = p.value.detach();
    ASSERT_TRUE(p.value.grad().defined());
    const std::vector<float> g = p.value.grad().to_vector();
    double norm = 0;
    for (const float x : g) norm += double{x} * x;
    norm = std::sqrt(norm);
    ASSERT_GT(norm, 1e-4);
    // Along the gradient the loss rises by |g| per unit. The step moves it by 0.02: rounding in 17 losses of f32 logits
    // is some 1e-5, and the curvature cancels in the difference up to third order.
    const double h = std::min(0.02 / norm, 0.02);
    const std::vector<float> before = value.to_vector();
    const auto loss_at = [&](double step) {
      for (size_t i = 0; i < g.size(); ++i) value.data()[i] = float(before[i] + step * g[i] / norm);
      return lesson.loss(*model).nll_sum;
    };
    const double rise = loss_at(h) - loss_at(-h);
    std::copy(before.begin(), before.end(), value.data());
    EXPECT_NEAR(rise / (2 * h), norm, 0.03 * norm + 1e-5 / h);
  }
}

TEST_P(EveryFamily, StepsDownhillLowerTheLoss) {
  Json config = tiny_config(GetParam());
  config["initializer_range"] = 0.02;
  const auto model = build_model(config, ParamStore::fresh(1, {.trainable = Trainable::Yes}));
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    model->params->clear_grads();
    const CrossEntropyResult loss = lesson.loss(*model);
    (step == 0 ? first : last) = loss.nll_sum / double(loss.count);
    loss.sum.backward();
    double square = 0;
    for (const Parameter& p : model->params->parameters())
      for (const float g : p.value.grad().to_vector()) square += double{g} * g;
    const float rate = float(0.3 / std::max(1.0, std::sqrt(square)));  // steps of bounded length
    for (const Parameter& p : model->params->parameters()) {
      const std::vector<float> g = p.value.grad().to_vector();
      for (size_t i = 0; i < g.size(); ++i) p.value.detach().data()[i] -= rate * g[i];
    }
  }
  EXPECT_LT(last, 0.8 * first);
}

TEST_P(EveryFamily, FreshWeightsPreferNoToken) {
  Json config = tiny_config(GetParam());
  config.erase("initializer_range");
  const auto model = build_model(config, ParamStore::fresh(1, {}));
  const CrossEntropyResult loss = lesson.loss(*model);
  EXPECT_NEAR(loss.nll_sum / double(loss.count), std::log(203.0), 0.3);
}

TEST_P(EveryFamily, SequencesOfABatchDoNotSeeEachOther) {
  const auto model = build();
  const std::vector<float> together = model->forward(lesson.batch).to_vector();
  std::vector<float> apart;
  for (const auto& [seed, n] : {std::pair<uint64_t, int64_t>{1, 12}, {2, 6}}) {
    const std::vector<float> h = model->forward(Batch::of(random_tokens(seed, n))).to_vector();
    apart.insert(apart.end(), h.begin(), h.end());
  }
  ASSERT_EQ(together.size(), apart.size());
  for (size_t i = 0; i < apart.size(); ++i) ASSERT_NEAR(together[i], apart[i], 1e-5 * (1 + std::abs(apart[i]))) << i;
}

TEST_P(EveryFamily, TheFutureChangesNothing) {
  if (GetParam() == "llama-dynamic") GTEST_SKIP() << "its positions depend on the length";
  const auto model = build();
  std::vector<int32_t> ids = random_tokens(3, 40);
  const std::vector<float> whole = model->forward(Batch::of(ids)).to_vector();
  ids.resize(25);
  const std::vector<float> begun = model->forward(Batch::of(ids)).to_vector();
  for (size_t i = 0; i < begun.size(); ++i) ASSERT_NEAR(begun[i], whole[i], 1e-5 * (1 + std::abs(whole[i]))) << i;
}

TEST_P(EveryFamily, HandsOutItsActivationsByName) {
  const auto model = build();
  Taps taps;
  const bool gpt = GetParam() == "gpt2" || GetParam() == "openai-gpt", neox = GetParam().starts_with("gpt-neox");
  const std::string layers = gpt ? "transformer.h." : neox ? "gpt_neox.layers." : "model.layers.";
  const std::string attention = gpt ? ".attn" : neox ? ".attention" : ".self_attn";
  taps.wanted = {layers + "0.out", layers + "2" + attention + ".out", layers + "1" + attention + ".probabilities"};
  const std::vector<int32_t> ids = random_tokens(3, 20);
  Batch batch = Batch::of(ids);
  batch.taps = &taps;
  model->forward(batch);
  ASSERT_EQ(taps.got.size(), 3u);
  const Tensor p = taps.got.at(layers + "1" + attention + ".probabilities");
  EXPECT_EQ(p.shape(), (Shape{model->shape().H, 20, 20}));
  for (int64_t row = 0; row < p.numel() / 20; ++row) {
    double sum = 0;
    for (int64_t i = 0; i < 20; ++i) sum += p.data()[row * 20 + i];
    ASSERT_NEAR(sum, 1, 1e-5);
  }
  EXPECT_EQ(taps.got.at(layers + "0.out").shape(), (Shape{20, 48}));
}

INSTANTIATE_TEST_SUITE_P(Dense, EveryFamily, testing::ValuesIn(dense_families()), test_name);

// In a model of one layer a token sees exactly `window` positions, its own included.
TEST(SlidingWindow, HoldsItsNumberOfPositions) {
  Json config = tiny_config("mistral");
  config["num_hidden_layers"] = 1;
  const auto model = build_model(config, ParamStore::fresh(1, {}));
  const int64_t window = config["sliding_window"], last = 29, C = 48;
  std::vector<int32_t> ids = random_tokens(4, last + 1);
  const auto state = [&] {
    const std::vector<float> h = model->forward(Batch::of(ids)).to_vector();
    return std::vector<float>(h.end() - C, h.end());
  };
  const std::vector<float> before = state();
  for (int64_t back = 0; back < 12; ++back) {
    const size_t at = size_t(last - back);
    const int32_t kept = ids[at];
    ids[at] = (kept + 1) % 200;
    EXPECT_EQ(state() != before, back < window) << back << " positions back";
    ids[at] = kept;
  }
}

}  // namespace
}  // namespace quern
