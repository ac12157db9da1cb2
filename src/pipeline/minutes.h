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

// What a pilot reached, its learning rate brought down to the end: bits per byte of held-out text after so many tokens.
struct PilotResult {
  double tokens = 0, bits_per_byte = 0;
};

struct MinutesPlan {
  int64_t depth = 0;
  std::vector<DepthTrial> trials;
  double expected_tokens = 0;
  // Bits per byte on held-out text at the end, from two short runs on the same data (predict_text).
  double predicted = 0, low = 0, high = 0;
  PilotResult pilots[2];
  double seconds = 0;  // that all of this took
  std::string note;
};

// Builds, times and trains models of a few depths on `train` for at most `share` of `budget_seconds` in all.
// base: a recipe with everything but the depth. fixed_depth > 0 skips the choice.
MinutesPlan plan_minutes(const Recipe& base, const TokenStore& train, const TokenStore& validation, int64_t vocab_size,
                         double budget_seconds, int64_t fixed_depth, double share = 0.05);

// Bits per byte of real text after D tokens, from two pilots of about a fiftieth and a twentieth of them: the power law
// b = E + A D^-alpha (Hoffmann et al. 2022, arXiv:2203.15556, eq. 2, the model's size fixed) with one alpha for all
// texts. The floor E is what texts have in common, moved towards what the two pilots say: far when they fall steeply,
// little when they are flat, as a pilot is that ends before learning has begun. To read the text again and again
// costs a little. docs/log.md has the runs it was fitted to.
double predict_text(const PilotResult& first, const PilotResult& second, double tokens, double epochs);

}  // namespace quern
