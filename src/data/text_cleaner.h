// SPDX-License-Identifier: MIT
#pragma once
// Bytes as found in the wild -> clean UTF-8 with "\n" line ends, in pieces of any size. Everything changed is counted.

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

struct CleaningCounts {
  int64_t boms = 0, crlf_lines = 0, nul_bytes = 0, invalid_utf8 = 0, control_characters = 0, long_lines = 0;
};

class TextCleaner {
 public:
  explicit TextCleaner(size_t max_line_bytes = SIZE_MAX) : max_line_bytes_(max_line_bytes) {}
  // Appends the clean form of `bytes` to `out`; an unfinished character waits for the next call.
  //   byte order mark at the start      dropped
  //   CR LF, CR                         LF
  //   NUL                               dropped
  //   C0, DEL and C1 control characters dropped; form feed and vertical tab become LF; tab and LF stay
  //   bytes that are not UTF-8          U+FFFD, one for each maximal bad part (Unicode 15, section 3.9)
  //   lines over max_line_bytes         broken
  void push(std::string_view bytes, std::string& out);
  void finish(std::string& out);  // what was waiting
  const CleaningCounts& counts() const { return counts_; }

 private:
  size_t max_line_bytes_, line_bytes_ = 0;
  bool at_start_ = true, after_cr_ = false;
  std::string pending_;
  CleaningCounts counts_;
  void put(std::string_view character, std::string& out);
};

std::string clean_text(std::string_view bytes, CleaningCounts* counts = nullptr);

// The largest character border <= at.
size_t utf8_floor(std::string_view s, size_t at);

}  // namespace quern
