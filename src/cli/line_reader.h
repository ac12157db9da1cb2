// SPDX-License-Identifier: MIT
#pragma once
// Lines from a person: with editing and a history on a terminal (libedit), plainly from a pipe.

#include <filesystem>
#include <memory>
#include <string>

namespace quern {

class LineReader {
 public:
  explicit LineReader(std::filesystem::path history_file = {});
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  enum class Got { Line, End, Interrupted };
  // Reads one line, without its line break. On a terminal only: a line that ends in a backslash goes on, and so does
  // one that begins with """ until one that ends with it.
  Got read(const std::string& prompt, std::string& line);
  bool interactive() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  Got read_one(const std::string& prompt, std::string& line);
};

}  // namespace quern
