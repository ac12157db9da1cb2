// SPDX-License-Identifier: MIT
#pragma once
// A hash table from words to 64-bit counts. Words of up to 15 bytes, nearly all, live in the slots themselves.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/encode_scratch.h"
#include "text/vocabulary.h"

namespace quern {

class WordTable {
 public:
  using Key = WordCache::Key;

  // `readable`: bytes that may be read from the word's begin on.
  void add(const char* word, size_t size, size_t readable, uint64_t count = 1) {
    if (size <= WordCache::kMaxBytes) [[likely]] {
      add_short(WordCache::key_of(word, size, readable), count);
    } else {
      add_long({word, size}, count);
    }
  }
  void add(std::string_view word, uint64_t count) { add(word.data(), word.size(), word.size(), count); }

  size_t size() const { return short_used_ + long_.size(); }
  size_t memory_bytes() const {
    return short_.size() * sizeof(Short) + long_slots_.size() * sizeof(uint32_t) + long_.capacity() * sizeof(Long) +
           arena_.capacity();
  }
  void clear() { *this = WordTable(); }

  template <typename Each>
  void for_each(Each&& each) const {  // each(word, count)
    for (const Short& entry : short_) {
      if (entry.count == 0) continue;
      char bytes[16];
      std::memcpy(bytes, &entry.key, 16);
      each(std::string_view(bytes, entry.key.high >> 56), entry.count);
    }
    for (const Long& entry : long_) each(std::string_view(arena_).substr(entry.begin, entry.size), entry.count);
  }

 private:
  struct Short {
    Key key{0, 0};
    uint64_t count = 0;  // 0: free
  };
  struct Long {
    uint64_t begin;
    uint32_t size, hash;
    uint64_t count;
  };
  std::vector<Short> short_ = std::vector<Short>(size_t{1} << 12);
  int shift_ = 64 - 12;
  size_t short_used_ = 0;
  std::vector<Long> long_;
  std::vector<uint32_t> long_slots_ = std::vector<uint32_t>(1024, UINT32_MAX);
  std::string arena_;

  size_t slot_of(const Key& key) const {
    return (key.low * 0x9E3779B97F4A7C15u + key.high * 0xC2B2AE3D27D4EB4Fu) >> shift_;
  }
  void add_short(const Key& key, uint64_t count) {
    const size_t mask = short_.size() - 1;
    for (size_t slot = slot_of(key);; slot = (slot + 1) & mask) {
      Short& entry = short_[slot];
      if (entry.key == key) {
        entry.count += count;
        return;
      }
      if (entry.count == 0) {
        entry = {key, count};
        if (++short_used_ * 10 > short_.size() * 6) grow_short();
        return;
      }
    }
  }
  void grow_short();
  void add_long(std::string_view word, uint64_t count);
};

}  // namespace quern
