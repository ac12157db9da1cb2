// SPDX-License-Identifier: MIT
#include "text/jinja/lexer.h"

#include <algorithm>
#include <charconv>

#include "text/jinja/runtime.h"

namespace quern::jinja {

namespace {
// \r\n and \r become \n; one line break at the very end goes.
Chars normalized_source(std::string_view source) {
  const Chars all = chars_of(source);
  Chars out;
  out.reserve(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == '\r' && i + 1 < all.size() && all[i + 1] == '\n') continue;
    out.push_back(all[i] == '\r' ? U'\n' : all[i]);
  }
  if (out.ends_with(U'\n')) out.pop_back();
  return out;
}

bool is_name_start(char32_t c) { return is_alpha(c) || c == '_'; }
bool is_name_part(char32_t c) { return is_alpha(c) || is_numeric(c) || c == '_'; }
bool is_ascii_digit(char32_t c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalized_source(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text_until_tag();
    add(Token::Kind::End);
    return std::move(tokens_);
  }

 private:
  Chars source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;  // what was read last ended its line
  std::vector<Token> tokens_;

  [[noreturn]] void fail(const std::string& reason) const {
    throw TemplateError(TemplateError::Cause::Syntax, line_, reason);
  }

  Token& add(Token::Kind kind) { return tokens_.emplace_back(Token{.kind = kind, .line = line_}); }
  bool looking_at(CharsView part, size_t at) const { return CharsView(source_).substr(at).starts_with(part); }
  bool looking_at(CharsView part) const { return looking_at(part, at_); }
  char32_t peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : 0; }

  void advance_to(size_t end) {
    line_ += int(std::count(source_.begin() + int64_t(at_), source_.begin() + int64_t(end), U'\n'));
    if (end > at_) line_starting_ = source_[end - 1] == '\n';
    at_ = end;
  }
  size_t after_space(size_t at) const {
    while (at < source_.size() && is_space(source_[at])) ++at;
    return at;
  }

  // The text before a tag, as the tag's sign asks: - takes all white space, + none; otherwise blanks that begin the
  // line.
  void add_text(size_t end, char32_t sign, bool may_strip_line) {
    CharsView text = CharsView(source_).substr(at_, end - at_);
    if (sign == '-') {
      text = strip(text, kRight);
    } else if (sign != '+' && may_strip_line) {
      const size_t line_break = text.rfind(U'\n');
      const size_t begin = line_break == CharsView::npos ? 0 : line_break + 1;
      if ((begin > 0 || line_starting_) && std::ranges::all_of(text.substr(begin), is_space))
        text = text.substr(0, begin);
    }
    if (!text.empty()) add(Token::Kind::Text).chars = Chars(text);
    advance_to(end);
  }

  char32_t sign_at(size_t at) const {
    const char32_t c = at < source_.size() ? source_[at] : 0;
    return c == '-' || c == '+' ? c : 0;
  }

  void text_until_tag() {
    size_t tag = at_;
    for (;; ++tag) {
      tag = source_.find(U'{', tag);
      if (tag == Chars::npos || tag + 1 >= source_.size()) return add_text(source_.size(), '+', false);
      const char32_t kind = source_[tag + 1];
      if (kind == '{' || kind == '%' || kind == '#') break;
    }
    const char32_t kind = source_[tag + 1], sign = sign_at(tag + 2);
    add_text(tag, sign, kind != '{');
    if (kind == '%' && raw_block()) return;
    if (kind != '#') add(kind == '{' ? Token::Kind::ExprBegin : Token::Kind::BlockBegin);
    advance_to(tag + (sign ? 3 : 2));
    kind == '#' ? comment() : inside_tag(kind == '{');
  }

  // Where the tag that ends at `at` (its % or # or }) lets the text go on; npos when none ends there.
  size_t tag_end(size_t at, CharsView close, bool takes_line_break) const {
    if (looking_at(close, at)) {
      const size_t end = at + close.size();
      return takes_line_break && end < source_.size() && source_[end] == '\n' ? end + 1 : end;
    }
    const char32_t sign = sign_at(at);
    if (sign == '-' && looking_at(close, at + 1)) return after_space(at + 1 + close.size());
    if (sign == '+' && takes_line_break && looking_at(close, at + 1)) return at + 1 + close.size();
    return Chars::npos;
  }

