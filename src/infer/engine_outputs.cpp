// SPDX-License-Identifier: MIT
// The second half of a step: rows of hidden states become logits, and those tokens.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/threads.h"
#include "infer/engine_impl.h"

namespace quern {

namespace {
constexpr int64_t kSliceRows = 64;           // rows of logits that exist at once
constexpr int64_t kValuesPerThread = 32768;  // logits below which waking another thread costs more than it saves
}  // namespace

// The rows of the step whose logits are wanted.
void Engine::Impl::find_rows() {
  rows.clear();
  for (const Piece& p : pieces) {
    Active& a = *p.active;
    Sequence& s = a.sequences[p.sequence];
    s.fed += p.count;
    const bool scores = a.scores_prompt() && p.begin < a.prompt_size;
    stats.prompt_tokens += std::clamp<int64_t>(a.prompt_size - p.begin, 0, p.count);
    if (a.scores_continuations()) {
      for (int64_t i = 0; i < p.count; ++i)
        if (scores_position(a, p.sequence, p.begin + i))
          rows.push_back({p.first_row + i, &a, p.sequence, p.begin + i, true, false});
      continue;
    }
    const bool ready = s.pending() == 0;  // everything is fed, so that the last row predicts the next token
    const int64_t drawing = p.count - 1 - int64_t(a.guess.size());  // and those before guesses predict them
    for (int64_t i = scores ? 0 : drawing; i < p.count; ++i) {
      const int64_t position = p.begin + i;
      const bool score = scores && position >= a.scored && position < a.prompt_size;
      const bool sample = ready && i >= drawing && a.max_new_tokens > 0;
      if (score || sample) rows.push_back({p.first_row + i, &a, p.sequence, position, score, sample});
    }
  }
}

// Draws the tokens of rows [begin, end), as if all guesses before them were right. Rows of one request share its
// sampler and go one after the other.
void Engine::Impl::sample_rows(const Tensor& logits, size_t begin, size_t end) {
  const int64_t V = model->shape().V;
  std::vector<size_t> groups{begin};
  for (size_t i = begin + 1; i < end; ++i)
    if (rows[i].active != rows[i - 1].active) groups.push_back(i);
  groups.push_back(end);
  const auto sample = [&](size_t i) {
    const Row& row = rows[i];
    Active& a = *row.active;
    const auto values = logits.span().subspan((i - begin) * size_t(V), size_t(V));
    try {
      if (a.beams)
        take_beam_row(a, row.sequence, values);
      else
        sampled[i] =
            a.sampler.sample(values, std::span(a.sequences[0].tokens).first(size_t(row.position) + 1), a.prompt_size);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  };
  const auto work = [&](int64_t first, int64_t last) {
    for (size_t i = groups[size_t(first)]; i < groups[size_t(last)]; ++i)
      if (rows[i].sample) sample(i);
  };
  parallel_for(int64_t(groups.size()) - 1, std::max<int64_t>(1, kValuesPerThread / V), work);
}

void Engine::Impl::settle() {
  for (const Piece& p : pieces) take_back_guess(*p.active);
  for (size_t i = 0; i < rows.size(); ++i) {
    Active& a = *rows[i].active;
    if (!rows[i].sample || a.out->done()) continue;
    if (errors[i]) {
      if (a.guess_right) a.out->fail(errors[i]);
    } else if (a.beams) {
      ++a.beam_rows;
    } else {
      take_row(a, std::move(sampled[i]));
    }
  }
  for (const Piece& p : pieces) end_guess(*p.active);
}

void Engine::Impl::read_outputs(const Tensor& hidden) {
  find_rows();
  sampled.assign(rows.size(), {});
  errors.assign(rows.size(), nullptr);
  const int64_t V = model->shape().V, C = hidden.size(1);
  for (const Row& row : rows)
    if (row.active->beams) row.active->beam_log_probs.resize(size_t(row.active->request.num_beams) * size_t(V));
  for (size_t begin = 0; begin < rows.size(); begin += kSliceRows) {
    const size_t end = std::min(rows.size(), begin + kSliceRows);
    const int64_t n = int64_t(end - begin);
    Tensor picked = hidden;
    if (rows[begin].row != 0 || rows[end - 1].row != n - 1 || n != hidden.size(0)) {
      picked = Tensor::empty({n, C});
      for (int64_t i = 0; i < n; ++i)
        std::memcpy(picked.data() + i * C, hidden.data() + rows[begin + size_t(i)].row * C, size_t(C) * sizeof(float));
    }
    const Tensor logits = model->logits(picked);
    score_rows(logits, begin, end);
    sample_rows(logits, begin, end);
  }
  settle();
  for (size_t i = running.size(); i-- > 0;) {
    Active& a = *running[i];
    if (a.out->done()) {
      remove(a, FinishReason::None);
    } else if (a.scores_continuations()) {
      advance_scoring(a);
    } else if (a.max_new_tokens == 0 && a.sequences[0].pending() == 0) {
      remove(a, FinishReason::Length);
    } else if (a.beams && a.beam_rows == a.sequences.size()) {
      try {
        advance_beams(a);
      } catch (const Error&) {
        a.out->fail(std::current_exception());
      }
      if (a.out->done()) remove(a, FinishReason::None);
    }
  }
}

void Engine::Impl::score_prompt(Active& a, int64_t position, std::span<const float> logits) {
  if (a.request.on_prompt_logits) a.request.on_prompt_logits(position, logits);
  a.scored = position + 1;
  if (!a.request.prompt_logprobs) return;
  std::vector<PromptLogprob>& out = a.out->mutable_result().prompt;
  if (position == 0) out.push_back({.id = a.request.prompt[0], .logprob = 0, .top = {}});
  if (position + 1 >= a.prompt_size) return;
  const double log_sum = log_sum_exp(logits);
  PromptLogprob next{.id = a.request.prompt[size_t(position) + 1], .logprob = 0, .top = {}};
  next.logprob = float(logits[size_t(next.id)] - log_sum);
  const size_t n = size_t(a.request.sampling.top_logprobs);
  if (n > 0) {
    std::vector<int32_t> order(logits.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = int32_t(i);
    const auto likelier = [&](int32_t x, int32_t y) {
      return logits[size_t(x)] != logits[size_t(y)] ? logits[size_t(x)] > logits[size_t(y)] : x < y;
    };
    std::ranges::partial_sort(order, order.begin() + int64_t(n), likelier);
    for (size_t i = 0; i < n; ++i) next.top.push_back({order[i], float(logits[size_t(order[i])] - log_sum)});
  }
  out.push_back(std::move(next));
}

void Engine::Impl::take_token(Active& a, SampledToken token) {
  if (a.first_token == Clock::time_point{}) a.first_token = Clock::now();
  ++stats.generated_tokens;
  a.sequences[0].tokens.push_back(token.id);
  if (a.out->push(std::move(token)))
    a.out->finish(FinishReason::Stop);
  else if (int64_t(a.sequences[0].tokens.size()) - a.prompt_size >= a.max_new_tokens)
    a.out->finish(FinishReason::Length);
}

// --- beams ---

// log softmax, then what the history asks for: Hugging Face's order in a beam search.
void Engine::Impl::take_beam_row(Active& a, size_t sequence, std::span<float> logits) {
  const double log_sum = log_sum_exp(logits);
  for (float& l : logits) l = float(l - log_sum);
  a.sampler.process(logits, a.sequences[sequence].tokens, a.prompt_size);
  std::ranges::copy(logits, a.beam_log_probs.begin() + int64_t(sequence * logits.size()));
}

std::vector<Sequence> Engine::Impl::continue_beams(std::vector<Sequence>& beams, const BeamSearch::Step& step) {
  std::vector<int> children(beams.size(), 0);
  for (const int32_t parent : step.parents) ++children[size_t(parent)];
  for (size_t i = 0; i < beams.size(); ++i)
    if (children[i] == 0) beams[i].cache.clear();
  std::vector<Sequence> next;
  for (size_t i = 0; i < step.parents.size(); ++i) {
    Sequence& parent = beams[size_t(step.parents[i])];
    Sequence& child = next.emplace_back();
    child.tokens = parent.tokens;
    child.tokens.push_back(step.tokens[i]);
    child.cache = CachedSequence(pool);
    if (--children[size_t(step.parents[i])] == 0) {
      child.cache = std::move(parent.cache);
      child.fed = parent.fed;
      continue;
    }
    auto fork = parent.cache.fork(parent.fed);
    while (!fork && prefixes.drop_one()) fork = parent.cache.fork(parent.fed);
    if (!fork) continue;  // it is fed again, as after losing its pages
    child.cache = std::move(*fork);
    child.fed = parent.fed;
  }
  return next;
}

void Engine::Impl::advance_beams(Active& a) {
  if (a.first_token == Clock::time_point{}) a.first_token = Clock::now();
  a.beam_rows = 0;
  const int64_t V = model->shape().V;
  const auto step = a.beams->advance(std::span(a.beam_log_probs).first(a.sequences.size() * size_t(V)), V);
  if (!a.beams->done()) {
    a.sequences = continue_beams(a.sequences, step);
    return;
  }
  GenerationResult& result = a.out->mutable_result();
  result.beams = a.beams->finish();
  if (result.beams.empty()) throw Error(ErrorKind::InvalidModel, "beam search found no continuation");
  bool ended = false;
  for (const int32_t id : std::vector<int32_t>(result.beams[0].tokens)) {
    ended = a.out->push({.id = id, .logprob = 0, .top = {}});
    ++stats.generated_tokens;
  }
  a.out->finish(ended ? FinishReason::Stop : FinishReason::Length);
}

}  // namespace quern
