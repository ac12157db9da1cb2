// SPDX-License-Identifier: MIT
#pragma once
// What one thread needs while it encodes, kept by the tokenizer between calls: buffers, and a memory of words seen.

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/tokenizer.h"

namespace quern {

// kMasks[n]: the first n of 16 bytes, as two words.
inline constexpr auto kMasks = [] {
  std::array<std::array<uint64_t, 2>, 16> masks{};
  for (size_t n = 0; n < 16; ++n) {
    for (size_t byte = 0; byte < n; ++byte) masks[n][byte / 8] |= uint64_t{0xFF} << byte % 8 * 8;
  }
  return masks;
}();

// Words of up to 15 bytes -> up to 3 ids. Direct-mapped: a newcomer takes the place, so the size is fixed, nothing is
// ever freed, and a text of random words costs no more than a text without a cache.
class WordCache {
 public:
  static constexpr size_t kMaxBytes = 15, kMaxIds = 3;
  struct Key {
    uint64_t low, high;  // the bytes, zero-filled; the top byte is the length, so no word has the key 0
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key{0, 0};
    TokenId ids[kMaxIds] = {};
    uint32_t count = 0;
  };

  // `readable`: bytes that may be read from `word` on, at least `size`.
  static Key key_of(const char* word, size_t size, size_t readable) {
    Key key;
    if (readable >= 16) [[likely]] {
      std::memcpy(&key, word, 16);
    } else {
      key = {0, 0};
      std::memcpy(&key, word, size);
    }
    key.low &= kMasks[size][0];
    key.high = (key.high & kMasks[size][1]) | uint64_t{size} << 56;
    return key;
  }
  Entry& place(const Key& key) {
    return entries_[(key.low * 0x9E3779B97F4A7C15u + key.high * 0xC2B2AE3D27D4EB4Fu) >> shift_];
  }
  // To be told of every miss: the table grows as long as it is asked for much.
  void count_miss() {
    if (++misses_ >= entries_.size() * 2 && entries_.size() < kMaxEntries) {
      misses_ = 0;
      shift_ -= 2;
      entries_.assign(entries_.size() * 4, {});
    }
  }

 private:
  static constexpr size_t kMaxEntries = size_t{1} << 15;  // 1 MB
  std::vector<Entry> entries_ = std::vector<Entry>(size_t{1} << 9);
  int shift_ = 64 - 9;
  size_t misses_ = 0;
};

// A place in the text a Unigram model works on: the best way to get there ends with a token of `back` bytes.
struct UnigramNode {
  double score = 0;
  uint32_t back = 0;  // 0: no way known
  TokenId id = -1;
};

struct EncodeScratch {
  WordCache cache;
  std::vector<TokenId> symbols;
  std::vector<uint32_t> ranks;
  std::vector<int32_t> next, previous;
  std::vector<uint64_t> heap, closed;
  size_t merged_bytes = 0;  // of words that went the plain way
  std::vector<UnigramNode> lattice;
  std::string valid, normalized;
  std::vector<TextSegment> segments, normalized_segments;
  std::vector<TokenId> ids;
};

// Hands out scratch to threads; as many exist as ever worked at once.
class ScratchPool {
 public:
  class Lease {
   public:
    explicit Lease(ScratchPool& pool) : pool_(pool), scratch_(pool.take()) {}
    ~Lease() { pool_.give(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    EncodeScratch& operator*() const { return *scratch_; }

   private:
    ScratchPool& pool_;
    std::unique_ptr<EncodeScratch> scratch_;
  };

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<EncodeScratch>> idle_;
  std::unique_ptr<EncodeScratch> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto scratch = std::move(idle_.back());
        idle_.pop_back();
        return scratch;
      }
    }
    return std::make_unique<EncodeScratch>();
  }
  void give(std::unique_ptr<EncodeScratch> scratch) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(scratch));
  }
};

}  // namespace quern
