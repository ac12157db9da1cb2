// SPDX-License-Identifier: MIT
#include "infer/speculation.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace quern {

namespace {
constexpr int64_t kLongestAgreement = 8, kShortestAgreement = 2;
constexpr int64_t kMissesBeforePause = 2, kLongestPause = 16;
constexpr int64_t kDraftRows = 512;  // of a step in which the draft model reads a prompt
}  // namespace

std::span<const int32_t> lookup_guess(std::span<const int32_t> tokens, int64_t most) {
  const int64_t n = int64_t(tokens.size());
  int64_t best = kShortestAgreement - 1, best_at = -1;
  // `at`: one past an earlier place that may read as the end does; the latest first.
  for (int64_t at = n - 1; at >= kShortestAgreement && best < kLongestAgreement; --at) {
    if (tokens[size_t(at - 1)] != tokens[size_t(n - 1)]) continue;
    int64_t agree = 1;
    while (agree < std::min(kLongestAgreement, at) && tokens[size_t(at - 1 - agree)] == tokens[size_t(n - 1 - agree)])
      ++agree;
    if (agree > best) best = agree, best_at = at;
  }
  if (best_at < 0) return {};
  return tokens.subspan(size_t(best_at), size_t(std::min(most, n - best_at)));
}

int64_t GuessLength::next(int64_t most) {
  if (pause_ > 0) {
    --pause_;
    return 0;
  }
  return std::min(length_, most);
}

void GuessLength::report(int64_t guessed, int64_t right) {
  if (guessed == 0) return;
  if (right == guessed) {
    length_ = std::max(length_, 2 * guessed);
  } else {
    length_ = right + 1;
  }
  misses_ = right > 0 ? 0 : misses_ + 1;
  if (misses_ >= kMissesBeforePause) pause_ = std::min(kLongestPause, int64_t{1} << std::min<int64_t>(misses_, 10));
}

DraftModel::DraftModel(std::shared_ptr<const CausalLm> model, uint64_t cache_bytes, int64_t max_sequences)
    : model_(std::move(model)),
      pool_(model_->shape(), cache_bytes, max_sequences * pages_for(model_->shape().context)) {}

bool DraftModel::read(std::span<Job> jobs) {
  bool any = true;
  while (any) {
    any = false;
    batch_.clear();
    for (Job& job : jobs) {
      State& s = *job.state;
      const int64_t fed = int64_t(s.fed.size());
      const int64_t count = std::min(int64_t(job.tokens.size()) - 1 - fed, kDraftRows - batch_.rows());
      if (job.most == 0 || count <= 0) continue;
      if (!s.cache.reserve(fed + count)) {
        job.most = 0;
        continue;
      }
      const auto piece = job.tokens.subspan(size_t(fed), size_t(count));
      batch_.add(piece, fed, s.cache, job.rope_length);
      s.fed.insert(s.fed.end(), piece.begin(), piece.end());
      any = true;
    }
    if (any) model_->forward(batch_.batch(pool_));
  }
  return std::ranges::any_of(jobs, [](const Job& job) { return job.most > 0; });
}

void DraftModel::guess(std::span<Job> jobs) {
  std::vector<std::vector<int32_t>> texts;
  for (Job& job : jobs) {
    State& s = *job.state;
    if (s.cache.capacity() == 0) {
      s.cache = CachedSequence(pool_);
      s.fed.clear();
    }
    // Guesses that were wrong stand in the cache behind the last right one, and are written over.
    const auto wrong = std::ranges::mismatch(s.fed, job.tokens.first(job.tokens.size() - 1)).in1;
    s.fed.erase(wrong, s.fed.end());
    job.guess.clear();
    job.most = std::min(job.most, model_->shape().context - int64_t(job.tokens.size()));
    if (job.most < 0) job.most = 0;
  }
  if (!read(jobs)) return;
  for (const Job& job : jobs) texts.emplace_back(job.tokens.begin(), job.tokens.end());
  const int64_t V = model_->shape().V;
  std::vector<size_t> guessing;
  while (true) {
    batch_.clear();
    guessing.clear();
    for (size_t i = 0; i < jobs.size(); ++i) {
      Job& job = jobs[i];
      if (int64_t(job.guess.size()) >= job.most || !job.state->cache.reserve(int64_t(texts[i].size()))) continue;
      batch_.add(std::span(texts[i]).last(1), int64_t(texts[i].size()) - 1, job.state->cache, job.rope_length);
      job.state->fed.push_back(texts[i].back());
      guessing.push_back(i);
    }
    if (guessing.empty()) return;
    const Tensor logits = model_->logits(model_->forward(batch_.batch(pool_)));
    for (size_t row = 0; row < guessing.size(); ++row) {
      Job& job = jobs[guessing[row]];
      Sampler sampler = *job.sampler;
      const auto values = logits.span().subspan(row * size_t(V), size_t(V));
      try {
        const SampledToken token = sampler.sample(values, texts[guessing[row]], job.prompt_size);
        job.guess.push_back(token.id);
        texts[guessing[row]].push_back(token.id);
      } catch (const Error&) {  // logits that are no numbers: nothing is guessed, and no request is harmed
        job.most = int64_t(job.guess.size());
      }
    }
  }
}

}  // namespace quern
