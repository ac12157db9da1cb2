// SPDX-License-Identifier: MIT
#pragma once
// A template cut into tokens, by the rules of Jinja 3.1 with trim_blocks and lstrip_blocks on, as transformers sets
// them: a line break after a block or comment tag goes, and so do blanks before one that begins its line.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/chars.h"

namespace quern::jinja {

struct Token {
  enum class Kind { Text, ExprBegin, ExprEnd, BlockBegin, BlockEnd, Name, String, Integer, Float, Operator, End };
  Kind kind;
  int line;
  std::string text;  // of names and operators
  Chars chars;       // of texts and strings
  int64_t integer = 0;
  double number = 0;

  bool is(std::string_view op) const { return kind == Kind::Operator && text == op; }
  bool is_name(std::string_view name) const { return kind == Kind::Name && text == name; }
};

// Throws TemplateError (Syntax).
std::vector<Token> tokenize(std::string_view source);

}  // namespace quern::jinja
