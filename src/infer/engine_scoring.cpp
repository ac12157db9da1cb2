// SPDX-License-Identifier: MIT
// Continuations of a prompt: the prompt is fed once, then forks into a sequence for each, whose rows say how likely the
// ids that follow were. Nothing is drawn.
#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/threads.h"
#include "infer/engine_impl.h"
#include "tensor/kernels/cross_entropy.h"

namespace quern {

namespace {
constexpr int64_t kScoredValuesPerThread = 32768;  // logits below which waking another thread costs more than it saves
}  // namespace

void Engine::Impl::check_continuations(const Request& r) const {
  const int64_t V = model->shape().V, size = int64_t(r.prompt.size());
  if (r.max_new_tokens > 0 || r.num_beams > 1 || r.prompt_logprobs || r.on_prompt_logits)
    throw Error(ErrorKind::InvalidArgument, "continuations are scored alone: nothing is generated beside them");
  int64_t pages = 0;
  for (const PromptContinuation& c : r.continuations) {
    if (c.ids.empty()) throw Error(ErrorKind::InvalidArgument, "a continuation is empty");
    if (c.first_counted < 0)
      throw Error(ErrorKind::InvalidArgument, "first_counted must be 0 or more, but is {}", c.first_counted);
    for (const int32_t id : c.ids)
      if (id < 0 || id >= V)
        throw Error(ErrorKind::InvalidArgument, "token {} of a continuation is outside the vocabulary of {}", id, V);
    const int64_t fed = size + int64_t(c.ids.size()) - 1;  // the last id is predicted, never read
    if (fed > options.context)
      throw Error(ErrorKind::InvalidArgument, "prompt and continuation have {} tokens, the context holds {}", fed + 1,
                  options.context)
          .hint("shorten the prompt; nothing is cut off in silence");
    pages += pages_for(fed);
  }
  if (r.num_beams == 1 && int64_t(r.continuations.size()) > options.max_sequences)
    throw Error(ErrorKind::Resources, "{} continuations are to be scored, {} sequences at once are allowed",
                r.continuations.size(), options.max_sequences);
  if (pages > pool.num_pages())
    throw Error(ErrorKind::Resources, "{} continuations take {} pages of key/value cache, there are {}",
                r.continuations.size(), pages, pool.num_pages())
        .hint("score fewer at a time, or allow the cache more memory");
}

// Does this row predict an id that counts? The prompt's last row predicts the first of every continuation.
bool Engine::Impl::scores_position(const Active& a, size_t sequence, int64_t position) const {
  const int64_t predicted = position + 1 - a.prompt_size;
  if (a.branched) {
    const PromptContinuation& c = a.request.continuations[sequence];
    return predicted >= 1 && predicted >= c.first_counted && predicted < int64_t(c.ids.size());
  }
  return predicted == 0 &&
         std::ranges::any_of(a.request.continuations, [](const PromptContinuation& c) { return c.first_counted == 0; });
}

void Engine::Impl::score_row(size_t i, std::span<const float> logits) {
  const Row& row = rows[i];
  Active& a = *row.active;
  const int64_t V = int64_t(logits.size()), predicted = row.position + 1 - a.prompt_size;
  const int32_t unlabelled = kIgnoreLabel;
  float loss = 0, log_sum = 0;
  // Only read: write_grad is off.
  cross_entropy_simd(const_cast<float*>(logits.data()), V, &unlabelled, nullptr, &loss, &log_sum, {.write_grad = false},
                     1, V);
  try {
    const int32_t best = argmax(logits);
    const auto score = [&](size_t c) {
      const PromptContinuation& continuation = a.request.continuations[c];
      if (predicted < continuation.first_counted) return;
      const int32_t id = continuation.ids[size_t(predicted)];
      a.scores[c][size_t(predicted)] = {float(double{logits[size_t(id)]} - double{log_sum}), id == best};
    };
    if (a.branched) return score(row.sequence);
    for (size_t c = 0; c < a.request.continuations.size(); ++c) score(c);
  } catch (...) {
    errors[i] = std::current_exception();
  }
}

// Rows [begin, end) of the step whose logits are there. Those of prompts are reported in order; those of continuations
// have each their own place.
void Engine::Impl::score_rows(const Tensor& logits, size_t begin, size_t end) {
  const int64_t V = model->shape().V;
  const auto values = [&](size_t i) { return logits.span().subspan((i - begin) * size_t(V), size_t(V)); };
  bool any = false;
  for (size_t i = begin; i < end; ++i) {
    if (!rows[i].score) continue;
    if (rows[i].active->scores_continuations())
      any = true;
    else
      score_prompt(*rows[i].active, rows[i].position, values(i));
  }
  if (!any) return;
  const auto work = [&](int64_t first, int64_t last) {
    for (size_t i = begin + size_t(first); i < begin + size_t(last); ++i)
      if (rows[i].score && rows[i].active->scores_continuations()) score_row(i, values(i));
  };
  parallel_for(int64_t(end - begin), std::max<int64_t>(1, kScoredValuesPerThread / V), work);
  for (size_t i = begin; i < end; ++i)
    if (errors[i] && !rows[i].sample && !rows[i].active->out->done()) rows[i].active->out->fail(errors[i]);
}

// After its pages were lost: from the prompt on. What was scored already will be scored the same again.
void Engine::Impl::start_scoring_again(Active& a) {
  a.branched = false;
  a.sequences.clear();
  a.sequences.push_back({.tokens = a.request.prompt, .fed = 0, .cache = CachedSequence(pool)});
}

void Engine::Impl::branch(Active& a) {
  Sequence prompt = std::move(a.sequences[0]);
  a.sequences.clear();
  for (const PromptContinuation& c : a.request.continuations) {
    Sequence& s = a.sequences.emplace_back();
    s.tokens = prompt.tokens;
    s.tokens.insert(s.tokens.end(), c.ids.begin(), c.ids.end() - 1);
    s.fed = prompt.fed;
    s.cache = CachedSequence(pool);
    if (s.pending() == 0) continue;  // one id: the prompt's last row said all
    auto fork = prompt.cache.fork(prompt.fed);
    while (!fork && prefixes.drop_one()) fork = prompt.cache.fork(prompt.fed);
    if (fork)
      s.cache = std::move(*fork);
    else
      s.fed = 0;  // no page is left: it is fed from the beginning
  }
  a.branched = true;
}

void Engine::Impl::advance_scoring(Active& a) {
  if (!a.branched) {
    if (a.sequences[0].pending() > 0) return;
    branch(a);
  }
  bool read = true;
  for (Sequence& s : a.sequences) {
    if (s.pending() > 0)
      read = false;
    else
      s.cache.clear();
  }
  if (!read) return;
  std::vector<ContinuationScore>& out = a.out->mutable_result().continuations;
  for (size_t c = 0; c < a.scores.size(); ++c) {
    ContinuationScore& score = out.emplace_back();
    for (size_t i = size_t(a.request.continuations[c].first_counted); i < a.scores[c].size(); ++i) {
      score.logprob += a.scores[c][i].logprob;
      score.greedy = score.greedy && a.scores[c][i].likeliest;
      ++score.tokens;
    }
  }
  remove(a, FinishReason::Length);
}

}  // namespace quern
