// SPDX-License-Identifier: MIT
#pragma once
// Inside the engine: what it knows of each request, and the parts of one step.
//   engine.cpp           requests in and out, what the next step runs (schedule), the step itself
//   engine_guess.cpp     tokens guessed ahead, and which of them were right
//   engine_outputs.cpp   from hidden states to tokens, log-probabilities and beams
//   engine_scoring.cpp   continuations of a prompt that are scored, not generated

#include <chrono>
#include <deque>

#include "infer/engine.h"
#include "infer/kv_cache.h"
#include "infer/prefix_tree.h"
#include "infer/speculation.h"
#include "infer/step_batch.h"

namespace quern {

using Clock = std::chrono::steady_clock;

// Tokens of which the first `fed` are in the cache. One waiting to be fed (the last drawn) is decoding; more is a
// prompt, or a sequence that lost its pages: both are simply fed.
struct Sequence {
  std::vector<int32_t> tokens;
  int64_t fed = 0;
  CachedSequence cache;
  int64_t pending() const { return int64_t(tokens.size()) - fed; }
};

// What the model said of one id of a continuation.
struct ScoredId {
  float logprob = 0;
  bool likeliest = true;
};

// A request that was admitted or waits for it.
struct Active {
  std::shared_ptr<Generation> out;
  Request request;
  Sampler sampler;
  std::vector<Sequence> sequences;  // one, or after the prompt as many as there are beams
  std::unique_ptr<BeamSearch> beams;
  std::vector<float> beam_log_probs;  // (sequences, V) of the step under way
  size_t beam_rows = 0;               // of them filled
  int64_t prompt_size = 0, max_new_tokens = 0;
  int64_t rope_length = 0;  // what length-dependent rotary scaling is set by, fixed at admission
  int64_t prefix_key = 0;   // requests with the same key may share prefixes
  int64_t scored = 0;       // prompt positions whose logits were reported
  int64_t remembered = 0;   // positions whose pages the prefix tree knows
  // Tokens guessed ahead in the step under way; they stand at the end of the sequence until it is over.
  std::vector<int32_t> guess;
  int64_t right = 0;        // of it, as far as was looked
  bool guess_right = true;  // all of it, as far as was looked
  // Of each continuation and its ids. Once the prompt is read there is a sequence for each (branched).
  std::vector<std::vector<ScoredId>> scores;
  bool branched = false;
  GuessLength guess_length;
  DraftModel::State draft;
  Clock::time_point started{}, first_token{};

  bool scores_prompt() const { return request.prompt_logprobs || bool(request.on_prompt_logits); }
  bool scores_continuations() const { return !request.continuations.empty(); }
  int64_t num_sequences() const { return std::max<int64_t>(request.num_beams, int64_t(request.continuations.size())); }
};

// Rows [first_row, first_row + count) of a step: tokens [begin, begin + count) of a sequence.
struct Piece {
  Active* active;
  size_t sequence;
  int64_t begin, count, first_row;
};

struct Engine::Impl {
  std::shared_ptr<const CausalLm> model;
  Tokenizer tokenizer;
  EngineOptions options;
  KvPool pool;
  PrefixTree prefixes;
  std::unique_ptr<DraftModel> draft;
  std::deque<std::unique_ptr<Active>> waiting;
  std::vector<std::unique_ptr<Active>> running;  // the oldest first
  EngineStats stats;
  std::shared_ptr<std::atomic<bool>> any_cancelled = std::make_shared<std::atomic<bool>>(false);

  // Of the step under way; kept between steps for their memory.
  std::vector<Piece> pieces;
  int64_t planned_rows = 0, step_rows = 0;
  StepBatch batch;

  Impl(std::shared_ptr<const CausalLm> m, Tokenizer t, EngineOptions o);

  void check(const Request& request) const;
  // Scheduling.
  void drop_cancelled();
  void admit();
  void use_known_prefix(Active& active);
  void schedule();
  bool schedule_decoding(Active& active);
  void schedule_feeding(Active& active, int64_t most_rows);
  void plan(Active& active, size_t sequence, int64_t count);
  void preempt(size_t index);
  void remove(Active& active, FinishReason reason);
  // Guesses ahead, for requests that are generating and stand in `pieces`.
  void guess_ahead();
  void take_back_guess(Active& active);
  void take_row(Active& active, SampledToken token);
  void end_guess(Active& active);
  // One run of the model.
  Tensor run_model();
  void read_outputs(const Tensor& hidden);

  // A row of logits and what it is for.
  struct Row {
    int64_t row;
    Active* active;
    size_t sequence;
    int64_t position;
    bool score, sample;
  };
  std::vector<Row> rows;
  void find_rows();
  void sample_rows(const Tensor& logits, size_t begin, size_t end);
  void settle();                      // tokens of the step to their requests
  void remember(Active& active);      // its full pages, for requests that begin alike
  std::vector<SampledToken> sampled;  // by row
  std::vector<std::exception_ptr> errors;
  void score_prompt(Active& active, int64_t position, std::span<const float> logits);
  void take_token(Active& active, SampledToken token);
  void take_beam_row(Active& active, size_t sequence, std::span<float> logits);
  void advance_beams(Active& active);
  // Continuations.
  void check_continuations(const Request& request) const;
  bool scores_position(const Active& active, size_t sequence, int64_t position) const;
  void score_rows(const Tensor& logits, size_t begin, size_t end);
  void score_row(size_t i, std::span<const float> logits);
  void start_scoring_again(Active& active);
  void branch(Active& active);
  void advance_scoring(Active& active);
  std::vector<Sequence> continue_beams(std::vector<Sequence>& beams, const BeamSearch::Step& step);
};

}  // namespace quern
