// SPDX-License-Identifier: MIT
#pragma once
// Strings with ids, packed: one arena, one flat hash table. Serves as a model's vocabulary and, once more, as the table
// of raw bytes behind it.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

// Ids are at most this, so that a damaged file can't ask for gigabytes and a pair of ids fits into 42 bits.
inline constexpr TokenId kMaxTokenId = (1 << 21) - 1;

uint64_t hash_bytes(std::string_view bytes);

inline bool is_hidden(const std::vector<TokenId>& sorted, TokenId id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

class Vocabulary;
// The ids of a vocabulary's single characters, by code point; -1 where there is none.
std::vector<TokenId> single_characters(const Vocabulary& vocabulary);

class Vocabulary {
 public:
  // False when the id is taken or (the first string keeps its id) the string is known.
  bool add(TokenId id, std::string_view text);
  TokenId find(std::string_view text) const;  // -1 when there is none
  bool contains(TokenId id) const {
    return id >= 0 && static_cast<size_t>(id) < spans_.size() && spans_[static_cast<size_t>(id)].used;
  }
  std::string_view text_of(TokenId id) const {  // id must be contained
    const Span& span = spans_[static_cast<size_t>(id)];
    return {arena_.data() + span.begin, span.size};
  }
  TokenId id_limit() const { return static_cast<TokenId>(spans_.size()); }  // largest id + 1
  size_t count() const { return count_; }

 private:
  struct Span {
    uint32_t begin = 0, size : 31 = 0, used : 1 = 0;
  };
  // Open addressing. The hash says without a look at the text that a string is another one, and where it goes when the
  // table grows.
  struct Slot {
    uint32_t hash = 0;
    TokenId id = -1;  // free
  };
  std::string arena_;
  std::vector<Span> spans_;  // by id
  std::vector<Slot> slots_;
  size_t count_ = 0;
  size_t slot_of(std::string_view text, uint32_t hash) const;  // where it stands, or the free one where it would
  void grow();
};

}  // namespace quern
