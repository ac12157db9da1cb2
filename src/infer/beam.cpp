// SPDX-License-Identifier: MIT
#include "infer/beam.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace quern {

namespace {
constexpr double kImpossible = -1e9;  // the score of a beam that must not win, as in transformers

struct Continuation {
  double score;
  int64_t place;  // parent * V + token
};
}  // namespace

void BeamOptions::validate() const {
  if (num_beams < 1) throw Error(ErrorKind::InvalidArgument, "num_beams must be 1 or more, but is {}", num_beams);
  if (max_new_tokens < 1)
    throw Error(ErrorKind::InvalidArgument, "max_new_tokens must be 1 or more, but is {}", max_new_tokens);
  if (!std::isfinite(length_penalty)) throw Error(ErrorKind::InvalidArgument, "length_penalty must be finite");
}

BeamSearch::BeamSearch(BeamOptions options) : options_(std::move(options)) {
  options_.validate();
  const size_t n = size_t(options_.num_beams);
  running_.resize(n);
  running_scores_.assign(n, kImpossible);  // all beams are the prompt, so that only the first may branch
  running_scores_[0] = 0;
}

bool BeamSearch::ends(int32_t token, int64_t length) const {
  return length >= options_.max_new_tokens ||
         std::ranges::find(options_.eos_token_ids, token) != options_.eos_token_ids.end();
}

BeamSearch::Step BeamSearch::advance(std::span<const float> log_probs, int64_t V) {
  QUERN_CHECK(!done_, "advance() after the search was done");
  const size_t n = size_t(options_.num_beams);
  const size_t rows = V > 0 ? log_probs.size() / size_t(V) : 0;
  QUERN_CHECK(V > 0 && log_probs.size() % size_t(V) == 0 && (rows == n || (rows == 1 && length_ == 0)),
              "log_probs hold {} values, expected ({}, {})", log_probs.size(), n, V);

  // The best continuations of all beams together: with e end tokens at most e of a beam's continuations end it, so that
  // max(2, 1 + e) * num_beams always leave num_beams that go on.
  const size_t wanted = std::min(std::max<size_t>(2, 1 + options_.eos_token_ids.size()) * n, rows * size_t(V));
  const auto better = [](const Continuation& a, const Continuation& b) {
    return a.score != b.score ? a.score > b.score : a.place < b.place;
  };
  std::vector<Continuation> best;  // a heap whose front is the worst kept
  best.reserve(wanted + 1);
  for (size_t row = 0; row < rows; ++row) {
    const std::span<const float> of_row = log_probs.subspan(row * size_t(V), size_t(V));
    for (size_t token = 0; token < size_t(V); ++token) {
      const Continuation c{running_scores_[row] + of_row[token], int64_t(row * size_t(V) + token)};
      if (best.size() == wanted && !better(c, best.front())) continue;
      best.push_back(c);
      std::ranges::push_heap(best, better);
      if (best.size() <= wanted) continue;
      std::ranges::pop_heap(best, better);
      best.pop_back();
    }
  }
  std::ranges::sort_heap(best, better);  // best first
  if (best.empty() || !std::isfinite(best.front().score))
    throw Error(ErrorKind::InvalidModel, "the model's logits are not finite, or every token was removed");

  ++length_;
  Step step;
  std::vector<std::vector<int32_t>> next;
  std::vector<double> next_scores;
  const bool full = finished_.size() == n && options_.early_stopping == EarlyStopping::Always;
  std::vector<FinishedBeam> newly;
  bool all_end = true;
  const auto go_on = [&](const Continuation& c, double score) {
    const auto parent = int32_t(c.place / V), token = int32_t(c.place % V);
    step.parents.push_back(parent);
    step.tokens.push_back(token);
    next.push_back(running_[size_t(parent)]);
    next.back().push_back(token);
    next_scores.push_back(score);
  };
  for (size_t i = 0; i < best.size(); ++i) {
    const auto token = int32_t(best[i].place % V);
    const bool end = ends(token, length_);
    all_end &= end;
    if (!end && next.size() < n) go_on(best[i], best[i].score);
    // A continuation behind the first num_beams is only there to go on when better ones end.
    if (!end || i >= n || full || !improvable_ || best[i].score < kImpossible / 2) continue;
    newly.push_back(
        {running_[size_t(best[i].place / V)], best[i].score / std::pow(double(length_), options_.length_penalty)});
    newly.back().tokens.push_back(token);
  }
  // When fewer than num_beams are left to go on (the last step, a tiny vocabulary), ended ones fill the places.
  for (size_t i = 0; next.size() < n; i = (i + 1) % best.size())
    if (ends(int32_t(best[i].place % V), length_) || next.size() >= best.size())
      go_on(best[i], best[i].score + kImpossible);

  finished_.insert(finished_.end(), newly.begin(), newly.end());
  std::ranges::stable_sort(finished_, std::ranges::greater{}, &FinishedBeam::score);
  if (finished_.size() > n) finished_.resize(n);
  running_ = std::move(next);
  running_scores_ = std::move(next_scores);

  const bool to_the_end = options_.early_stopping == EarlyStopping::Never && options_.length_penalty > 0;
  const double length = double(to_the_end ? options_.max_new_tokens : length_);
  const double best_possible = running_scores_[0] / std::pow(length, options_.length_penalty);
  const double worst_finished = finished_.size() == n ? finished_.back().score : kImpossible;
  improvable_ = improvable_ && best_possible > worst_finished;
  const bool enough = finished_.size() == n && options_.early_stopping == EarlyStopping::Always;
  done_ = !improvable_ || enough || all_end;
  return step;
}

std::vector<FinishedBeam> BeamSearch::finish() const { return finished_; }

}  // namespace quern
