// SPDX-License-Identifier: MIT
#pragma once
// Finds added tokens in text: leftmost, and the longest where several begin at one place.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

struct TextSegment {
  size_t begin, end;        // bytes
  const AddedToken* token;  // null: ordinary text
};

class AddedTokenMatcher {
 public:
  AddedTokenMatcher() = default;
  // `contents[i]` is what is looked for in place of tokens[i].content (it may have been normalized). `tokens` must
  // outlive the matcher.
  AddedTokenMatcher(std::vector<const AddedToken*> tokens, std::vector<std::string> contents);
  bool is_empty() const { return tokens_.empty(); }
  bool has_plain() const { return has_plain_; }  // some token is not special

  // Cuts `text` into tokens and what lies between, in order. A special token is passed over (and nothing is looked for
  // inside it) unless `parse_special`.
  void split(std::string_view text, bool parse_special, std::vector<TextSegment>& out) const;

 private:
  struct Node {
    std::vector<std::pair<unsigned char, uint32_t>> children;  // sorted by byte
    int32_t token = -1;
  };
  std::vector<const AddedToken*> tokens_;
  std::vector<Node> nodes_;
  std::array<uint32_t, 256> roots_{};  // 0: no token begins with this byte
  int single_root_ = -1;               // the only first byte, if there is only one
  bool has_plain_ = false;

  int32_t longest_at(std::string_view text, size_t at, size_t& end) const;
};

}  // namespace quern