  void comment() {
    for (size_t at = at_; at < source_.size(); ++at) {
      const size_t end = tag_end(at, U"#}", true);
      if (end != Chars::npos) return advance_to(end);
    }
    fail("Missing end of comment tag");
  }

  // {% raw %} text {% endraw %}
  bool raw_block() {
    const size_t name = after_space(at_ + (sign_at(at_ + 2) ? 3 : 2));
    if (!looking_at(U"raw", name)) return false;
    const size_t close = after_space(name + 3);
    const size_t begin = tag_end(close, U"%}", false);
    if (begin == Chars::npos || sign_at(close) == '+') return false;
    advance_to(begin);
    for (size_t tag = begin; (tag = source_.find(U"{%", tag)) != Chars::npos; ++tag) {
      const char32_t sign = sign_at(tag + 2);
      const size_t word = after_space(tag + (sign ? 3 : 2));
      if (!looking_at(U"endraw", word)) continue;
      const size_t end = tag_end(after_space(word + 6), U"%}", true);
      if (end == Chars::npos) continue;
      add_text(tag, sign, true);
      advance_to(end);
      return true;
    }
    fail("Missing end of raw directive");
  }

  void inside_tag(bool expression) {
    std::vector<char32_t> open;  // brackets that wait for their partner
    while (true) {
      if (at_ >= source_.size()) return;  // the parser says what it expected
      if (open.empty()) {
        const size_t end = tag_end(at_, expression ? U"}}" : U"%}", !expression);
        if (end != Chars::npos) {
          add(expression ? Token::Kind::ExprEnd : Token::Kind::BlockEnd);
          return advance_to(end);
        }
      }
      const char32_t c = peek();
      if (is_space(c))
        advance_to(after_space(at_));
      else if (is_ascii_digit(c))
        number();
      else if (is_name_part(c))
        name();
      else if (c == '\'' || c == '"')
        string();
      else
        operation(open);
    }
  }

  void name() {
    size_t end = at_;
    while (end < source_.size() && is_name_part(source_[end])) ++end;
    if (!is_name_start(peek())) fail("Invalid character in identifier");
    add(Token::Kind::Name).text = utf8_of(CharsView(source_).substr(at_, end - at_));
    advance_to(end);
  }

  // Digits with single underscores between them.
  size_t after_digits(size_t at, auto is_digit_here) const {
    size_t end = at;
    while (end < source_.size() &&
           (is_digit_here(source_[end]) ||
            (source_[end] == '_' && end > at && end + 1 < source_.size() && is_digit_here(source_[end + 1]))))
      ++end;
    return end;
  }

  std::string without_underscores(size_t begin, size_t end) const {
    std::string out;
    for (size_t i = begin; i < end; ++i)
      if (source_[i] != '_') out += char(source_[i]);
    return out;
  }

