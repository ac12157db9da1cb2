// SPDX-License-Identifier: MIT
#include "infer/sampler.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/softmax.h"

namespace quern {

namespace {
void require(bool ok, const char* field, double value, const char* rule) {
  if (!ok) throw Error(ErrorKind::InvalidArgument, "{} must be {}, but is {}", field, rule, value);
}

void require_ids(const std::vector<int32_t>& ids, const char* field, int64_t V) {
  for (const int32_t id : ids)
    if (id < 0 || id >= V)
      throw Error(ErrorKind::InvalidArgument, "{} names token {}, the vocabulary has {}", field, id, V);
}
}  // namespace

void SamplingOptions::validate(int64_t V) const {
  const auto finite = [](double x) { return std::isfinite(x); };
  require(temperature == 0 || (finite(temperature) && temperature >= 1e-6), "temperature", temperature,
          "0 (greedy) or at least 1e-6");
  require(top_k >= 0, "top_k", double(top_k), "0 (off) or more");
  require(top_p > 0 && top_p <= 1, "top_p", top_p, "above 0 and at most 1 (off)");
  require(min_p >= 0 && min_p <= 1, "min_p", min_p, "between 0 (off) and 1");
  require(typical_p > 0 && typical_p <= 1, "typical_p", typical_p, "above 0 and at most 1 (off)");
  require(epsilon_cutoff >= 0 && epsilon_cutoff < 1, "epsilon_cutoff", epsilon_cutoff, "0 (off) or more, below 1");
  require(eta_cutoff >= 0 && eta_cutoff < 1, "eta_cutoff", eta_cutoff, "0 (off) or more, below 1");
  require(finite(repetition_penalty) && repetition_penalty > 0, "repetition_penalty", repetition_penalty, "above 0");
  require(finite(presence_penalty), "presence_penalty", presence_penalty, "finite");
  require(finite(frequency_penalty), "frequency_penalty", frequency_penalty, "finite");
  require(no_repeat_ngram_size >= 0, "no_repeat_ngram_size", no_repeat_ngram_size, "0 (off) or more");
  require(min_length >= 0, "min_length", double(min_length), "0 or more");
  require(min_new_tokens >= 0, "min_new_tokens", double(min_new_tokens), "0 or more");
  require(top_logprobs >= 0 && top_logprobs <= V, "top_logprobs", top_logprobs, "between 0 and the vocabulary's size");
  for (const auto& word : bad_words) {
    require(!word.empty(), "bad_words", 0, "lists of at least one token");
    require_ids(word, "bad_words", V);
  }
  for (const auto& [tokens, bias] : sequence_bias) {
    require(!tokens.empty(), "sequence_bias", 0, "about sequences of at least one token");
    require(finite(bias), "sequence_bias", bias, "finite");
    require_ids(tokens, "sequence_bias", V);
  }
  for (const auto& [id, bias] : logit_bias) {
    require_ids({id}, "logit_bias", V);
    require(finite(bias), "logit_bias", bias, "finite");
  }
  require_ids(eos_token_ids, "eos_token_ids", V);
}

double log_sum_exp(std::span<const float> logits) {
  std::vector<float> p(logits.size());
  softmax_simd(logits.data(), 1.0f, p.data(), 1, int64_t(p.size()));
  const int32_t best = argmax(logits);
  return double{logits[size_t(best)]} - std::log(double{p[size_t(best)]});  // p_best = exp(l_best - log_sum)
}

int32_t argmax(std::span<const float> logits) {
  float best = 0;
  int32_t place = 0;
  row_argmax_simd(logits.data(), &best, &place, 1, int64_t(logits.size()));
  if (!std::isfinite(best)) throw Error(ErrorKind::InvalidModel, "the model's logits are not finite (NaN or infinite)");
  return place;
}

void Sampler::process(std::span<float> logits, std::span<const int32_t> history, int64_t prompt_size) const {
  const SamplingOptions& o = options_;
  const auto generated = history.subspan(size_t(std::min<int64_t>(prompt_size, int64_t(history.size()))));
  for (const auto& [id, bias] : o.logit_bias)
    if (id >= 0 && size_t(id) < logits.size()) logits[size_t(id)] += bias;
  add_sequence_bias(logits, history, o.sequence_bias);
  if (o.repetition_penalty != 1) penalize_repetition(logits, history, float(o.repetition_penalty));
  if (o.presence_penalty != 0 || o.frequency_penalty != 0)
    penalize_presence(logits, generated, float(o.presence_penalty), float(o.frequency_penalty));
  if (o.no_repeat_ngram_size > 0) ban_repeated_ngrams(logits, history, o.no_repeat_ngram_size);
  ban_words(logits, history, o.bad_words);
  if (int64_t(history.size()) < o.min_length || int64_t(generated.size()) < o.min_new_tokens)
    ban_tokens(logits, o.eos_token_ids);
}

Candidates& Sampler::filter(std::span<float> logits) {
  const SamplingOptions& o = options_;
  if (o.temperature != 1 && o.temperature != 0) divide_by_temperature(logits, float(o.temperature));
  if (o.top_k > 0)
    candidates_.assign_top_k(logits, o.top_k);
  else
    candidates_.assign_all(logits);
  candidates_.keep_top_p(o.top_p);
  candidates_.keep_min_p(o.min_p);
  candidates_.keep_typical(o.typical_p);
  candidates_.cut_epsilon(o.epsilon_cutoff);
  candidates_.cut_eta(o.eta_cutoff);
  return candidates_;
}

SampledToken Sampler::sample(std::span<float> logits, std::span<const int32_t> history, int64_t prompt_size) {
  SampledToken out;
  double log_sum = 0;
  const bool with_logprobs = options_.logprobs || options_.top_logprobs > 0;
  std::vector<float> raw;
  if (with_logprobs) {
    raw.assign(logits.begin(), logits.end());
    log_sum = log_sum_exp(raw);
    if (options_.top_logprobs > 0) {
      likeliest_.assign_top_k(raw, options_.top_logprobs);
      for (const auto& [id, logit] : likeliest_.items()) out.top.push_back({id, float(logit - log_sum)});
      std::ranges::stable_sort(out.top, std::ranges::greater{}, &TokenLogprob::logprob);
      out.top.resize(std::min(out.top.size(), size_t(options_.top_logprobs)));
    }
  }
  process(logits, history, prompt_size);
  if (options_.greedy()) {
    out.id = argmax(logits);
  } else {
    Candidates& left = filter(logits);
    // One counter block of four words per position: a step's number needs none of the numbers before it.
    Rng rng(options_.seed, stream_id("infer.sampler"), 4 * uint64_t(history.size()));
    out.id = left.draw(rng.uniform());
  }
  if (with_logprobs) out.logprob = float(raw[size_t(out.id)] - log_sum);
  return out;
}

}  // namespace quern
