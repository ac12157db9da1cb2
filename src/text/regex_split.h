// SPDX-License-Identifier: MIT
#pragma once
// A pattern of tokenizer.json as a PCRE2 program (JIT where the machine has one).

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

class Regex {
 public:
  // tokenizer.json is written for Oniguruma: \s and \w are rewritten to mean what they mean there, ^ and $ stand at
  // lines. Throws InvalidModel naming `where` when the pattern does not compile.
  Regex(std::string_view pattern, const std::string& where);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // All matches in `text` (well-formed UTF-8), as byte ranges in order; empty ones too, but none right
  // behind another match. Throws InvalidData when the pattern needs more
  // steps or memory than is sensible.
  void find_all(std::string_view text, std::vector<std::pair<size_t, size_t>>& out) const;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

}  // namespace quern
