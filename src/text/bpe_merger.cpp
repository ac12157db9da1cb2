// SPDX-License-Identifier: MIT
#include "text/bpe_merger.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/terminal.h"
#include "text/byte_level.h"

namespace quern {
namespace {

uint64_t pair_key(TokenId left, TokenId right) { return uint64_t(uint32_t(left)) << 32 | uint32_t(right); }

// Pair -> how often it occurs in the corpus. Open addressing; pairs are never removed.
class PairCounts {
 public:
  int64_t& operator[](uint64_t key) {
    if ((used_ + 1) * 10 > slots_.size() * 6) grow();
    Slot& slot = slots_[find(key)];
    if (slot.key == kFree) slot.key = key, ++used_;
    return slot.count;
  }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  struct Slot {
    uint64_t key = kFree;
    int64_t count = 0;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(size_t{1} << 16);
  int shift_ = 64 - 16;
  size_t used_ = 0;

  size_t find(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t at = ((key ^ key >> 29) * 0x9E3779B97F4A7C15u) >> shift_;
    while (slots_[at].key != key && slots_[at].key != kFree) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.size() * 2, {});
    --shift_;
    for (const Slot& slot : old) {
      if (slot.key != kFree) slots_[find(slot.key)] = slot;
    }
  }
};

// A pair waiting to be merged, with the words it was seen in.
struct Candidate {
  uint64_t count;
  TokenId left, right;
  uint32_t num_words;
  uint32_t only_word;  // when num_words is 1; most candidates are that rare
  std::unique_ptr<uint32_t[]> words;

  std::span<const uint32_t> places() const {
    return num_words == 1 ? std::span(&only_word, 1) : std::span<const uint32_t>(words.get(), num_words);
  }
};

// Candidates by count, then by the smaller pair. Only those with at least `threshold_` lie in the heap; the many rare
// ones wait unsorted until the heap has come down to them.
class CandidateQueue {
 public:
  void push(Candidate candidate) {
    if (candidate.count < threshold_) {
      rare_.push_back(std::move(candidate));
      return;
    }
    heap_.push_back(std::move(candidate));
    std::push_heap(heap_.begin(), heap_.end(), behind);
  }
  // Makes the heap of what was pushed with the heap empty.
  void start() {
    for (const Candidate& candidate : heap_) threshold_ = std::max(threshold_, candidate.count / 64 + 1);
    rare_ = std::move(heap_);
    heap_.clear();
    refill();
  }
  bool pop(Candidate& out) {
    while (heap_.empty() && !rare_.empty()) {
      threshold_ /= 4;
      refill();
    }
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), behind);
    out = std::move(heap_.back());
    heap_.pop_back();
    return true;
  }

 private:
  std::vector<Candidate> heap_, rare_;
  uint64_t threshold_ = 0;

  static bool behind(const Candidate& a, const Candidate& b) {
    if (a.count != b.count) return a.count < b.count;
    return pair_key(a.left, a.right) > pair_key(b.left, b.right);
  }
  void refill() {
    size_t kept = 0;
    for (size_t i = 0; i < rare_.size(); ++i) {
      if (rare_[i].count >= threshold_) {
        heap_.push_back(std::move(rare_[i]));
      } else {
        if (kept != i) rare_[kept] = std::move(rare_[i]);
        ++kept;
      }
    }
    rare_.resize(kept);
    std::make_heap(heap_.begin(), heap_.end(), behind);
  }
};

// Changes of one merge, by the neighbour on one side: how often an old pair went, a new pair came, and where.
class NeighbourChanges {
 public:
  explicit NeighbourChanges(size_t max_tokens) : by_token_(max_tokens) {}

  struct Change {
    int64_t gone = 0, come = 0;
    std::vector<uint32_t> words;
    bool touched = false;
  };
  Change& at(TokenId token) {
    Change& change = by_token_[static_cast<size_t>(token)];
    if (!change.touched) change.touched = true, touched_.push_back(token);
    return change;
  }
  static void came(Change& change, uint32_t word, int64_t count) {
    change.come += count;
    if (change.words.empty() || change.words.back() != word) change.words.push_back(word);
  }
  const std::vector<TokenId>& touched() const { return touched_; }
  void clear() {
    for (TokenId token : touched_) {
      Change& change = by_token_[static_cast<size_t>(token)];
      change.gone = change.come = 0;
      change.touched = false;
      if (change.words.capacity() > 64) std::vector<uint32_t>().swap(change.words);
      change.words.clear();
    }
    touched_.clear();
  }

