// SPDX-License-Identifier: MIT
// Guessing ahead: the tokens that are run together with the last drawn one, and what becomes of them.
#include <algorithm>

#include "infer/engine_impl.h"

namespace quern {

namespace {
// A step's rows are not free: the more texts are generated side by side, the less is guessed for each.
constexpr int64_t kGuessRows = 32;
}  // namespace

// Called when the pieces of a step are those of requests that generate. Guesses stand at the end of the sequence's
// tokens until settle().
void Engine::Impl::guess_ahead() {
  std::vector<DraftModel::Job> jobs;
  std::vector<Piece*> guessed;
  for (Piece& p : pieces) {
    Active& a = *p.active;
    if (a.request.guess_ahead == 0 || a.beams) continue;
    const std::vector<int32_t>& tokens = a.sequences[0].tokens;
    const int64_t left = a.max_new_tokens - (int64_t(tokens.size()) - a.prompt_size) - 1;
    const int64_t most =
        a.guess_length.next(std::min({a.request.guess_ahead, left, kGuessRows / int64_t(running.size())}));
    if (most <= 0) continue;
    guessed.push_back(&p);
    if (draft) {
      jobs.push_back({.state = &a.draft,
                      .tokens = tokens,
                      .sampler = &a.sampler,
                      .prompt_size = a.prompt_size,
                      .rope_length = a.rope_length,
                      .most = most,
                      .guess = {}});
    } else {
      const auto guess = lookup_guess(tokens, most);
      a.guess.assign(guess.begin(), guess.end());
    }
  }
  if (draft) {
    draft->guess(jobs);
    for (size_t i = 0; i < jobs.size(); ++i) guessed[i]->active->guess = std::move(jobs[i].guess);
  }
  for (Piece* p : guessed) {
    Active& a = *p->active;
    Sequence& s = a.sequences[0];
    while (!a.guess.empty() && !s.cache.reserve(s.fed + 1 + int64_t(a.guess.size()))) a.guess.pop_back();
    s.tokens.insert(s.tokens.end(), a.guess.begin(), a.guess.end());
    p->count += int64_t(a.guess.size());
    planned_rows += int64_t(a.guess.size());
  }
}

void Engine::Impl::take_back_guess(Active& a) {
  a.guess_right = true;
  if (a.guess.empty()) return;
  Sequence& s = a.sequences[0];
  s.tokens.resize(s.tokens.size() - a.guess.size());
  s.fed -= int64_t(a.guess.size());
  a.right = 0;
}

// The next row of a request: it counts only while what was guessed before it is what was drawn.
void Engine::Impl::take_row(Active& a, SampledToken token) {
  if (!a.guess_right) return;
  const int32_t id = token.id;
  take_token(a, std::move(token));
  if (a.guess.empty()) return;
  a.guess_right = a.right < int64_t(a.guess.size()) && a.guess[size_t(a.right)] == id;
  if (!a.guess_right) return;
  ++a.right;
  ++a.sequences[0].fed;  // it was run already
}

void Engine::Impl::end_guess(Active& a) {
  if (!a.guess.empty()) {
    const int64_t guessed = int64_t(a.guess.size());
    a.guess_length.report(guessed, a.right);
    a.out->mutable_result().guessed_tokens += guessed;
    a.out->mutable_result().right_guesses += a.right;
    stats.guessed_tokens += guessed;
    stats.right_guesses += a.right;
    a.guess.clear();
  }
  remember(a);
}

}  // namespace quern
