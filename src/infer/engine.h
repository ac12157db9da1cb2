// SPDX-License-Identifier: MIT
#pragma once
// The engine: many requests, one model, one thread that owns it. Each step() runs the model once, on one token of every
// sequence that is generating and on a piece of the prompts that are being read; requests join and leave at any step
// (Yu et al. 2022, "Orca"; pieces: Agrawal et al. 2024, arXiv:2403.02310).
//
// A request's tokens and log-probabilities depend on the request and the model alone: not on its neighbours, the pieces
// its prompt was fed in, the threads, or on having lost its pages to another and been read again.

#include <memory>

#include "infer/generation.h"
#include "infer/prefix_tree.h"
#include "models/causal_lm.h"

namespace quern {

struct EngineOptions {
  int64_t max_sequences = 64;     // that generate at once, beams counted one by one; the others wait
  int64_t max_step_tokens = 512;  // rows of one step; a longer prompt is fed in pieces
  int64_t context = 0;            // longest prompt and answer together; 0: what the model was made for
  uint64_t cache_bytes = 0;       // most memory for keys and values; 0: half of what the machine has free
  // How keys and values are kept: f32, f16, bf16 or q8_0. Less memory is read for each token, and results differ a
  // little; they still depend on the request and the model alone.
  DType cache_type = DType::f32;
  // Most memory for beginnings of texts that stay in the cache for requests that begin alike; 0: none stay.
  uint64_t prefix_bytes = uint64_t{512} << 20;
  // A smaller model with the same vocabulary, to guess ahead with (Request::guess_ahead).
  std::shared_ptr<const CausalLm> draft_model = nullptr;
};

struct EngineStats {
  int64_t steps = 0, prompt_tokens = 0, generated_tokens = 0, preemptions = 0;
  int64_t guessed_tokens = 0, right_guesses = 0;
  int64_t running = 0, waiting = 0;
  int64_t free_pages = 0, num_pages = 0;
  PrefixStats prefixes;
};

class Engine {
 public:
  // `tokenizer` may be empty: then results have ids but no text.
  explicit Engine(std::shared_ptr<const CausalLm> model, Tokenizer tokenizer = {}, EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Throws InvalidArgument (an empty prompt, an id outside the vocabulary, a prompt longer than the context: never cut
  // in silence) or Resources (more pages than the cache has).
  std::shared_ptr<Generation> submit(Request request);
  // Runs the model once. False when nothing was left to do.
  bool step();

  // Submits, then steps until done. `on_token` sees each token and may end the text by returning false.
  using OnToken = std::function<bool(const TokenEvent& event)>;
  GenerationResult generate(Request request, const OnToken& on_token = {});
  std::vector<GenerationResult> generate_all(std::vector<Request> requests);

  const CausalLm& model() const;
  const Tokenizer& tokenizer() const;
  int64_t context() const;
  EngineStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern
