// SPDX-License-Identifier: MIT
#include "eval/ngram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"

namespace quern {

namespace {

constexpr uint32_t kNone = UINT32_MAX;

#pragma pack(push, 4)
struct Entry {  // an n-gram's occurrence: (node of its first n-1 words, its last word), and where it ends
  uint64_t key;
  uint32_t position;
};
#pragma pack(pop)

// Least significant digit first; stable, so equal keys stay in order of position.
void radix_sort(std::vector<Entry>& entries, std::vector<Entry>& other, int bits) {
  constexpr int kDigit = 11;
  for (int shift = 0; shift < bits; shift += kDigit) {
    std::array<size_t, size_t{1} << kDigit> start{};
    constexpr uint64_t kMask = (uint64_t{1} << kDigit) - 1;
    for (const Entry& e : entries) ++start[(e.key >> shift) & kMask];
    size_t sum = 0;
    for (size_t& s : start) sum += std::exchange(s, sum);
    other.resize(entries.size());
    for (const Entry& e : entries) other[start[(e.key >> shift) & kMask]++] = e;
    entries.swap(other);
  }
}

}  // namespace

// A trie by words from left to right. Nodes of level k are the distinct k-grams, sorted by (prefix node, last word), so
// that the continuations of one context lie side by side.
struct NgramModel::Impl {
  struct Level {                       // k-grams
    std::vector<uint32_t> word;        // last word
    std::vector<uint32_t> count;       // occurrences (highest order) or distinct words before it (all lower ones)
    std::vector<uint32_t> begin;       // children in the next level: [begin[i], begin[i+1])
    std::vector<float> inverse_sum;    // 1 / sum of the children's counts; 0: none
    std::vector<float> backoff;        // weight of the lower order after this context
    std::array<double, 4> discount{};  // of counts 0, 1, 2, 3+
  };
  int order;
  int64_t V;
  std::vector<Level> levels;  // 0..order; level 0 is the empty context

  uint32_t child(int k, uint32_t node, uint32_t w) const {
    const Level& level = levels[size_t(k)];
    const auto& word = levels[size_t(k) + 1].word;
    const auto first = word.begin() + level.begin[node], last = word.begin() + level.begin[node + 1];
    const auto it = std::lower_bound(first, last, w);
    return it != last && *it == w ? uint32_t(it - word.begin()) : kNone;
  }

  // Contexts of length 0..order-1 that end before the current word; kNone beyond the longest that was seen.
  using Contexts = std::array<uint32_t, 9>;

