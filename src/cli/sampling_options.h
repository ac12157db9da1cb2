// SPDX-License-Identifier: MIT
#pragma once
// The options of a request on the command line, for the verbs that generate. What is not given is as the model's
// generation_config.json recommends.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "infer/loaded_model.h"

namespace quern {

struct SamplingFlags {
  bool greedy = false;
  std::optional<double> temperature, top_p, min_p, typical_p, epsilon_cutoff, eta_cutoff;
  std::optional<double> repetition_penalty, presence_penalty, frequency_penalty;
  std::optional<int64_t> top_k, min_length, min_new_tokens;
  std::optional<int> no_repeat_ngram_size;
  std::vector<std::string> bad_words, logit_bias, sequence_bias, stop;
  std::vector<int32_t> stop_ids;
  bool ignore_end = false;
  uint64_t seed = 0;
  int64_t max_tokens = 256;

  void add_to(CLI::App* cmd);
  // Everything of a request but its prompt.
  Request request(const LoadedModel& model) const;
  std::vector<std::string> stop_texts() const;  // `stop` with \n and \t as what they mean
  bool samples() const;                         // an option that only sampling has was given
};

}  // namespace quern
