// SPDX-License-Identifier: MIT
#pragma once
// The rows of a stream of JSON: one per line, or the elements of one array, found without parsing, so that a broken row
// costs itself alone and memory holds one row at a time.

#include <filesystem>
#include <string>

#include "data/byte_source.h"

namespace quern {

class JsonRows {
 public:
  JsonRows(const std::filesystem::path& path, size_t max_row_bytes, uint64_t max_gzip_ratio = 200);
  // The next row's text, not parsed; blank ones are passed over. False at the end. Throws as ByteSource::read.
  bool next(std::string& row);
  int64_t line() const { return row_line_; }  // where the last row begins, from 1
  uint64_t offset() const { return row_offset_; }
  bool oversized() const { return oversized_; }  // the last row was longer than allowed; its text is empty
  bool had_bom() const { return had_bom_; }
  uint64_t raw_bytes() const { return bytes_.raw_bytes(); }

 private:
  ByteSource bytes_;
  size_t max_row_bytes_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t line_ = 1, row_line_ = 0;
  uint64_t offset_ = 0, row_offset_ = 0;
  bool started_ = false, array_ = false, ended_ = false, oversized_ = false, had_bom_ = false;
  int peek();  // the next byte, -1 at the end
  bool next_line(std::string& row);
  bool next_element(std::string& row);
};

}  // namespace quern
