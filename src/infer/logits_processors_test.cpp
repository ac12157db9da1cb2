// SPDX-License-Identifier: MIT
#include "infer/logits_processors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace quern {
namespace {

using testing::ElementsAre;
constexpr float kGone = -std::numeric_limits<float>::infinity();

// Logits of every kind a filter meets: spread, peaked, with ties, with removed tokens.
std::vector<float> some_logits(Rng& rng, size_t V) {
  std::vector<float> logits = rng.normal(V);
  const double scale = std::exp(rng.uniform() * 5 - 2);
  for (float& l : logits) {
    l = float(l * scale);
    if (rng.chance(0.2)) l = std::round(l);  // ties
    if (rng.chance(0.1)) l = kGone;
  }
  logits[rng.below(V)] = 0.5f;  // at least one is left
  return logits;
}

// Ids by falling probability (equals by id) with their probabilities, in double.
std::vector<std::pair<int32_t, double>> ranked(const std::vector<float>& logits) {
  std::vector<std::pair<int32_t, double>> out;
  const double top = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float l : logits) sum += std::exp(double{l} - top);
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] > kGone) out.emplace_back(int32_t(i), std::exp(double{logits[i]} - top) / sum);
  std::ranges::stable_sort(out, [&](auto& a, auto& b) { return logits[size_t(a.first)] > logits[size_t(b.first)]; });
  return out;
}

std::vector<int32_t> ids_of(const Candidates& c) {
  std::vector<int32_t> ids;
  for (const Candidate& item : c.items()) ids.push_back(item.id);
  return ids;
}

template <typename Keep>
std::vector<int32_t> ids_where(const std::vector<std::pair<int32_t, double>>& ranked, Keep keep) {
  std::vector<int32_t> ids;
  for (const auto& [id, p] : ranked)
    if (keep(id, p)) ids.push_back(id);
  std::ranges::sort(ids);
  return ids;
}

TEST(Candidates, TopKAgreesWithAFullSortAndKeepsTiesInRisingIds) {
  Rng rng(1);
  for (int round = 0; round < 400; ++round) {
    const std::vector<float> logits = some_logits(rng, 1 + rng.below(700));
    const auto order = ranked(logits);
    const int64_t k = int64_t(1 + rng.below(logits.size() + 3));
    const float kth = logits[size_t(order[size_t(std::min<int64_t>(k, int64_t(order.size())) - 1)].first)];
    const auto expected = ids_where(order, [&](int32_t id, double) { return logits[size_t(id)] >= kth; });
    Candidates direct, filtered;
    direct.assign_top_k(logits, k);
    filtered.assign_all(logits);
    filtered.keep_top_k(k);
    ASSERT_EQ(ids_of(direct), expected) << "V=" << logits.size() << " k=" << k;
    ASSERT_EQ(ids_of(filtered), expected);
  }
}

TEST(Candidates, TopPKeepsTheFewestLikeliestThatReachTheMass) {
  Rng rng(2);
  for (int round = 0; round < 400; ++round) {
    const std::vector<float> logits = some_logits(rng, 1 + rng.below(700));
    const double p = 0.02 + 0.97 * rng.uniform();
    double before = 0;
    const auto expected = ids_where(ranked(logits), [&](int32_t, double q) {
      const bool keep = before < p;
      before += q;
      return keep;
    });
    Candidates c;
    c.assign_all(logits);
    c.keep_top_p(p);
    ASSERT_EQ(ids_of(c), expected) << "V=" << logits.size() << " p=" << p;
  }
}

TEST(Candidates, TypicalAgreesWithAFullSortBySurprise) {
  Rng rng(3);
  for (int round = 0; round < 400; ++round) {
    const std::vector<float> logits = some_logits(rng, 1 + rng.below(700));
    const double mass = 0.02 + 0.97 * rng.uniform();
    const auto order = ranked(logits);
    double entropy = 0;
    for (const auto& [id, q] : order) entropy -= q > 0 ? q * std::log(q) : 0;
    std::vector<std::pair<double, double>> by_surprise;  // |surprise - entropy|, probability
    for (const auto& [id, q] : order) by_surprise.emplace_back(std::abs(-std::log(q) - entropy), q);
    std::ranges::sort(by_surprise);
    double sum = 0, last = 0;
    for (const auto& [key, q] : by_surprise) {
      last = key;
      if ((sum += q) >= mass) break;
    }
    // The keys are floats in the code and doubles here: within 1e-5 of the border either choice is right.
    const auto within = [&](double border) {
      return ids_where(order, [&](int32_t, double q) { return std::abs(-std::log(q) - entropy) <= border; });
    };
    const auto at_least = within(last - 1e-5), at_most = within(last + 1e-5);
    Candidates c;
    c.assign_all(logits);
    c.keep_typical(mass);
    const auto kept = ids_of(c);
    ASSERT_TRUE(std::ranges::includes(kept, at_least)) << "V=" << logits.size() << " mass=" << mass;
    ASSERT_TRUE(std::ranges::includes(at_most, kept)) << "V=" << logits.size() << " mass=" << mass;
  }
}