 private:
  std::vector<Change> by_token_;
  std::vector<TokenId> touched_;
};

class Merger {
 public:
  Merger(WordCounts words, const MergeOptions& options)
      : options_(options),
        left_(static_cast<size_t>(options.vocab_size)),
        right_(static_cast<size_t>(options.vocab_size)) {
    for (const std::string& token : options.special_tokens) {
      special_.insert(token);
      if (std::string raw; surface_to_bytes(token, raw)) special_.insert(raw);
      out_.tokens.push_back(token);
    }
    for (uint8_t byte : bytes_by_char()) {
      byte_ids_[byte] = static_cast<TokenId>(out_.tokens.size());
      add_token(std::string(1, static_cast<char>(byte)));
    }
    symbols_.reserve(words.bytes.size());
    begins_.reserve(words.size());
    lengths_.reserve(words.size());
    counts_.reserve(words.size());
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words.word(i);
      if (word.size() < 2) continue;  // nothing to merge
      begins_.push_back(symbols_.size());
      lengths_.push_back(static_cast<uint32_t>(word.size()));
      counts_.push_back(static_cast<int64_t>(words.counts[i]));
      for (char c : word) symbols_.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    }
    QUERN_CHECK(counts_.size() < UINT32_MAX, "{} distinct words", counts_.size());
  }

  MergedVocabulary run() {
    count_bytes();
    const size_t wanted = static_cast<size_t>(options_.vocab_size), start = out_.tokens.size();
    Candidate top;
    while (out_.tokens.size() < wanted && queue_.pop(top)) {
      const int64_t count = pair_counts_[pair_key(top.left, top.right)];
      if (count < 1) continue;
      if (top.count != static_cast<uint64_t>(count)) {  // pairs beside it have been merged since it was counted
        top.count = static_cast<uint64_t>(count);
        queue_.push(std::move(top));
        continue;
      }
      if (count < options_.min_frequency) break;
      merge(top);
      if (out_.merges.size() % 256 == 0) {
        if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped while training the tokenizer");
        if (options_.on_progress) options_.on_progress(double(out_.tokens.size() - start) / double(wanted - start));
      }
    }
    return std::move(out_);
  }

 private:
  const MergeOptions& options_;
  MergedVocabulary out_;
  std::unordered_map<std::string, TokenId> ids_;  // of byte strings
  std::unordered_set<std::string> special_;
  std::array<TokenId, 256> byte_ids_{};
  // Word w is symbols_[begins_[w], + lengths_[w]) and occurs counts_[w] times.
  std::vector<TokenId> symbols_;
  std::vector<uint64_t> begins_;
  std::vector<uint32_t> lengths_;
  std::vector<int64_t> counts_;
  PairCounts pair_counts_;
  CandidateQueue queue_;
  NeighbourChanges left_, right_;

  void add_token(std::string bytes) {
    ids_.emplace(bytes, static_cast<TokenId>(out_.tokens.size()));
    out_.tokens.push_back(std::move(bytes));
  }
  bool is_too_long(TokenId a, TokenId b) const {
    if (options_.max_token_length == 0) return false;
    return out_.tokens[static_cast<size_t>(a)].size() + out_.tokens[static_cast<size_t>(b)].size() >
           options_.max_token_length;
  }

  // The pairs of bytes: counted in a square table, their words laid out by counting first and filling then.
  void count_bytes() {
    const size_t first = options_.special_tokens.size();
    const auto index = [first](TokenId a, TokenId b) {
      return (static_cast<size_t>(a) - first) * 256 + static_cast<size_t>(b) - first;
    };
    std::vector<int64_t> counts(65536);
    std::vector<uint32_t> num_words(65536), last_word(65536, UINT32_MAX);
    const auto each_pair = [&](auto&& visit) {
      for (uint32_t w = 0; w < counts_.size(); ++w) {
        const TokenId* word = symbols_.data() + begins_[w];
        for (uint32_t i = 0; i + 1 < lengths_[w]; ++i) visit(index(word[i], word[i + 1]), w);
      }
    };
    each_pair([&](size_t pair, uint32_t w) {
      counts[pair] += counts_[w];
      if (last_word[pair] != w) last_word[pair] = w, ++num_words[pair];
    });
    std::vector<Candidate> candidates(65536);
    for (size_t pair = 0; pair < 65536; ++pair) {
      if (counts[pair] == 0) continue;
      Candidate& candidate = candidates[pair];
      candidate.count = static_cast<uint64_t>(counts[pair]);
      candidate.left = static_cast<TokenId>(pair / 256 + first);
      candidate.right = static_cast<TokenId>(pair % 256 + first);
      candidate.num_words = num_words[pair];
      if (num_words[pair] > 1) candidate.words = std::make_unique_for_overwrite<uint32_t[]>(num_words[pair]);
      pair_counts_[pair_key(candidate.left, candidate.right)] = counts[pair];
    }
    std::fill(last_word.begin(), last_word.end(), UINT32_MAX);
    std::fill(num_words.begin(), num_words.end(), 0);
    each_pair([&](size_t pair, uint32_t w) {
      if (last_word[pair] == w) return;
      last_word[pair] = w;
      Candidate& candidate = candidates[pair];
      if (candidate.num_words == 1) {
        candidate.only_word = w;
      } else {
        candidate.words[num_words[pair]++] = w;
      }
    });
    for (Candidate& candidate : candidates) {
      if (candidate.num_words > 0 && !is_too_long(candidate.left, candidate.right)) queue_.push(std::move(candidate));
    }
    queue_.start();
  }

  void merge(const Candidate& pair) {
    const TokenId a = pair.left, b = pair.right;
    std::string bytes = out_.tokens[static_cast<size_t>(a)] + out_.tokens[static_cast<size_t>(b)];
    if (special_.contains(bytes)) return;  // or text could forge a special token
    // Two pairs can spell the same token; it has one id.
    const auto known = ids_.find(bytes);
    const TokenId joined = known != ids_.end() ? known->second : static_cast<TokenId>(out_.tokens.size());
    if (known == ids_.end()) add_token(std::move(bytes));
    out_.merges.push_back({a, b, joined});

    for (uint32_t w : pair.places()) merge_in_word(w, a, b, joined);

    for (TokenId x : left_.touched()) pair_counts_[pair_key(x, a)] -= left_.at(x).gone;
    for (TokenId y : right_.touched()) pair_counts_[pair_key(b, y)] -= right_.at(y).gone;
    for (TokenId x : left_.touched()) {
      if (left_.at(x).come > 0) pair_counts_[pair_key(x, joined)] += left_.at(x).come;
    }
    for (TokenId y : right_.touched()) {
      if (right_.at(y).come > 0) pair_counts_[pair_key(joined, y)] += right_.at(y).come;
    }
    for (TokenId x : left_.touched()) offer(x, joined, left_.at(x));
    for (TokenId y : right_.touched()) offer(joined, y, right_.at(y));
    left_.clear();
    right_.clear();
  }

  // Joins each (a, b) of word w, from the left, and notes which pairs went and came.
  void merge_in_word(uint32_t w, TokenId a, TokenId b, TokenId joined) {
    TokenId* word = symbols_.data() + begins_[w];
    const uint32_t length = lengths_[w];
    const int64_t count = counts_[w];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < length; ++i) {
      if (word[i] != a || i + 1 == length || word[i + 1] != b) {
        word[kept++] = word[i];
        continue;
      }
      if (kept > 0) {
        const TokenId x = word[kept - 1];
        NeighbourChanges::Change& change = left_.at(x);
        change.gone += count;
        if (!is_too_long(x, joined)) NeighbourChanges::came(change, w, count);
      }
      if (i + 2 < length) {
        const TokenId y = word[i + 2];
        right_.at(y).gone += count;
        // (joined, joined) is kept on the left side alone, or it would be offered twice.
        if (!is_too_long(joined, y)) NeighbourChanges::came(y == joined ? left_.at(y) : right_.at(y), w, count);
      }
      word[kept++] = joined;
      ++i;
    }
    lengths_[w] = kept;
  }

  void offer(TokenId left, TokenId right, const NeighbourChanges::Change& change) {
    if (change.words.empty()) return;
    const int64_t count = pair_counts_[pair_key(left, right)];
    if (count <= 0) return;
    Candidate candidate{static_cast<uint64_t>(count),
                        left,
                        right,
                        static_cast<uint32_t>(change.words.size()),
                        change.words[0],
                        nullptr};
    if (change.words.size() > 1) {
      candidate.words = std::make_unique_for_overwrite<uint32_t[]>(change.words.size());
      std::copy(change.words.begin(), change.words.end(), candidate.words.get());
    }
    queue_.push(std::move(candidate));
  }
};

}  // namespace

MergedVocabulary learn_merges(WordCounts words, const MergeOptions& options) {
  return Merger(std::move(words), options).run();
}

}  // namespace quern
