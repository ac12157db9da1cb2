// SPDX-License-Identifier: MIT
#include "data/json_rows.h"

#include <cstring>

namespace quern {

JsonRows::JsonRows(const std::filesystem::path& path, size_t max_row_bytes, uint64_t max_gzip_ratio)
    : bytes_(path, max_gzip_ratio), max_row_bytes_(max_row_bytes) {}

int JsonRows::peek() {
  while (at_ == buffer_.size()) {
    if (ended_) return -1;
    buffer_.clear();
    at_ = 0;
    if (!bytes_.read(buffer_)) ended_ = true;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

bool JsonRows::next(std::string& row) {
  if (!started_) {
    started_ = true;
    if (peek() == 0xEF) {  // byte order mark
      had_bom_ = true;
      for (int k = 0; k < 3 && peek() >= 0x80; ++k) ++at_, ++offset_;
    }
    // An array over several lines, or of objects; a row that is itself a list of strings is no conversation.
    int c = peek();
    while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      line_ += c == '\n';
      ++at_, ++offset_;
      c = peek();
    }
    if (c == '[') {
      array_ = true;
      ++at_, ++offset_;
    }
  }
  return array_ ? next_element(row) : next_line(row);
}

bool JsonRows::next_line(std::string& row) {
  for (;;) {
    row.clear();
    oversized_ = false;
    if (peek() < 0) return false;
    row_line_ = line_;
    row_offset_ = offset_;
    for (bool in_line = true; in_line && peek() >= 0;) {
      const char* begin = buffer_.data() + at_;
      const char* end = static_cast<const char*>(std::memchr(begin, '\n', buffer_.size() - at_));
      const size_t n = end ? size_t(end - begin) : buffer_.size() - at_;
      if (!oversized_) row.append(begin, n);
      if (row.size() > max_row_bytes_) {
        oversized_ = true;
        row.clear();
        row.shrink_to_fit();
      }
      at_ += n + (end ? 1 : 0);
      offset_ += n + (end ? 1 : 0);
      in_line = !end;
    }
    ++line_;
    if (oversized_ || row.find_first_not_of(" \t\r") != row.npos) return true;
  }
}

bool JsonRows::next_element(std::string& row) {
  row.clear();
  oversized_ = false;
  int depth = 0;
  bool in_string = false, escaped = false, begun = false;
  for (int c; (c = peek()) >= 0;) {
    if (!begun) {
      if (c == ']') {
        ended_ = true;  // what follows the array is not looked at
        at_ = buffer_.size();
        return false;
      }
      if (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        line_ += c == '\n';
        ++at_, ++offset_;
        continue;
      }
      begun = true;
      row_line_ = line_;
      row_offset_ = offset_;
    } else if (!in_string && depth == 0 && (c == ',' || c == ']' || c == '\n')) {
      return true;  // a number, a word, or rubbish ended
    }
    ++at_, ++offset_;
    line_ += c == '\n';
    if (!oversized_) row += char(c);
    if (row.size() > max_row_bytes_) {
      oversized_ = true;
      row.clear();
    }
    if (in_string) {
      if (escaped)
        escaped = false;
      else if (c == '\\')
        escaped = true;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth <= 0) {
      return true;
    }
  }
  return begun;
}

}  // namespace quern
