// SPDX-License-Identifier: MIT
#include "infer/beam.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/rng.h"

namespace quern {
namespace {

// A toy language model: log-probabilities of the next token depend on the whole history.
std::vector<float> toy(const std::vector<int32_t>& history, int64_t V, uint64_t seed) {
  uint64_t h = seed;
  for (const int32_t id : history) h = h * 1000003 + uint64_t(id) + 1;
  std::vector<float> logits = Rng(h).normal(size_t(V));
  double sum = 0;
  for (const float l : logits) sum += std::exp(2.0 * l);
  for (float& l : logits) l = float(2.0 * l - std::log(sum));
  return logits;
}

std::vector<FinishedBeam> search(const BeamOptions& options, int64_t V, uint64_t seed, int* steps = nullptr) {
  BeamSearch beams(options);
  bool first = true;
  while (!beams.done()) {
    std::vector<float> log_probs;
    for (const auto& history : beams.running()) {
      const auto row = toy(history, V, seed);
      log_probs.insert(log_probs.end(), row.begin(), row.end());
      if (first) break;  // one row is enough while all beams are the prompt
    }
    first = false;
    const auto before = beams.running();
    const auto step = beams.advance(log_probs, V);
    for (size_t i = 0; i < step.parents.size(); ++i) {
      auto expected = before[size_t(step.parents[i])];
      expected.push_back(step.tokens[i]);
      EXPECT_EQ(beams.running()[i], expected);
    }
    if (steps) ++*steps;
  }
  return beams.finish();
}

double score_of(const std::vector<int32_t>& tokens, int64_t V, uint64_t seed, double length_penalty) {
  double sum = 0;
  std::vector<int32_t> history;
  for (const int32_t id : tokens) {
    sum += toy(history, V, seed)[size_t(id)];
    history.push_back(id);
  }
  return sum / std::pow(double(tokens.size()), length_penalty);
}

TEST(BeamSearch, AsWideAsTheTreeItFindsTheBestOfAllSequences) {
  const int64_t V = 4;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const BeamOptions options{.num_beams = 64,
                              .length_penalty = 0.7,
                              .early_stopping = EarlyStopping::Never,
                              .max_new_tokens = 3,
                              .eos_token_ids = {0}};
    std::vector<FinishedBeam> all;
    const std::function<void(std::vector<int32_t>)> walk = [&](std::vector<int32_t> tokens) {
      if (!tokens.empty() && (tokens.back() == 0 || tokens.size() == 3)) {
        all.push_back({tokens, score_of(tokens, V, seed, 0.7)});
        return;
      }
      for (int32_t id = 0; id < V; ++id) {
        tokens.push_back(id);
        walk(tokens);
        tokens.pop_back();
      }
    };
    walk({});
    std::ranges::sort(all, std::ranges::greater{}, &FinishedBeam::score);
    const auto found = search(options, V, seed);
    ASSERT_EQ(found.size(), all.size());  // 1 + 3 + 36 sequences
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(found[i].tokens, all[i].tokens) << "seed " << seed << " place " << i;
      EXPECT_NEAR(found[i].score, all[i].score, 1e-6);
    }
  }
}

TEST(BeamSearch, OneBeamIsGreedySearch) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto found = search({.num_beams = 1, .max_new_tokens = 6}, 9, seed);
    std::vector<int32_t> greedy;
    for (int i = 0; i < 6; ++i) {
      const auto row = toy(greedy, 9, seed);
      greedy.push_back(int32_t(std::ranges::max_element(row) - row.begin()));
    }
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].tokens, greedy);
  }
}

TEST(BeamSearch, ScoresAreNormalisedSumsAndFallAndNoResultRepeats) {
  for (const EarlyStopping stop : {EarlyStopping::Never, EarlyStopping::Heuristic, EarlyStopping::Always})
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const auto found = search(
          {.num_beams = 4, .length_penalty = 1.5, .early_stopping = stop, .max_new_tokens = 8, .eos_token_ids = {0, 3}},
          10, seed);
      ASSERT_EQ(found.size(), 4u);
      for (size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(found[i].score, score_of(found[i].tokens, 10, seed, 1.5), 1e-5);
        if (i == 0) continue;
        EXPECT_GE(found[i - 1].score, found[i].score);
        EXPECT_NE(found[i - 1].tokens, found[i].tokens);
      }
    }
}

TEST(BeamSearch, StoppingSoonerNeverTakesMoreStepsNorFindsABetterBest) {
  int fewer = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    BeamOptions options{.num_beams = 3, .max_new_tokens = 20, .eos_token_ids = {0}};
    int always = 0, heuristic = 0, never = 0;
    options.early_stopping = EarlyStopping::Always;
    search(options, 6, seed, &always);
    options.early_stopping = EarlyStopping::Heuristic;
    const auto at_heuristic = search(options, 6, seed, &heuristic);
    options.early_stopping = EarlyStopping::Never;
    const auto at_end = search(options, 6, seed, &never);
    EXPECT_LE(heuristic, never);
    EXPECT_GE(at_end[0].score, at_heuristic[0].score - 1e-9);
    fewer += always < never;
  }
  EXPECT_GT(fewer, 20);
}

TEST(BeamSearch, BrokenLogitsAndImpossibleOptionsAreErrors) {
  BeamSearch beams({.num_beams = 2});
  EXPECT_THROW(beams.advance(std::vector<float>(5, -INFINITY), 5), Error);
  EXPECT_THROW(BeamSearch({.num_beams = 0}), Error);
  EXPECT_THROW(BeamSearch({.max_new_tokens = 0}), Error);
}

}  // namespace
}  // namespace quern
