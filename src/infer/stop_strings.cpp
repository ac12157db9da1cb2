// SPDX-License-Identifier: MIT
#include "infer/stop_strings.h"

#include <algorithm>

#include "base/error.h"

namespace quern {

namespace {
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Step {
  size_t size;  // bytes of the character, of the invalid piece, or of the unfinished rest
  enum { Valid, Invalid, Unfinished } kind;
};

// What stands at the start of `bytes` (not empty). Table 3-7 of the Unicode standard; an invalid piece is the longest
// beginning of a character found, as the standard recommends and Python's errors="replace" does.
Utf8Step utf8_step(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char b = at(0);
  if (b < 0x80) return {1, Utf8Step::Valid};
  const size_t size = b >= 0xC2 && b <= 0xDF ? 2 : b >= 0xE0 && b <= 0xEF ? 3 : b >= 0xF0 && b <= 0xF4 ? 4 : 0;
  if (size == 0) return {1, Utf8Step::Invalid};
  unsigned char low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80, high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < size; ++i, low = 0x80, high = 0xBF) {
    if (i == bytes.size()) return {i, Utf8Step::Unfinished};
    if (at(i) < low || at(i) > high) return {i, Utf8Step::Invalid};
  }
  return {size, Utf8Step::Valid};
}
}  // namespace

StopStrings::StopStrings(std::vector<std::string> stops) {
  for (std::string& stop : stops) {
    if (stop.empty()) throw Error(ErrorKind::InvalidArgument, "a stop string is empty");
    Matcher m{.stop = std::move(stop), .border = {}};
    m.border.assign(m.stop.size(), 0);
    for (size_t i = 1, k = 0; i < m.stop.size(); ++i) {
      while (k > 0 && m.stop[i] != m.stop[k]) k = m.border[k - 1];
      if (m.stop[i] == m.stop[k]) ++k;
      m.border[i] = k;
    }
    matchers_.push_back(std::move(m));
  }
  // The longest first, so that the first found complete is the longest.
  std::ranges::stable_sort(matchers_, std::ranges::greater{}, [](const Matcher& m) { return m.stop.size(); });
}

StopStrings::Output StopStrings::push(std::string_view bytes) {
  if (stopped_) return {.stopped = true};
  for (const char c : bytes) {
    held_ += c;
    for (Matcher& m : matchers_) {
      while (m.matched > 0 && m.stop[m.matched] != c) m.matched = m.border[m.matched - 1];
      if (m.stop[m.matched] == c) ++m.matched;
      if (m.matched < m.stop.size()) continue;
      stopped_ = true;
      std::string text = release(held_.size() - m.stop.size(), /*end=*/true);
      held_.clear();
      return {.text = std::move(text), .stopped = true, .stop = m.stop};
    }
  }
  size_t undecided = 0;
  for (const Matcher& m : matchers_) undecided = std::max(undecided, m.matched);
  return {.text = release(held_.size() - undecided, /*end=*/false)};
}

std::string StopStrings::finish() { return release(held_.size(), /*end=*/true); }

// Takes the first bytes out of what is held, as valid UTF-8; at the `end` nothing of them is kept.
std::string StopStrings::release(size_t size_bytes, bool end) {
  std::string out;
  size_t at = 0;
  while (at < size_bytes) {
    // Looking at what is held beyond tells an unfinished character from a broken one.
    const Utf8Step step = utf8_step(std::string_view(held_).substr(at, end ? size_bytes - at : std::string::npos));
    if (step.kind == Utf8Step::Unfinished && !end) break;
    if (at + step.size > size_bytes) break;  // a stop string may begin inside this character
    if (step.kind == Utf8Step::Valid)
      out.append(held_, at, step.size);
    else
      out += kReplacement;
    at += step.size;
  }
  held_.erase(0, at);
  return out;
}

}  // namespace quern
