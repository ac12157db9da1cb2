// SPDX-License-Identifier: MIT
#include "data/text_cleaner.h"

#include "text/unicode.h"

namespace quern {

size_t utf8_floor(std::string_view s, size_t at) {
  if (at >= s.size()) return s.size();
  size_t i = at;
  for (int k = 0; k < 3 && i > 0 && (static_cast<unsigned char>(s[i]) & 0xC0) == 0x80; ++k) --i;
  return (static_cast<unsigned char>(s[i]) & 0xC0) == 0x80 ? at : i;
}

void TextCleaner::put(std::string_view text, std::string& out) {
  while (line_bytes_ + text.size() > max_line_bytes_) {
    const size_t room = utf8_floor(text, max_line_bytes_ - line_bytes_);
    out.append(text.substr(0, room));
    out.push_back('\n');
    text.remove_prefix(room);
    if (room == 0 && line_bytes_ == 0) break;  // one character is longer than a line may be
    line_bytes_ = 0;
    ++counts_.long_lines;
  }
  out.append(text);
  line_bytes_ += text.size();
}

void TextCleaner::push(std::string_view bytes, std::string& out) {
  std::string joined;
  if (!pending_.empty()) {
    joined = pending_;
    joined.append(bytes);
    bytes = joined;
    pending_.clear();
  }
  if (at_start_) {
    constexpr std::string_view kBom = "\xEF\xBB\xBF";
    if (bytes.size() < 3 && kBom.starts_with(bytes)) {
      pending_ = bytes;
      return;
    }
    at_start_ = false;
    if (bytes.starts_with(kBom)) {
      ++counts_.boms;
      bytes.remove_prefix(3);
    }
  }
  out.reserve(out.size() + bytes.size());
  size_t i = 0;
  while (i < bytes.size()) {
    const unsigned char c = static_cast<unsigned char>(bytes[i]);
    if (after_cr_) {
      after_cr_ = false;
      if (c == '\n') {  // its CR was written as LF
        ++i;
        continue;
      }
    }
    if (c >= 0x20 && c != 0x7F && c < 0x80) {  // a run of plain ASCII, and of valid characters that are no controls
      size_t j = i + 1;
      while (j < bytes.size()) {
        const unsigned char d = static_cast<unsigned char>(bytes[j]);
        if (d < 0x20 || d >= 0x7F) break;
        ++j;
      }
      put(bytes.substr(i, j - i), out);
      i = j;
    } else if (c == '\n') {
      out.push_back('\n');
      line_bytes_ = 0;
      ++i;
    } else if (c == '\r') {
      ++counts_.crlf_lines;
      out.push_back('\n');
      line_bytes_ = 0;
      after_cr_ = true;
      ++i;
    } else if (c < 0x80) {
      if (c == '\t')
        put("\t", out);
      else if (c == 0)
        ++counts_.nul_bytes;
      else {
        ++counts_.control_characters;
        if (c == '\f' || c == '\v') {
          out.push_back('\n');
          line_bytes_ = 0;
        }
      }
      ++i;
    } else {
      const Utf8Step step = step_utf8(bytes.substr(i));
      if (step.incomplete) {
        pending_ = bytes.substr(i);
        return;
      }
      if (!step.valid) {
        ++counts_.invalid_utf8;
        put("\xEF\xBF\xBD", out);
      } else if (c == 0xC2 && static_cast<unsigned char>(bytes[i + 1]) < 0xA0) {
        ++counts_.control_characters;
      } else {
        put(bytes.substr(i, size_t(step.length)), out);
      }
      i += size_t(step.length);
    }
  }
}

void TextCleaner::finish(std::string& out) {
  if (!pending_.empty()) {
    // A cut-off character is one maximal bad part; before the first byte was judged it may be the start of a BOM.
    ++counts_.invalid_utf8;
    put("\xEF\xBF\xBD", out);
    pending_.clear();
  }
  at_start_ = true;
  after_cr_ = false;
  line_bytes_ = 0;
}

std::string clean_text(std::string_view bytes, CleaningCounts* counts) {
  TextCleaner cleaner;
  std::string out;
  cleaner.push(bytes, out);
  cleaner.finish(out);
  if (counts) *counts = cleaner.counts();
  return out;
}

}  // namespace quern
