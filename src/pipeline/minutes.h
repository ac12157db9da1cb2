// SPDX-License-Identifier: MIT
#pragma once
// From minutes to a model: probes this machine with short runs, picks the depth whose model can be fed well in the time
// there is, and predicts what it will reach.

#include "pipeline/stages.h"

namespace quern {

struct DepthTrial {
  int64_t depth = 0, parameters = 0;
  double tokens_per_s = 0;
  double tokens_in_budget = 0;
};

struct MinutesPlan {
  int64_t depth = 0;
  std::vector<DepthTrial> trials;
  double expected_tokens = 0;
  // Bits per byte on held-out text at the end, from two short runs on the same data (see predict()).
  double predicted = 0, low = 0, high = 0;
  double pilot_tokens[2] = {0, 0}, pilot_bpb[2] = {0, 0};
  double seconds = 0;  // that all of this took
  std::string note;
};

// Builds, times and trains models of a few depths on `train` for at most `share` of `budget_seconds` in all.
// base: a recipe with everything but the depth. fixed_depth > 0 skips the choice.
MinutesPlan plan_minutes(const Recipe& base, const TokenStore& train, const TokenStore& validation, int64_t vocab_size,
                         double budget_seconds, int64_t fixed_depth, double share = 0.05);

// Power law through two pilots (tokens D1 < D2, bits per byte b1 > b2), each with its learning rate brought down:
// b(D) = E + A D^-alpha with the floor E taken as a share of b2 (Hoffmann et al. 2022, arXiv:2203.15556, eq. 2, with
// the model's size fixed). The interval is +-3 %.
double extrapolate(double D1, double b1, double D2, double b2, double D, double floor_share);

}  // namespace quern