TEST(Candidates, MinPEpsilonAndEtaCutWhereTheirDefinitionsSay) {
  Rng rng(4);
  for (int round = 0; round < 400; ++round) {
    const std::vector<float> logits = some_logits(rng, 1 + rng.below(300));
    const auto order = ranked(logits);
    const double top = order[0].second, x = 0.001 + 0.3 * rng.uniform();
    double entropy = 0;
    for (const auto& [id, q] : order) entropy -= q > 0 ? q * std::log(q) : 0;
    const double eta = std::min(x, std::sqrt(x) * std::exp(-entropy));
    Candidates min_p, epsilon, by_eta;
    for (Candidates* c : {&min_p, &epsilon, &by_eta}) c->assign_all(logits);
    min_p.keep_min_p(x);
    epsilon.cut_epsilon(x);
    by_eta.cut_eta(x);
    EXPECT_EQ(ids_of(min_p), ids_where(order, [&](int32_t, double q) { return q >= x * top; }));
    EXPECT_EQ(ids_of(epsilon), ids_where(order, [&](int32_t, double q) { return q >= x || q == top; }));
    EXPECT_EQ(ids_of(by_eta), ids_where(order, [&](int32_t, double q) { return q >= eta || q == top; }));
  }
}

TEST(Candidates, BrokenLogitsAreAnErrorAndNotAToken) {
  Candidates c;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> logits(1000, 1.0f);
    logits[700] = bad;
    EXPECT_THROW(c.assign_all(logits), Error);
    EXPECT_THROW(c.assign_top_k(logits, 5), Error);
  }
  const std::vector<float> nothing(5, kGone);
  EXPECT_THROW(c.assign_all(nothing), Error);
  EXPECT_THROW(c.assign_top_k(nothing, 2), Error);
}

TEST(Candidates, DrawFollowsTheProbabilities) {
  const std::vector<float> logits = {std::log(0.1f), kGone, std::log(0.6f), std::log(0.3f)};
  Candidates c;
  c.assign_all(logits);
  EXPECT_EQ(c.draw(0), 0);
  EXPECT_EQ(c.draw(0.0999), 0);
  EXPECT_EQ(c.draw(0.1001), 2);
  EXPECT_EQ(c.draw(0.6999), 2);
  EXPECT_EQ(c.draw(0.7001), 3);
  EXPECT_EQ(c.draw(std::nextafter(1.0, 0.0)), 3);
  EXPECT_NEAR(c.probabilities()[1], 0.6, 1e-6);
}

TEST(LogitsProcessors, RepetitionPenaltyShrinksAPositiveAndGrowsANegativeLogitOnce) {
  std::vector<float> logits = {2, -2, 1};
  const std::vector<int32_t> history = {0, 1, 0, 0, 99};
  penalize_repetition(logits, history, 2);
  EXPECT_THAT(logits, ElementsAre(1, -4, 1));
}

TEST(LogitsProcessors, PresenceCountsOnceAndFrequencyEachTime) {
  std::vector<float> logits = {0, 0, 0};
  const std::vector<int32_t> generated = {2, 0, 2, 2};
  penalize_presence(logits, generated, 1, 0.25f);
  EXPECT_THAT(logits, ElementsAre(-1.25f, 0, -1.75f));
}

TEST(LogitsProcessors, RepeatedNgramsAreBannedAndShortHistoriesAreNot) {
  std::vector<float> logits(6, 0);
  const std::vector<int32_t> history = {1, 2, 3, 1, 2, 4, 1, 2};
  ban_repeated_ngrams(logits, history, 3);
  EXPECT_THAT(logits, ElementsAre(0, 0, 0, kGone, kGone, 0));
  std::vector<float> once(6, 0);
  ban_repeated_ngrams(once, std::vector<int32_t>{1, 2}, 3);
  EXPECT_THAT(once, ElementsAre(0, 0, 0, 0, 0, 0));
  ban_repeated_ngrams(once, std::vector<int32_t>{1, 2}, 1);  // every word only once
  EXPECT_THAT(once, ElementsAre(0, kGone, kGone, 0, 0, 0));
}

TEST(LogitsProcessors, BiasesAndBansWaitForTheirPrefix) {
  std::vector<float> logits(4, 0);
  const std::vector<int32_t> history = {3, 1};
  const std::vector<SequenceBias> biases = {{{2}, 1}, {{1, 2}, 4}, {{3, 1, 2}, 8}, {{0, 2}, 16}, {{0, 0, 3, 1, 2}, 32}};
  add_sequence_bias(logits, history, biases);
  EXPECT_THAT(logits, ElementsAre(0, 0, 13, 0));
  ban_words(logits, history, std::vector<std::vector<int32_t>>{{1, 0}, {3, 3}, {3}});
  EXPECT_THAT(logits, ElementsAre(kGone, 0, 13, kGone));
}

}  // namespace
}  // namespace quern
