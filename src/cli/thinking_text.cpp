// SPDX-License-Identifier: MIT
#include "cli/thinking_text.h"

#include <algorithm>

namespace quern {

namespace {
constexpr std::string_view kDim = "\x1b[2m", kNormal = "\x1b[0m";

// How many bytes at the end of `text` may be the beginning of `tag`.
size_t begun(std::string_view text, std::string_view tag) {
  for (size_t n = std::min(text.size(), tag.size() - 1); n > 0; --n)
    if (text.ends_with(tag.substr(0, n))) return n;
  return 0;
}
}  // namespace

void ThinkingText::show(std::string& out, std::string_view text) {
  if (text.empty()) return;
  if (inside_ != dimmed_) out += inside_ ? kDim : kNormal;
  dimmed_ = inside_;
  out += text;
}

std::string ThinkingText::push(std::string_view piece) {
  if (!color_) return std::string(piece);
  held_ += piece;
  std::string out;
  while (true) {
    const std::string_view tag = inside_ ? "</think>" : "<think>";
    const size_t at = held_.find(tag);
    if (at == std::string::npos) {
      const size_t ready = held_.size() - begun(held_, tag);
      show(out, std::string_view(held_).substr(0, ready));
      held_.erase(0, ready);
      return out;
    }
    // The tags belong to the thought.
    if (inside_) {
      show(out, std::string_view(held_).substr(0, at + tag.size()));
      inside_ = false;
    } else {
      show(out, std::string_view(held_).substr(0, at));
      inside_ = true;
      show(out, tag);
    }
    held_.erase(0, at + tag.size());
  }
}

std::string ThinkingText::finish() {
  std::string out;
  show(out, held_);
  held_.clear();
  if (dimmed_) out += kNormal;
  dimmed_ = false;
  return out;
}

}  // namespace quern
