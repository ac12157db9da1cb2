// SPDX-License-Identifier: MIT
#pragma once
// A text file as a stream of clean UTF-8: unpacked, recoded where it is UTF-16 or GB18030, cleaned, and without what is
// not its text: the YAML front matter of Markdown, the licence around Project Gutenberg's books.

#include <memory>

#include "data/byte_source.h"
#include "data/text_cleaner.h"

namespace quern {

struct TextStreamOptions {
  bool markdown = false;
  size_t max_line_bytes = size_t{16} << 20;
  uint64_t max_gzip_ratio = 200;
};

class TextStream {
 public:
  TextStream(const std::filesystem::path& path, const TextStreamOptions& options);
  ~TextStream();
  // Appends some more text; false at the end. Throws as ByteSource::read, after all that was readable was handed out.
  bool read(std::string& out);
  bool binary() const;               // known after the first read(): this is not text; nothing is handed out
  const char* recoded_from() const;  // "UTF-16LE", "UTF-16BE", "GB18030" or null
  bool boilerplate_removed() const;  // front matter or a licence was cut off
  const CleaningCounts& counts() const;
  uint64_t raw_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Judges the first bytes of a file: known signatures (PDF, ZIP, PNG, ...) or many control characters.
bool looks_binary(std::string_view first_bytes);

}  // namespace quern
