// SPDX-License-Identifier: MIT
#pragma once
// What is asked of the engine, and what comes back.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infer/beam.h"
#include "infer/sampler.h"

namespace quern {

// A text that may follow a prompt, to be scored.
struct PromptContinuation {
  std::vector<int32_t> ids;   // at least one
  int64_t first_counted = 0;  // ids before it are read, but not scored
};

struct Request {
  std::vector<int32_t> prompt;    // at least one id
  SamplingOptions sampling;       // seed, logprobs and top_logprobs are in here
  int64_t max_new_tokens = 256;   // 0: only the prompt is read. Never goes beyond the context.
  std::vector<int32_t> stop_ids;  // tokens that end the text; the one drawn is the last id, without text
  std::vector<std::string> stop;  // strings that end the text and are not part of it; needs a tokenizer
  bool skip_special = true;       // special tokens are not shown in the text
  bool prompt_logprobs = false;   // log-probabilities of the prompt's tokens, each given those before it
  // Sees the logits (V) of every position of the prompt, in order.
  std::function<void(int64_t position, std::span<const float> logits)> on_prompt_logits;
  // None of them is generated, each is scored: GenerationResult::continuations. The prompt is read once for all, and
  // may come from the cache. max_new_tokens must be 0.
  std::vector<PromptContinuation> continuations;
  // Most tokens guessed ahead in a step, by the engine's draft model or, without one, from what the text repeats. The
  // result is the same as without, sooner if the guesses are good. 0: off.
  int64_t guess_ahead = 0;
  // More than one: beam search, the log-probabilities of which `sampling` may change by its first group of options
  // (bias, penalties, bans, minimum lengths); temperature and what follows it must be left alone.
  int num_beams = 1;
  double length_penalty = 1.0;
  EarlyStopping early_stopping = EarlyStopping::Heuristic;
};

enum class FinishReason : uint8_t {
  None,    // still running
  Stop,    // a stop token or stop string
  Length,  // max_new_tokens, or the context is full
  Cancelled,
  Failed,  // result() throws what went wrong
};
std::string_view name_of(FinishReason reason);  // "stop"

// One token as it comes out.
struct TokenEvent {
  int32_t id = 0;
  std::string text;  // what can be shown now: whole characters, nothing that may yet become a stop string
  float logprob = 0;
  std::vector<TokenLogprob> top;
};

struct PromptLogprob {
  int32_t id = 0;
  float logprob = 0;  // natural logarithm; 0 for the first token, which nothing precedes
  std::vector<TokenLogprob> top;
};

struct ContinuationScore {
  double logprob = 0;  // sum over the counted ids of ln p(id | prompt and the ids before it)
  int64_t tokens = 0;  // counted
  bool greedy = true;  // each of them was the likeliest (the first of several)
};

struct GenerationResult {
  std::vector<int32_t> ids;  // generated, a stop token included
  std::string text;
  FinishReason finish = FinishReason::None;
  std::string stop;                  // the stop string that ended it
  std::vector<SampledToken> tokens;  // as `ids`, with log-probabilities where they were asked for
  std::vector<PromptLogprob> prompt;
  std::vector<ContinuationScore> continuations;         // in the order of the request's
  std::vector<FinishedBeam> beams;                      // all of a beam search, best first; `ids` is the first
  int64_t prompt_tokens = 0, cached_prompt_tokens = 0;  // cached: taken from an earlier request's pages
  int64_t guessed_tokens = 0, right_guesses = 0;
  double prefill_s = 0, decode_s = 0;  // from the start of its work to the first token, and from there to the end
};

}  // namespace quern
