// SPDX-License-Identifier: MIT
#pragma once
// Beam search's bookkeeping, apart from any model: given the log-probabilities of the next token for each running beam,
// which beams go on and with which token, what is finished, when to stop. The same choices as transformers 5's
// generate(num_beams=...): Graves 2012, arXiv:1211.3711; length normalisation: Wu et al. 2016, arXiv:1609.08144,
// sec. 7.

#include <cstdint>
#include <span>
#include <vector>

namespace quern {

enum class EarlyStopping {
  Never,      // until no running beam could win even at its longest (for a positive length penalty)
  Heuristic,  // until the best running beam, at its present length, scores no better than the worst finished one
  Always,     // as soon as num_beams are finished
};

struct BeamOptions {
  int num_beams = 4;
  double length_penalty = 1.0;                              // score = sum of log-probabilities / length^length_penalty
  EarlyStopping early_stopping = EarlyStopping::Heuristic;  // Hugging Face's false; its true is Always, "never" Never
  int64_t max_new_tokens = 20;
  std::vector<int32_t> eos_token_ids;

  void validate() const;  // throws InvalidArgument naming the field
};

struct FinishedBeam {
  std::vector<int32_t> tokens;  // generated ones, the end token included
  double score = 0;
};

class BeamSearch {
 public:
  explicit BeamSearch(BeamOptions options);

  struct Step {
    // Beam i goes on from what was beam parents[i], with tokens[i]. num_beams entries each.
    std::vector<int32_t> parents, tokens;
  };

  // log_probs (num_beams, V), or (1, V) in the first step, when all beams are the prompt. Rows must be normalised.
  Step advance(std::span<const float> log_probs, int64_t V);
  bool done() const { return done_; }
  // The finished beams, best first: num_beams of them, fewer only if the vocabulary has too few continuations.
  std::vector<FinishedBeam> finish() const;
  // What each beam has generated so far; for processors that look at the history.
  const std::vector<std::vector<int32_t>>& running() const { return running_; }

 private:
  bool ends(int32_t token, int64_t length) const;

  BeamOptions options_;
  std::vector<std::vector<int32_t>> running_;
  std::vector<double> running_scores_;  // sums of log-probabilities
  std::vector<FinishedBeam> finished_;  // best first, at most num_beams
  int64_t length_ = 0;                  // generated tokens of each running beam
  bool improvable_ = true, done_ = false;
};

}  // namespace quern
