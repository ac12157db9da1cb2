// SPDX-License-Identifier: MIT
#include "text/json_scanner.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "text/unicode.h"

namespace quern {

namespace {
constexpr int kMaxDepth = 100;
bool is_digit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

JsonScanner::JsonScanner(std::string_view text, const std::string& where) : text_(text), where_(where) {
  if (!is_valid_utf8(text)) throw Error(ErrorKind::InvalidModel, "{}: the file is not valid UTF-8", where);
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

void JsonScanner::fail(const std::string& what) const {
  const size_t at = std::min(at_, text_.size());
  const std::string_view before = text_.substr(0, at);
  const size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t line_start = before.rfind('\n');
  const size_t column = at - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  throw Error(ErrorKind::InvalidModel, "{}: line {}, column {}: {}", where_, line, column, what);
}

void JsonScanner::skip_space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') break;
    ++at_;
  }
}

char JsonScanner::peek() {
  skip_space();
  return at_ < text_.size() ? text_[at_] : '\0';
}

void JsonScanner::expect(char c) {
  if (peek() != c) {
    if (at_ >= text_.size()) fail(fmt::format("the file ends where '{}' should stand", c));
    fail(fmt::format("expected '{}'", c));
  }
  ++at_;
}

bool JsonScanner::accept(char c) {
  if (peek() != c) return false;
  ++at_;
  return true;
}

bool JsonScanner::next_key(std::string& key) {
  const bool first = first_;
  first_ = false;
  if (accept('}')) return false;
  if (!first) expect(',');
  if (peek() != '"') fail("expected a key");
  string(key);
  expect(':');
  return true;
}

bool JsonScanner::next_element() {
  const bool first = first_;
  first_ = false;
  if (accept(']')) return false;
  if (!first) expect(',');
  if (peek() == ']') fail("expected a value");
  return true;
}

char32_t JsonScanner::hex4() {
  if (at_ + 4 > text_.size()) fail("the file ends inside a string");
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[at_++];
    value <<= 4;
    if (is_digit(c)) {
      value |= static_cast<char32_t>(c - '0');
    } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
      value |= static_cast<char32_t>((c | 32) - 'a' + 10);
    } else {
      fail("\\u needs four hexadecimal digits");
    }
  }
  return value;
}

void JsonScanner::string(std::string& out) {
  out.clear();
  if (peek() != '"') fail("expected a string");
  ++at_;
  while (true) {
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 32) {
      ++at_;
    }
    out.append(text_, start, at_ - start);
    if (at_ >= text_.size()) fail("the file ends inside a string");
    const char c = text_[at_++];
    if (c == '"') return;
    if (c != '\\') fail("a control character inside a string");
    if (at_ >= text_.size()) fail("the file ends inside a string");
    switch (const char escaped = text_[at_++]) {
      case '"':
      case '\\':
      case '/':
        out += escaped;
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        char32_t value = hex4();
        if (value >= 0xDC00 && value <= 0xDFFF) fail("a low surrogate without its high one");
        if (value >= 0xD800 && value <= 0xDBFF) {
          if (text_.substr(at_, 2) != "\\u") fail("a high surrogate without its low one");
          at_ += 2;
          const char32_t low = hex4();
          if (low < 0xDC00 || low > 0xDFFF) fail("a high surrogate without its low one");
          value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(out, value);
        break;
      }
      default:
        fail("an unknown escape inside a string");
    }
  }
}

int64_t JsonScanner::integer() {
  const char first = peek();
  const bool negative = first == '-';
  if (negative) ++at_;
  if (at_ >= text_.size() || !is_digit(text_[at_])) fail("expected an integer");
  int64_t value = 0;
  while (at_ < text_.size() && is_digit(text_[at_])) {
    if (value > (INT64_MAX - 9) / 10) fail("the number is too large");
    value = value * 10 + (text_[at_++] - '0');
  }
  if (at_ < text_.size() && (text_[at_] == '.' || (text_[at_] | 32) == 'e')) fail("expected an integer");
  return negative ? -value : value;
}

void JsonScanner::skip_number() {
  if (text_[at_] == '-') ++at_;
  if (at_ >= text_.size() || !is_digit(text_[at_])) fail("expected a value");
  const auto digits = [this] {
    if (at_ >= text_.size() || !is_digit(text_[at_])) fail("a malformed number");
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  };
  digits();
  if (at_ < text_.size() && text_[at_] == '.') ++at_, digits();
  if (at_ < text_.size() && (text_[at_] | 32) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    digits();
  }
}

double JsonScanner::number() {
  const char first = peek();
  if (first != '-' && !is_digit(first)) fail("expected a number");
  const size_t begin = at_;
  skip_number();
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data() + begin, text_.data() + at_, value);
  if (error != std::errc() || !std::isfinite(value)) fail("the number is out of range");
  return value;
}

void JsonScanner::skip_nested(int depth) {
  if (depth > kMaxDepth) fail(fmt::format("nested more than {} levels deep", kMaxDepth));
  std::string scratch;
  switch (peek()) {
    case '{':
      for (begin_object(); next_key(scratch);) {
        skip_nested(depth + 1);
        first_ = false;
      }
      break;
    case '[':
      for (begin_array(); next_element();) {
        skip_nested(depth + 1);
        first_ = false;
      }
      break;
    case '"':
      string(scratch);
      break;
    case 't':
    case 'f':
    case 'n':
      for (std::string_view word : {"true", "false", "null"}) {
        if (text_.substr(at_, word.size()) == word) {
          at_ += word.size();
          return;
        }
      }
      fail("expected a value");
    case '\0':
      fail("the file ends where a value should stand");
    default:
      skip_number();
  }
}

std::string_view JsonScanner::skip_value() {
  skip_space();
  const size_t start = at_;
  skip_nested(0);
  return text_.substr(start, at_ - start);
}

void JsonScanner::expect_end() {
  if (peek() != '\0' || at_ < text_.size()) fail("text after the end of the JSON value");
}

}  // namespace quern
