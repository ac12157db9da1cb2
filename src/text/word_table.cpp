// SPDX-License-Identifier: MIT
#include "text/word_table.h"

#include "base/error.h"

namespace quern {

void WordTable::grow_short() {
  std::vector<Short> old = std::move(short_);
  short_.assign(old.size() * 2, {});
  --shift_;
  const size_t mask = short_.size() - 1;
  for (const Short& entry : old) {
    if (entry.count == 0) continue;
    size_t slot = slot_of(entry.key);
    while (short_[slot].count != 0) slot = (slot + 1) & mask;
    short_[slot] = entry;
  }
}

void WordTable::add_long(std::string_view word, uint64_t count) {
  const auto hash = static_cast<uint32_t>(hash_bytes(word));
  size_t slot = hash & (long_slots_.size() - 1);
  while (long_slots_[slot] != UINT32_MAX) {
    Long& entry = long_[long_slots_[slot]];
    if (entry.hash == hash && std::string_view(arena_).substr(entry.begin, entry.size) == word) {
      entry.count += count;
      return;
    }
    slot = (slot + 1) & (long_slots_.size() - 1);
  }
  QUERN_CHECK(long_.size() < UINT32_MAX, "too many words for one table");
  long_slots_[slot] = static_cast<uint32_t>(long_.size());
  long_.push_back({arena_.size(), static_cast<uint32_t>(word.size()), hash, count});
  arena_ += word;
  if (long_.size() * 2 > long_slots_.size()) {
    long_slots_.assign(long_slots_.size() * 2, UINT32_MAX);
    for (size_t i = 0; i < long_.size(); ++i) {
      slot = long_[i].hash & (long_slots_.size() - 1);
      while (long_slots_[slot] != UINT32_MAX) slot = (slot + 1) & (long_slots_.size() - 1);
      long_slots_[slot] = static_cast<uint32_t>(i);
    }
  }
}

}  // namespace quern