  void number() {
    const char32_t base_mark = peek(1) | 0x20;
    if (peek() == '0' && (base_mark == 'x' || base_mark == 'o' || base_mark == 'b')) {
      const int base = base_mark == 'x' ? 16 : base_mark == 'o' ? 8 : 2;
      const size_t digits = at_ + 2 + (peek(2) == '_' ? 1 : 0);
      const size_t end = after_digits(digits, [&](char32_t c) {
        const int value = is_ascii_digit(c)                        ? int(c - '0')
                          : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? int((c | 0x20) - 'a') + 10
                                                                   : 99;
        return value < base;
      });
      if (end > digits) return integer(without_underscores(digits, end), base, end);
    }
    size_t end = after_digits(at_, is_ascii_digit);
    const size_t whole_end = end;
    if (end + 1 < source_.size() && source_[end] == '.' && is_ascii_digit(source_[end + 1]))
      end = after_digits(end + 1, is_ascii_digit);
    if (end < source_.size() && (source_[end] | 0x20) == 'e') {
      const size_t exponent = end + 1 + (sign_at(end + 1) ? 1 : 0);
      if (exponent < source_.size() && is_ascii_digit(source_[exponent])) end = after_digits(exponent, is_ascii_digit);
    }
    const bool after_dot = !tokens_.empty() && at_ > 0 && source_[at_ - 1] == '.';  // a.0.1: items, not a number
    if (end > whole_end && !after_dot) {
      const std::string digits = without_underscores(at_, end);
      Token& token = add(Token::Kind::Float);
      const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token.number);
      if (error == std::errc::result_out_of_range) fail("a number is too large or too small");
      return advance_to(end);
    }
    // 007 is three numbers to Jinja, which then asks for the end of the tag; so is it here.
    size_t integer_end = whole_end;
    if (peek() == '0') {
      integer_end = after_digits(at_, [](char32_t c) { return c == '0'; });
    }
    integer(without_underscores(at_, integer_end), 10, integer_end);
  }

  void integer(const std::string& digits, int base, size_t end) {
    Token& token = add(Token::Kind::Integer);
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer, base);
    if (error != std::errc{}) fail("a whole number grows beyond 64 bits");
    advance_to(end);
  }

  static int hex_value(char32_t c) {
    if (is_ascii_digit(c)) return int(c - '0');
    const char32_t low = c | 0x20;
    return low >= 'a' && low <= 'f' ? int(low - 'a') + 10 : -1;
  }

  // Escapes as Python's "unicode-escape" reads them. Two halves of a surrogate pair do not join there; nor here.
  size_t escape(size_t at, Chars& out) const {
    const char32_t c = source_[at];
    const auto hex = [&](size_t count) -> size_t {
      char32_t value = 0;
      for (size_t i = 1; i <= count; ++i) {
        const int digit = at + i < source_.size() ? hex_value(source_[at + i]) : -1;
        if (digit < 0) fail("truncated escape in a string");
        value = value * 16 + char32_t(digit);
      }
      if (value > 0x10FFFF) fail("illegal Unicode character in a string");
      out.push_back(value >= 0xD800 && value < 0xE000 ? U'\uFFFD' : value);
      return at + 1 + count;
    };
    static constexpr std::u32string_view kNames = U"abfnrtv\\'\"", kMeanings = U"\a\b\f\n\r\t\v\\'\"";
    if (const size_t known = kNames.find(c); known != CharsView::npos) {
      out.push_back(kMeanings[known]);
      return at + 1;
    }
    if (c == '\n') return at + 1;
    if (c == 'x') return hex(2);
    if (c == 'u') return hex(4);
    if (c == 'U') return hex(8);
    if (c == 'N') fail("characters by name (\\N{...}) are not supported");
    if (c >= '0' && c <= '7') {
      char32_t value = 0;
      size_t end = at;
      for (; end < at + 3 && end < source_.size() && source_[end] >= '0' && source_[end] <= '7'; ++end)
        value = value * 8 + (source_[end] - '0');
      out.push_back(value);
      return end;
    }
    out += {U'\\', c};
    return at + 1;
  }

  void string() {
    const char32_t quote = peek();
    Chars value;
    size_t at = at_ + 1;
    while (at < source_.size() && source_[at] != quote) {
      if (source_[at] == '\\' && at + 1 < source_.size())
        at = escape(at + 1, value);
      else
        value.push_back(source_[at++]);
    }
    if (at >= source_.size())
      fail(fmt::format("unexpected char {} (a string without end?)", quote == '"' ? "'\"'" : "\"'\""));
    add(Token::Kind::String).chars = std::move(value);
    advance_to(at + 1);
  }

  void operation(std::vector<char32_t>& open) {
    static constexpr std::u32string_view kTwo[] = {U"//", U"**", U"==", U"!=", U">=", U"<="};
    static constexpr std::u32string_view kOne = U"+-/*%~[](){}><=.:|,;";
    size_t length = 0;
    for (const auto& op : kTwo)
      if (looking_at(op)) length = 2;
    const char32_t c = peek();
    if (length == 0 && kOne.find(c) != CharsView::npos) length = 1;
    if (length == 0) fail(fmt::format("unexpected char {}", utf8_of(repr(Chars(1, c)))));
    if (c == '(' || c == '[' || c == '{') open.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty()) fail(fmt::format("unexpected '{}'", char(c)));
      if (open.back() != c) fail(fmt::format("unexpected '{}', expected '{}'", char(c), char(open.back())));
      open.pop_back();
    }
    add(Token::Kind::Operator).text = utf8_of(CharsView(source_).substr(at_, length));
    advance_to(at_ + length);
  }
};
}  // namespace

std::vector<Token> tokenize(std::string_view source) { return Lexer(source).run(); }

}  // namespace quern::jinja
