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

// Length of the valid UTF-8 character at the start of `s`; 0 when there is none. `bad` (may be null): then the number
// of bytes to replace by one U+FFFD, or 0 when `s` ends inside a character that may still become valid.
size_t utf8_character(std::string_view s, size_t* bad = nullptr);
bool is_valid_utf8(std::string_view s);
// The largest character border <= at.
size_t utf8_floor(std::string_view s, size_t at);
// The code point at s[0..length) as found by utf8_character.
char32_t utf8_code_point(std::string_view s, size_t length);

}  // namespace quern