  // Probability of w after the contexts, which then move on past w. Chen & Goodman 1999, eq. 16 and 17, written from
  // the lowest order up: p_k(w|c) = max(0, a(cw) - D(a(cw))) / a(c.) + backoff(c) p_{k-1}(w|c').
  double step(Contexts& contexts, uint32_t w) const {
    double p = 1.0 / double(V);
    Contexts next;
    next.fill(kNone);
    next[0] = 0;
    for (int k = 0; k < order; ++k) {
      const uint32_t c = contexts[size_t(k)];
      if (c == kNone) break;
      const Level& level = levels[size_t(k)];
      const Level& above = levels[size_t(k) + 1];
      const uint32_t node = child(k, c, w);
      if (level.inverse_sum[c] > 0) {
        p *= level.backoff[c];
        if (node != kNone) {
          const uint32_t a = above.count[node];
          p += (double(a) - above.discount[std::min(a, 3u)]) * level.inverse_sum[c];
        }
      }
      if (k + 1 < order) next[size_t(k) + 1] = node;
    }
    contexts = next;
    return p;
  }
};

NgramModel::NgramModel(std::span<const int32_t> tokens, int64_t V, int order) : impl_(std::make_unique<Impl>()) {
  if (order < 1 || order > 8)
    throw Error(ErrorKind::InvalidArgument, "an n-gram order of {} is not between 1 and 8", order);
  if (V < 1) throw Error(ErrorKind::InvalidArgument, "an n-gram model needs a vocabulary");
  if (tokens.size() >= kNone)
    throw Error(ErrorKind::Resources, "{} tokens are too many for the n-gram model", tokens.size());
  for (int32_t id : tokens)
    if (id < 0 || id >= V) throw Error(ErrorKind::InvalidArgument, "token {} is outside a vocabulary of {}", id, V);
  Impl& m = *impl_;
  m.order = order;
  m.V = V;
  m.levels.resize(size_t(order) + 1);
  m.levels[0].word = {0};
  m.levels[0].count = {0};

  const size_t n = tokens.size();
  std::vector<uint32_t> prefix(n, 0),
      node(n);  // at each position: the (k-1)-gram before it, the k-gram that ends there
  std::vector<Entry> entries, other;
  const int word_bits = std::bit_width(uint64_t(V - 1));
  for (int k = 1; k <= order; ++k) {
    auto& above = m.levels[size_t(k) - 1];
    auto& level = m.levels[size_t(k)];
    // prefix[i]: node of the (k-1)-gram that ends at i-1.
    entries.clear();
    entries.reserve(n);
    for (size_t i = size_t(k) - 1; i < n; ++i)
      entries.push_back({(uint64_t(prefix[i]) << word_bits) | uint64_t(tokens[i]), uint32_t(i)});
    radix_sort(entries, other, word_bits + int(std::bit_width(above.word.size() - 1)));

    above.begin.assign(above.word.size() + 1, 0);
    for (size_t e = 0; e < entries.size();) {
      size_t end = e + 1;
      while (end < entries.size() && entries[end].key == entries[e].key) ++end;
      const uint32_t id = uint32_t(level.word.size());
      level.word.push_back(uint32_t(entries[e].key & ((uint64_t{1} << word_bits) - 1)));
      level.count.push_back(uint32_t(end - e));
      ++above.begin[size_t(entries[e].key >> word_bits) + 1];
      for (; e < end; ++e) node[entries[e].position] = id;
    }
    for (size_t i = 1; i < above.begin.size(); ++i) above.begin[i] += above.begin[i - 1];
    level.word.shrink_to_fit();
    level.count.shrink_to_fit();

    if (k > 1) {
      // Kneser-Ney: a lower order counts in how many different places its n-gram was seen. Each distinct k-gram is one
      // place of the (k-1)-gram that is its end: that is the node which was current at the same position one round ago.
      // `previous` lives in prefix, one position on.
      std::fill(above.count.begin(), above.count.end(), 0);
      uint32_t last = kNone;
      for (const Entry& e : entries) {
        if (node[e.position] == last) continue;
        last = node[e.position];
        // The (k-1)-gram that ends here is the prefix of whatever follows; it was stored for position + 1, and for the
        // very last token in the spare place.
        ++above.count[e.position + 1 < n ? prefix[e.position + 1] : prefix[0]];
      }
    }
    if (k == order) break;
    // Next round's prefixes, kept one place on; prefix[0] is free and takes the last token's.
    if (n > 0) {
      for (size_t i = n; i-- > 1;) prefix[i] = node[i - 1];
      prefix[0] = node[n - 1];
    }
  }
  std::vector<Entry>().swap(entries);
  std::vector<Entry>().swap(other);

  for (int k = 1; k <= order; ++k) {
    auto& above = m.levels[size_t(k) - 1];
    auto& level = m.levels[size_t(k)];
    // Discounts: Chen & Goodman 1999, eq. 17. Where a count of counts is 0, or the estimate takes nothing or
    // everything, half of the count: whatever is never given up would leave unseen words with no probability.
    std::array<double, 5> n_of{};
    for (uint32_t c : level.count)
      if (c >= 1 && c <= 4) ++n_of[c];
    const double Y = n_of[1] + 2 * n_of[2] > 0 ? n_of[1] / (n_of[1] + 2 * n_of[2]) : 0;
    for (size_t c = 1; c <= 3; ++c) {
      const double d = n_of[c] > 0 ? double(c) - double(c + 1) * Y * n_of[c + 1] / n_of[c] : 0;
      level.discount[c] = d > 0 && d < double(c) ? d : 0.5 * double(c);
    }
    above.inverse_sum.assign(above.word.size(), 0);
    above.backoff.assign(above.word.size(), 0);
    for (size_t c = 0; c < above.word.size(); ++c) {
      double sum = 0, given_up = 0;
      for (uint32_t i = above.begin[c]; i < above.begin[c + 1]; ++i) {
        sum += level.count[i];
        given_up += level.discount[std::min(level.count[i], 3u)];
      }
      if (sum <= 0) continue;
      above.inverse_sum[c] = float(1 / sum);
      above.backoff[c] = float(given_up / sum);
    }
  }
}

NgramModel::~NgramModel() = default;
NgramModel::NgramModel(NgramModel&&) noexcept = default;
int NgramModel::order() const { return impl_->order; }

double NgramModel::bits(std::span<const int32_t> tokens, std::span<float> per_token) const {
  Impl::Contexts contexts;
  contexts.fill(kNone);
  contexts[0] = 0;
  double total = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const double bits = -std::log2(impl_->step(contexts, uint32_t(tokens[i])));
    if (!per_token.empty()) per_token[i] = float(bits);
    total += bits;
  }
  return total;
}

double NgramModel::probability(std::span<const int32_t> context, int32_t token) const {
  Impl::Contexts contexts;
  contexts.fill(kNone);
  contexts[0] = 0;
  const size_t use = std::min(context.size(), size_t(impl_->order) - 1);
  for (int32_t w : context.last(use)) impl_->step(contexts, uint32_t(w));
  return impl_->step(contexts, uint32_t(token));
}

uint64_t NgramModel::num_ngrams() const {
  uint64_t sum = 0;
  for (const auto& level : impl_->levels) sum += level.word.size();
  return sum - 1;
}

uint64_t NgramModel::memory_bytes() const {
  uint64_t sum = 0;
  for (const auto& level : impl_->levels)
    sum += 4 * (level.word.capacity() + level.count.capacity() + level.begin.capacity() + level.inverse_sum.capacity() +
                level.backoff.capacity());
  return sum;
}

double NgramScore::perplexity() const { return std::exp2(bits_per_token()); }

NgramScore score_ngram(const TokenStore& train, const TokenStore& validation, int order, uint64_t max_train_tokens) {
  const uint64_t use = max_train_tokens > 0 ? std::min(max_train_tokens, train.size()) : train.size();
  std::vector<int32_t> ids(use);
  train.copy(train.size() - use, ids);
  const NgramModel model(ids, std::max(train.vocab_size(), validation.vocab_size()), order);
  ids.resize(validation.size());
  validation.copy(0, ids);
  return {.bits = model.bits(ids),
          .tokens = validation.size(),
          .bytes = validation.text_bytes(),
          .train_tokens = use,
          .ngrams = model.num_ngrams()};
}

}  // namespace quern
