// SPDX-License-Identifier: MIT
#pragma once
// From logits to a token. One result for one request: the random number of a step depends on (seed, position) alone, so
// neither the batch a request shares nor the steps of others change what it gets.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "infer/logits_processors.h"

namespace quern {

// Applied in this order, which is Hugging Face's with the two options of the OpenAI API put beside their kin:
//   logit_bias, sequence_bias, repetition_penalty, presence and frequency_penalty, no_repeat_ngram_size, bad_words,
//   min_length and min_new_tokens, then, unless greedy: temperature, top_k, top_p, min_p, typical_p, epsilon_cutoff,
//   eta_cutoff, and the draw.
struct SamplingOptions {
  double temperature = 1.0;                       // 0: greedy, the likeliest token (of equals the one of lowest id)
  int64_t top_k = 0;                              // 0: off
  double top_p = 1.0;                             // 1: off
  double min_p = 0.0;                             // 0: off
  double typical_p = 1.0;                         // 1: off
  double epsilon_cutoff = 0.0, eta_cutoff = 0.0;  // 0: off
  double repetition_penalty = 1.0;                // 1: off; looks at prompt and output
  double presence_penalty = 0.0, frequency_penalty = 0.0;  // look at the output alone
  int no_repeat_ngram_size = 0;                            // 0: off; prompt and output
  std::vector<std::vector<int32_t>> bad_words;
  std::vector<SequenceBias> sequence_bias;
  std::vector<std::pair<int32_t, float>> logit_bias;
  int64_t min_length = 0;      // tokens of prompt and output before an end token may come
  int64_t min_new_tokens = 0;  // tokens of output before an end token may come
  std::vector<int32_t> eos_token_ids;
  uint64_t seed = 0;
  bool logprobs = false;  // also give the log-probability of the chosen token
  int top_logprobs = 0;   // and of the n likeliest

  bool greedy() const { return temperature == 0; }
  // Throws InvalidArgument naming the field; V: size of the vocabulary, for the ids.
  void validate(int64_t V) const;
};

struct TokenLogprob {
  int32_t id;
  float logprob;
};

struct SampledToken {
  int32_t id = 0;
  // Natural logarithms of the probabilities the model itself gave, before any option changed them. Only if asked for.
  float logprob = 0;
  std::vector<TokenLogprob> top;  // likeliest first
};

class Sampler {
 public:
  explicit Sampler(SamplingOptions options) : options_(std::move(options)) {}

  // `logits` (V) is overwritten. `history`: prompt and output so far; the first `prompt_size` are the prompt's.
  SampledToken sample(std::span<float> logits, std::span<const int32_t> history, int64_t prompt_size);

  // The first half of the order above: what the history asks for. For beam search and for the greedy choice.
  void process(std::span<float> logits, std::span<const int32_t> history, int64_t prompt_size) const;
  // The second half: what may be drawn from processed logits, which temperature changes in place.
  Candidates& filter(std::span<float> logits);

  const SamplingOptions& options() const { return options_; }

 private:
  SamplingOptions options_;
  Candidates candidates_, likeliest_;
};

// log(sum(exp(logits))). -inf is allowed, NaN is not looked for.
double log_sum_exp(std::span<const float> logits);
// Index of the largest; of equals the first. Throws InvalidModel when no logit is finite.
int32_t argmax(std::span<const float> logits);

}  // namespace quern
