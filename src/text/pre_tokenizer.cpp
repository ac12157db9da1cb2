// SPDX-License-Identifier: MIT
#include "text/pre_tokenizer.h"

#include <algorithm>

namespace quern {
namespace {

struct Part {
  size_t begin, end;
  bool match;
};

// A match joins the part before it (or, seen from the right, behind it), unless that is a match itself.
template <typename Join>
void merge_matches(std::vector<Part>& parts, Join join) {
  std::vector<Part> kept;
  bool previous_match = false;
  for (const Part& part : parts) {
    if (part.match && !previous_match && !kept.empty()) {
      join(kept.back(), part);
    } else {
      kept.push_back(part);
    }
    previous_match = part.match;
  }
  parts = std::move(kept);
}

}  // namespace

void split_by_pattern(const SplitStage& stage, std::string_view text, std::vector<std::string_view>& out) {
  std::vector<std::pair<size_t, size_t>> matches;
  if (stage.regex != nullptr) {
    stage.regex->find_all(text, matches);
  } else if (!stage.literal.empty()) {
    for (size_t at = text.find(stage.literal); at != std::string_view::npos; at = text.find(stage.literal, at)) {
      matches.emplace_back(at, at + stage.literal.size());
      at += stage.literal.size();
    }
  }
  std::vector<Part> parts;
  size_t at = 0;
  for (const auto& [begin, end] : matches) {
    if (at < begin) parts.push_back({at, begin, stage.invert});
    parts.push_back({begin, end, !stage.invert});
    at = end;
  }
  if (at < text.size()) parts.push_back({at, text.size(), stage.invert});
  switch (stage.behavior) {
    case SplitBehavior::Isolated:
      break;
    case SplitBehavior::Removed:
      std::erase_if(parts, [](const Part& part) { return part.match; });
      break;
    case SplitBehavior::MergedWithPrevious:
      merge_matches(parts, [](Part& kept, const Part& part) { kept.end = part.end; });
      break;
    case SplitBehavior::MergedWithNext:
      std::reverse(parts.begin(), parts.end());
      merge_matches(parts, [](Part& kept, const Part& part) { kept.begin = part.begin; });
      std::reverse(parts.begin(), parts.end());
      break;
    case SplitBehavior::Contiguous: {
      std::vector<Part> kept;
      for (const Part& part : parts) {
        if (!kept.empty() && kept.back().match == part.match) {
          kept.back().end = part.end;
        } else {
          kept.push_back(part);
        }
      }
      parts = std::move(kept);
      break;
    }
  }
  for (const Part& part : parts) {
    if (part.begin < part.end) out.push_back(text.substr(part.begin, part.end - part.begin));
  }
}

size_t safe_cut(std::string_view text, size_t at) {
  const CharTable& table = char_table();
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  while (at > 0 && at < text.size()) {
    const CodePoint c = decode_utf8(text.data() + at);
    const uint8_t bits = table[c.value];
    if (!(bits & (kLetter | kMark | kNfcActive)) && (table[decode_utf8_before(text.data() + at).value] & kLetter))
      return at;
    at += static_cast<size_t>(c.length);
  }
  return text.size();
}

}  // namespace quern
