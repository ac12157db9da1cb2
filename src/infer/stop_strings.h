// SPDX-License-Identifier: MIT
#pragma once
// Cuts a stream of text at the first stop string. What might be the beginning of one is held back until it is decided,
// and so are the bytes of an unfinished UTF-8 character, so that a reader never sees a part of either.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

class StopStrings {
 public:
  // Throws InvalidArgument for an empty stop string.
  explicit StopStrings(std::vector<std::string> stops);

  struct Output {
    std::string text;      // valid UTF-8, to be shown now
    bool stopped = false;  // a stop string was completed; everything after it is dropped
    std::string stop;      // which
  };

  // Takes the next bytes of the stream. The stop string that is complete first wins, and of several ending at the same
  // byte the longest; the text ends before it. Bytes that cannot be UTF-8 become U+FFFD. After a stop, always empty.
  Output push(std::string_view bytes);
  // The end of the stream without a stop string: what was held back; an unfinished character becomes U+FFFD.
  std::string finish();

  bool stopped() const { return stopped_; }

 private:
  struct Matcher {
    std::string stop;
    std::vector<size_t> border;  // border[i]: longest proper border of the first i + 1 bytes (Knuth-Morris-Pratt)
    size_t matched = 0;          // bytes of `stop` that the stream ends with
  };
  std::string release(size_t size_bytes, bool end);

  std::vector<Matcher> matchers_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace quern
