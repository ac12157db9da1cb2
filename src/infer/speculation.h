// SPDX-License-Identifier: MIT
#pragma once
// Speculative decoding: tokens guessed ahead are run through the model in one step, and those it would have drawn
// itself are kept. The model's draw at a position depends on the tokens before it, the seed and the position alone, so
// the text is the very one that comes without guessing, sampled or greedy.
//   from the text's own repetitions: Saxena 2023, "Prompt Lookup Decoding"
//   by a smaller model: Leviathan et al. 2022, arXiv:2211.17192; Chen et al. 2023, arXiv:2302.01318. Instead of their
//   rejection step, both models draw with the same random number.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "infer/kv_cache.h"
#include "infer/sampler.h"
#include "infer/step_batch.h"
#include "models/causal_lm.h"

namespace quern {

// What followed the latest earlier place where the text read as it does at its end: at most `most` tokens, none when
// its last two tokens never stood together before. Longer agreements (up to eight tokens) go before later ones.
std::span<const int32_t> lookup_guess(std::span<const int32_t> tokens, int64_t most);

// How far ahead to guess: twice as far after a guess that was right to its end, no further than was right after one
// that was not, and after several that were wrong from the start not at all for a while.
class GuessLength {
 public:
  int64_t next(int64_t most);  // for the step that comes; counts it
  void report(int64_t guessed, int64_t right);

 private:
  int64_t length_ = 4, misses_ = 0, pause_ = 0;
};

// A smaller model over the same vocabulary, with a cache of its own.
class DraftModel {
 public:
  DraftModel(std::shared_ptr<const CausalLm> model, uint64_t cache_bytes, int64_t max_sequences);

  // Of one sequence: what the draft model has read of it.
  struct State {
    std::vector<int32_t> fed;
    CachedSequence cache;
  };
  struct Job {
    State* state;
    std::span<const int32_t> tokens;  // the text so far
    const Sampler* sampler;           // as the model that is helped draws
    int64_t prompt_size, rope_length, most;
    std::vector<int32_t> guess;  // the result; empty when there was no room
  };
  void guess(std::span<Job> jobs);

  const CausalLm& model() const { return *model_; }

 private:
  bool read(std::span<Job> jobs);  // brings every state up to its tokens but the last
  std::shared_ptr<const CausalLm> model_;
  KvPool pool_;
  StepBatch batch_;
};

}  // namespace quern
