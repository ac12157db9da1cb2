// SPDX-License-Identifier: MIT
#include "text/vocabulary.h"

#include <cstring>

#include "base/error.h"
#include "text/unicode.h"

namespace quern {

uint64_t hash_bytes(std::string_view bytes) {
  // Eight bytes at a time through a multiply-and-fold; quality is enough for open addressing, not for anything else.
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  uint64_t hash = bytes.size() * kMultiplier;
  const char* p = bytes.data();
  size_t left = bytes.size();
  const auto mix = [&](uint64_t word) {
    const auto product = static_cast<unsigned __int128>(hash ^ word) * kMultiplier;
    hash = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    mix(word);
  }
  if (left > 0) {
    uint64_t word = 0;
    std::memcpy(&word, p, left);
    mix(word);
  }
  return hash;
}

bool Vocabulary::add(TokenId id, std::string_view text) {
  QUERN_CHECK(id >= 0 && id <= kMaxTokenId, "token id {}", id);
  if (contains(id)) return false;
  if ((count_ + 1) * 2 > slots_.size()) grow();
  const auto hash = static_cast<uint32_t>(hash_bytes(text));
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.id >= 0) return false;
  slot = {hash, id};
  ++count_;
  if (static_cast<size_t>(id) >= spans_.size()) spans_.resize(static_cast<size_t>(id) + 1);
  Span& span = spans_[static_cast<size_t>(id)];
  span.begin = static_cast<uint32_t>(arena_.size());
  span.size = static_cast<uint32_t>(text.size()) & 0x7FFFFFFF;
  span.used = 1;
  arena_ += text;
  QUERN_CHECK(arena_.size() < UINT32_MAX, "a vocabulary of {} bytes", arena_.size());
  return true;
}

void Vocabulary::grow() {
  std::vector<Slot> before(slots_.empty() ? 1024 : slots_.size() * 2);
  std::swap(before, slots_);
  for (const Slot& moved : before) {
    if (moved.id < 0) continue;
    size_t slot = moved.hash & (slots_.size() - 1);
    while (slots_[slot].id >= 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = moved;
  }
}

size_t Vocabulary::slot_of(std::string_view text, uint32_t hash) const {
  size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot].id >= 0 && (slots_[slot].hash != hash || text_of(slots_[slot].id) != text))
    slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

TokenId Vocabulary::find(std::string_view text) const {
  return slots_.empty() ? -1 : slots_[slot_of(text, static_cast<uint32_t>(hash_bytes(text)))].id;
}

std::vector<TokenId> single_characters(const Vocabulary& vocabulary) {
  std::vector<TokenId> ids;
  for (TokenId id = 0; id < vocabulary.id_limit(); ++id) {
    if (!vocabulary.contains(id) || vocabulary.text_of(id).empty()) continue;
    const CodePoint c = decode_utf8(vocabulary.text_of(id).data());
    if (static_cast<size_t>(c.length) != vocabulary.text_of(id).size()) continue;
    if (c.value >= ids.size()) ids.resize(c.value + 1, -1);
    ids[c.value] = id;
  }
  return ids;
}

}  // namespace quern
