// SPDX-License-Identifier: MIT
#include "infer/logits_processors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "tensor/kernels/softmax.h"

namespace quern {

namespace {
constexpr float kRemoved = -std::numeric_limits<float>::infinity();

bool ends_with(std::span<const int32_t> history, std::span<const int32_t> tokens) {
  return tokens.size() <= history.size() && std::ranges::equal(history.last(tokens.size()), tokens);
}

bool in_vocabulary(int32_t id, std::span<const float> logits) { return id >= 0 && size_t(id) < logits.size(); }
}  // namespace

void add_sequence_bias(std::span<float> logits, std::span<const int32_t> history,
                       std::span<const SequenceBias> biases) {
  for (const auto& [tokens, bias] : biases) {
    if (tokens.empty() || !in_vocabulary(tokens.back(), logits)) continue;
    if (ends_with(history, std::span(tokens).first(tokens.size() - 1))) logits[size_t(tokens.back())] += bias;
  }
}

void penalize_repetition(std::span<float> logits, std::span<const int32_t> history, float penalty) {
  // Two passes, so that a token said twice is penalised once.
  std::vector<float> penalized(history.size());
  for (size_t i = 0; i < history.size(); ++i) {
    if (!in_vocabulary(history[i], logits)) continue;
    const float l = logits[size_t(history[i])];
    penalized[i] = l < 0 ? l * penalty : l / penalty;
  }
  for (size_t i = 0; i < history.size(); ++i)
    if (in_vocabulary(history[i], logits)) logits[size_t(history[i])] = penalized[i];
}

void penalize_presence(std::span<float> logits, std::span<const int32_t> generated, float presence, float frequency) {
  std::vector<int32_t> sorted(generated.begin(), generated.end());
  std::ranges::sort(sorted);
  for (size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    if (in_vocabulary(sorted[begin], logits))
      logits[size_t(sorted[begin])] -= presence + frequency * float(end - begin);
  }
}

void ban_repeated_ngrams(std::span<float> logits, std::span<const int32_t> history, int n) {
  const size_t prefix_size = size_t(n) - 1;
  if (n <= 0 || history.size() < size_t(n)) return;
  const auto prefix = history.last(prefix_size);
  for (size_t i = 0; i + prefix_size < history.size(); ++i) {
    const int32_t next = history[i + prefix_size];
    if (in_vocabulary(next, logits) && std::ranges::equal(history.subspan(i, prefix_size), prefix))
      logits[size_t(next)] = kRemoved;
  }
}

void ban_words(std::span<float> logits, std::span<const int32_t> history, std::span<const std::vector<int32_t>> words) {
  for (const auto& word : words) {
    if (word.empty() || !in_vocabulary(word.back(), logits)) continue;
    if (ends_with(history, std::span(word).first(word.size() - 1))) logits[size_t(word.back())] = kRemoved;
  }
}

void ban_tokens(std::span<float> logits, std::span<const int32_t> tokens) {
  for (const int32_t id : tokens)
    if (in_vocabulary(id, logits)) logits[size_t(id)] = kRemoved;
}

void divide_by_temperature(std::span<float> logits, float temperature) {
  for (float& l : logits) l /= temperature;
}

namespace {
void require_usable(bool broken, bool empty) {
  if (broken) throw Error(ErrorKind::InvalidModel, "the model's logits are not finite (NaN or infinite)");
  if (empty)
    throw Error(ErrorKind::InvalidArgument, "every token was removed: the bans leave nothing to say")
        .hint("loosen bad_words, no_repeat_ngram_size or logit_bias");
}

// NaN and +inf: x - x is 0 for every finite x. -inf is a removed token.
bool is_broken(float l) { return l != kRemoved && l - l != 0.0f; }
}  // namespace

void Candidates::assign_all(std::span<const float> logits) {
  items_.clear();
  bool broken = false;
  for (size_t i = 0; i < logits.size(); ++i) {
    broken |= is_broken(logits[i]);
    if (logits[i] > kRemoved) items_.push_back({int32_t(i), logits[i]});
  }
  require_usable(broken, items_.empty());
}

void Candidates::assign_top_k(std::span<const float> logits, int64_t k) {
  items_.clear();
  bool broken = false;
  float floor = kRemoved;  // the k-th largest so far, as of the last compaction: below it nothing can be kept
  size_t full = size_t(std::max<int64_t>(64, 2 * std::min(k, int64_t(logits.size()))));
  for (size_t i = 0; i < logits.size(); ++i) {
    const float l = logits[i];
    if (l < floor) continue;  // most tokens; not NaN, which compares false
    broken |= is_broken(l);
    if (l == kRemoved) continue;
    items_.push_back({int32_t(i), l});
    if (items_.size() < full || broken) continue;
    keep_top_k(k);
    floor = std::ranges::min(items_, {}, &Candidate::logit).logit;
    full = std::max(full, 2 * items_.size());  // ties at the k-th may keep more than k
  }
  require_usable(broken, items_.empty());
  keep_top_k(k);
}

void Candidates::keep_top_k(int64_t k) {
  if (k <= 0 || size_t(k) >= items_.size()) return;
  keys_.resize(items_.size());
  std::ranges::transform(items_, keys_.begin(), &Candidate::logit);
  std::ranges::nth_element(keys_, keys_.begin() + (k - 1), std::ranges::greater{});
  const float kth = keys_[size_t(k - 1)];
  std::erase_if(items_, [&](const Candidate& c) { return c.logit < kth; });
}

float Candidates::max_logit() const { return std::ranges::max(items_, {}, &Candidate::logit).logit; }

double Candidates::weigh() {
  weights_.resize(items_.size());
  std::ranges::transform(items_, weights_.begin(), &Candidate::logit);
  softmax_simd(weights_.data(), 1.0f, weights_.data(), 1, int64_t(weights_.size()));
  return -std::log(double{std::ranges::max(weights_)});  // the likeliest has probability 1 / sum
}

// The candidates in the order of keys_ (ties by id) up to the first at which the sum of weights_ reaches `mass`. Only
// the bucket in which that happens is sorted: weights are summed per bucket of 1/8 first.
Candidates::Cut Candidates::cut_by_mass(double mass) {
  constexpr size_t kBuckets = 256;
  const auto bucket_of = [](float key) { return size_t(std::min(key * 8.0f, float(kBuckets - 1))); };
  std::array<double, kBuckets> sums{};
  std::array<size_t, kBuckets> counts{};
  for (size_t i = 0; i < items_.size(); ++i) {
    const size_t b = bucket_of(keys_[i]);
    sums[b] += weights_[i];
    ++counts[b];
  }
  size_t bucket = 0, last_filled = 0;
  double before = 0;
  for (; bucket < kBuckets; ++bucket) {
    if (counts[bucket] == 0) continue;
    last_filled = bucket;
    if (before + sums[bucket] >= mass) break;
    before += sums[bucket];
  }
  if (bucket == kBuckets) {  // rounding left the total just below the mass: everything is kept
    bucket = last_filled;
    before = -std::numeric_limits<double>::infinity();
  }
  std::vector<size_t> inside;
  inside.reserve(counts[bucket]);
  for (size_t i = 0; i < items_.size(); ++i)
    if (bucket_of(keys_[i]) == bucket) inside.push_back(i);
  std::ranges::stable_sort(inside, {}, [&](size_t i) { return keys_[i]; });
  for (const size_t i : inside) {
    before += weights_[i];
    if (before >= mass) return {keys_[i], items_[i].id};
  }
  return {keys_[inside.back()], items_[inside.back()].id};
}

void Candidates::keep_top_p(double p) {
  if (p >= 1 || items_.size() < 2) return;
  weigh();
  // All tokens less likely than (1 - p) / n weigh less than 1 - p together, so the likelier ones reach p without them;
  // half of that leaves room for rounding.
  const auto floor = float(0.5 * (1 - p) / double(items_.size()));
  size_t kept = 0;
  for (size_t i = 0; i < items_.size(); ++i) {
    if (weights_[i] < floor) continue;
    items_[kept] = items_[i];
    weights_[kept++] = weights_[i];
  }
  items_.resize(kept);
  weights_.resize(kept);
  keys_.resize(kept);
  const float top = max_logit();
  for (size_t i = 0; i < kept; ++i) keys_[i] = top - items_[i].logit;
  const Cut cut = cut_by_mass(p);
  std::erase_if(items_, [&](const Candidate& c) {
    const float key = top - c.logit;
    return key > cut.key || (key == cut.key && c.id > cut.id);
  });
}

void Candidates::keep_min_p(double min_p) {
  if (min_p <= 0) return;
  const double floor = double{max_logit()} + std::log(std::min(min_p, 1.0));
  std::erase_if(items_, [&](const Candidate& c) { return c.logit < floor; });
}

double Candidates::surprises() {
  const double log_sum = weigh(), top = max_logit();
  keys_.resize(items_.size());
  double entropy = 0;
  for (size_t i = 0; i < items_.size(); ++i) {
    const double surprise = log_sum + top - items_[i].logit;  // -log p
    keys_[i] = float(surprise);
    entropy += weights_[i] * surprise;
  }
  return entropy;
}

void Candidates::keep_typical(double mass) {
  if (mass >= 1 || items_.size() < 2) return;
  const double entropy = surprises();
  for (float& key : keys_) key = float(std::abs(key - entropy));
  const Cut cut = cut_by_mass(mass);
  size_t i = 0;  // erase_if calls once per item, in order
  std::erase_if(items_, [&](const Candidate&) { return keys_[i++] > cut.key; });
}

void Candidates::cut_epsilon(double epsilon) {
  if (epsilon <= 0) return;
  weigh();
  const float top = max_logit();
  size_t i = 0;
  std::erase_if(items_, [&](const Candidate& c) { return weights_[i++] < epsilon && c.logit < top; });
}

void Candidates::cut_eta(double eta) {
  if (eta <= 0) return;
  cut_epsilon(std::min(eta, std::sqrt(eta) * std::exp(-surprises())));
}

std::span<const float> Candidates::probabilities() {
  weigh();
  return weights_;
}

int32_t Candidates::draw(double u) {
  weigh();
  double left = u;
  int32_t last = items_.front().id;
  for (size_t i = 0; i < items_.size() && left >= 0; ++i) {
    if (weights_[i] > 0) last = items_[i].id;
    left -= weights_[i];
  }
  return last;
}

}  // namespace quern
