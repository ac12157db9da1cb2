// SPDX-License-Identifier: MIT
#include "text/added_tokens.h"

#include <algorithm>
#include <cstring>

#include "text/unicode.h"

namespace quern {

AddedTokenMatcher::AddedTokenMatcher(std::vector<const AddedToken*> tokens, std::vector<std::string> contents)
    : tokens_(std::move(tokens)), nodes_(1) {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (contents[i].empty()) continue;
    has_plain_ |= !tokens_[i]->special;
    uint32_t node = 0;
    for (char c : contents[i]) {
      const auto byte = static_cast<unsigned char>(c);
      auto& children = nodes_[node].children;
      const auto place = std::lower_bound(children.begin(), children.end(), std::pair{byte, uint32_t{0}});
      if (place != children.end() && place->first == byte) {
        node = place->second;
      } else {
        const auto fresh = static_cast<uint32_t>(nodes_.size());
        children.insert(place, {byte, fresh});
        nodes_.emplace_back();
        node = fresh;
      }
    }
    nodes_[node].token = static_cast<int32_t>(i);
  }
  for (const auto& [byte, node] : nodes_[0].children) roots_[byte] = node;
  if (nodes_[0].children.size() == 1) single_root_ = nodes_[0].children[0].first;
}

int32_t AddedTokenMatcher::longest_at(std::string_view text, size_t at, size_t& end) const {
  int32_t found = -1;
  uint32_t node = roots_[static_cast<unsigned char>(text[at])];
  while (true) {
    ++at;
    if (nodes_[node].token >= 0) {
      found = nodes_[node].token;
      end = at;
    }
    if (at == text.size()) return found;
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto& children = nodes_[node].children;
    const auto place = std::lower_bound(children.begin(), children.end(), std::pair{byte, uint32_t{0}});
    if (place == children.end() || place->first != byte) return found;
    node = place->second;
  }
}

void AddedTokenMatcher::split(std::string_view text, bool parse_special, std::vector<TextSegment>& out) const {
  const CharTable& table = char_table();
  size_t text_begin = 0;  // of the ordinary text not yet handed out
  size_t at = 0;
  while (!tokens_.empty() && at < text.size()) {
    if (single_root_ >= 0) {
      const void* hit = std::memchr(text.data() + at, single_root_, text.size() - at);
      if (hit == nullptr) break;
      at = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
    } else if (roots_[static_cast<unsigned char>(text[at])] == 0) {
      ++at;
      continue;
    }
    size_t end = 0;
    const int32_t index = longest_at(text, at, end);
    if (index < 0) {
      ++at;
      continue;
    }
    size_t begin = at;
    at = end;
    const AddedToken& token = *tokens_[static_cast<size_t>(index)];
    if (token.special && !parse_special) continue;
    if (token.single_word) {
      const bool word_before = begin > 0 && (table[decode_utf8_before(text.data() + begin).value] & kWord);
      const bool word_after = end < text.size() && (table[decode_utf8(text.data() + end).value] & kWord);
      if (word_before || word_after) continue;
    }
    if (token.lstrip) {
      while (begin > text_begin) {
        const CodePoint c = decode_utf8_before(text.data() + begin);
        if (!(table[c.value] & kSpace)) break;
        begin -= static_cast<size_t>(c.length);
      }
    }
    if (token.rstrip) {
      while (end < text.size()) {
        const CodePoint c = decode_utf8(text.data() + end);
        if (!(table[c.value] & kSpace)) break;
        end += static_cast<size_t>(c.length);
      }
    }
    begin = std::max(begin, text_begin);
    if (text_begin < begin) out.push_back({text_begin, begin, nullptr});
    if (begin < end) out.push_back({begin, end, &token});
    text_begin = std::max(text_begin, end);
  }
  if (text_begin < text.size()) out.push_back({text_begin, text.size(), nullptr});
}

}  // namespace quern
