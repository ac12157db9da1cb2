// SPDX-License-Identifier: MIT
// 'text %s' % values, https://docs.python.org/3/library/stdtypes.html#old-string-formatting, and
// 'text {}'.format(values), https://docs.python.org/3/library/string.html#formatspec.
#include <charconv>
#include <cmath>

#include "text/jinja/runtime.h"

namespace quern::jinja {

namespace {
constexpr int64_t kWidest = 100'000;  // of a field

struct FieldSpec {
  char32_t fill = ' ';
  char align = 0;  // < > ^ =, 0: as the value likes
  char sign = '-';
  bool alternate = false, zero = false;
  char grouping = 0;  // , or _
  int64_t width = 0, precision = -1;
  char type = 0;
};

int64_t read_number(Runtime& runtime, CharsView text, size_t& at) {
  int64_t n = 0;
  for (; at < text.size() && plain(text[at]) >= '0' && plain(text[at]) <= '9'; ++at) {
    n = n * 10 + (plain(text[at]) - '0');
    if (n > kWidest) runtime.too_much("a format asks for a field of more than 100000 characters");
  }
  return n;
}

std::string float_digits(double x, const FieldSpec& spec) {
  const int precision = int(std::min<int64_t>(spec.precision < 0 ? 6 : spec.precision, 400));
  switch (spec.type) {
    case 'f':
    case 'F':
      return fmt::format("{:.{}f}", x, precision);
    case 'e':
      return fmt::format("{:.{}e}", x, precision);
    case 'E':
      return fmt::format("{:.{}E}", x, precision);
    case 'g':
      return spec.alternate ? fmt::format("{:#.{}g}", x, precision) : fmt::format("{:.{}g}", x, precision);
    case 'G':
      return fmt::format("{:.{}G}", x, precision);
    case '%':
      return fmt::format("{:.{}f}%", x * 100, precision);
    default:
      if (spec.precision < 0) return float_repr(x);
      std::string shown = fmt::format("{:.{}g}", x, std::max(precision, 1));
      if (shown.find_first_of(".en") == std::string::npos) shown += ".0";
      return shown;
  }
}

std::string integer_digits(uint64_t x, const FieldSpec& spec) {
  switch (spec.type) {
    case 'x':
      return fmt::format("{}{:x}", spec.alternate ? "0x" : "", x);
    case 'X':
      return fmt::format("{}{:X}", spec.alternate ? "0X" : "", x);
    case 'o':
      return fmt::format("{}{:o}", spec.alternate ? "0o" : "", x);
    case 'b':
      return fmt::format("{}{:b}", spec.alternate ? "0b" : "", x);
    default:
      return fmt::format("{}", x);
  }
}

void group_digits(std::string& digits, char separator) {
  size_t end = digits.find_first_not_of("0123456789");
  if (end == std::string::npos) end = digits.size();
  for (size_t at = end; at > 3; at -= 3) digits.insert(at - 3, 1, separator);
}

Chars justified(Chars body, const FieldSpec& spec, char natural) {
  const int64_t missing = spec.width - int64_t(body.size());
  if (missing <= 0) return body;
  const char align = spec.align ? spec.align : spec.zero ? '=' : natural;
  const char32_t fill = spec.zero && !spec.align ? U'0' : spec.fill;
  const Chars blanks(size_t(missing), fill);
  if (align == '<') return body + blanks;
  if (align == '>') return blanks + body;
  if (align == '^') return blanks.substr(0, size_t(missing / 2)) + body + blanks.substr(size_t(missing / 2));
  size_t prefix = !body.empty() && (plain(body[0]) == '-' || plain(body[0]) == '+' || plain(body[0]) == ' ') ? 1 : 0;
  if (spec.alternate && body.size() > prefix + 1 && plain(body[prefix]) == '0' && is_alpha(body[prefix + 1]))
    prefix += 2;
  return body.insert(prefix, blanks);
}

Chars number_field(Runtime& runtime, const Value& value, FieldSpec spec) {
  const bool as_float =
      value.is_float() || (spec.type && std::string_view("eEfFgG%").find(spec.type) != std::string::npos);
  std::string digits;
  bool negative = false;
  if (as_float) {
    const double x = *value.number();
    negative = std::signbit(x) && !std::isnan(x);
    digits = float_digits(std::abs(x), spec);
  } else {
    const int64_t x = *value.integer();
    negative = x < 0;
    digits = integer_digits(negative ? 0 - uint64_t(x) : uint64_t(x), spec);
    if (spec.precision > int64_t(digits.size())) digits.insert(0, size_t(spec.precision) - digits.size(), '0');
  }
  if (spec.grouping) group_digits(digits, spec.grouping);
  if (negative)
    digits.insert(0, 1, '-');
  else if (spec.sign != '-')
    digits.insert(0, 1, spec.sign);
  runtime.charge(spec.width / 16);
  return justified(chars_of(digits), spec, '>');
}

Chars text_field(Runtime& runtime, Chars text, const FieldSpec& spec) {
  if (spec.precision >= 0 && int64_t(text.size()) > spec.precision) text.resize(size_t(spec.precision));
  runtime.charge(spec.width / 16);
  return justified(std::move(text), spec, '<');
}

// ---- %

class PercentFormatter {
 public:
  PercentFormatter(Runtime& runtime, CharsView format, const Value& values)
      : runtime_(runtime), format_(format), values_(values) {
    if (const List* list = values.list(); list && list->kind != List::Kind::List) tuple_ = list;
  }

  Chars run() {
    Chars out;
    while (at_ < format_.size()) {
      if (plain(format_[at_]) == '%') {
        ++at_;
        out += field();
      } else {
        out.push_back(format_[at_++]);
      }
      runtime_.charge();
    }
    const bool all_used =
        tuple_ ? used_ >= tuple_->items.size() : used_ > 0 || by_name_ || values_.dict() || values_.list();
    if (!all_used) runtime_.fail("not all arguments converted during string formatting");
    return out;
  }

 private:
  Runtime& runtime_;
  CharsView format_;
  const Value& values_;
  const List* tuple_ = nullptr;
  size_t at_ = 0, used_ = 0;
  bool by_name_ = false;

  char32_t current() const {
    if (at_ >= format_.size()) runtime_.fail("incomplete format");
    return plain(format_[at_]);
  }

  Value next() {
    const size_t i = used_++;
    if (tuple_ ? i >= tuple_->items.size() : i > 0) runtime_.fail("not enough arguments for format string");
    return tuple_ ? tuple_->items[i] : values_;
  }

  int64_t number_or_star() {
    if (at_ < format_.size() && plain(format_[at_]) == '*') {
      ++at_;
      const auto n = next().integer();
      if (!n) runtime_.fail("* wants int");
      if (*n > kWidest || *n < -kWidest) runtime_.too_much("a format asks for a field of more than 100000 characters");
      return *n;
    }
    return read_number(runtime_, format_, at_);
  }

  Chars field() {
    std::optional<Value> named;
    if (current() == '(') {
      const size_t end = find(format_, U")", at_);
      if (end == CharsView::npos) runtime_.fail("incomplete format key");
      if (!values_.dict()) runtime_.fail("format requires a mapping");
      const CharsView name = format_.substr(at_ + 1, end - at_ - 1);
      const Value* found = values_.dict()->find(name);
      if (!found) runtime_.fail("{}", utf8_of(repr(name)));
      named = *found;
      by_name_ = true;
      at_ = end + 1;
    }
    FieldSpec spec;
    for (bool more = true; more;) {
      switch (current()) {
        case '-':
          spec.align = '<';
          break;
        case '+':
          spec.sign = '+';
          break;
        case ' ':
          if (spec.sign != '+') spec.sign = ' ';
          break;
        case '0':
          spec.zero = true;
          break;
        case '#':
          spec.alternate = true;
          break;
        default:
          more = false;
      }
      if (more) ++at_;
    }
    spec.width = number_or_star();
    if (spec.width < 0) spec.width = -spec.width, spec.align = '<';
    if (current() == '.') {
      ++at_;
      spec.precision = std::max<int64_t>(number_or_star(), 0);
    }
    while (current() == 'l' || current() == 'h' || current() == 'L') ++at_;
    const char32_t type = current();
    ++at_;
    if (type == '%') return U"%";
    return converted(type, named ? *named : next(), spec);
  }

  Chars converted(char32_t type, const Value& value, FieldSpec spec) {
    if (!spec.align) spec.align = 0;
    const auto right = [&](Chars text) {
      spec.zero = false;
      if (!spec.align) spec.align = '>';
      return text_field(runtime_, std::move(text), spec);
    };
    if (type == 's') return right(text_of(runtime_, value));
    if (type == 'r' || type == 'a') return right(repr(runtime_, value));
    if (value.is_undefined()) runtime_.fail_undefined(value);
    if (type == 'c') {
      if (value.str() && value.str()->chars.size() == 1) return right(value.str()->chars);
      if (const auto i = value.integer(); i && *i >= 0 && *i < 0x110000) return right(Chars(1, char32_t(*i)));
      runtime_.fail("%c requires int or char");
    }
    const bool whole = type == 'd' || type == 'i' || type == 'u' || type == 'x' || type == 'X' || type == 'o';
    const bool real = type < 128 && std::string_view("eEfFgG").find(char(type)) != std::string::npos;
    if (!whole && !real) runtime_.fail("unsupported format character '{}'", utf8_of(Chars(1, type)));
    if (!value.is_number())
      runtime_.fail("{}",
                    whole ? fmt::format("%{} format: a real number is required, not {}", char(type), type_name(value))
                          : fmt::format("must be real number, not {}", type_name(value)));
    spec.type = char(type);
    if (real) return number_field(runtime_, value, spec);
    if (spec.type == 'i' || spec.type == 'u') spec.type = 'd';
    if (!value.is_float()) return number_field(runtime_, value, spec);
    if (spec.type != 'd') runtime_.fail("%{} format: an integer is required, not float", spec.type);
    const double x = std::trunc(*value.number());
    if (!(std::abs(x) < 9.2e18)) runtime_.fail("a whole number grows beyond 64 bits");
    return number_field(runtime_, {int64_t(x)}, spec);
  }
};

// ---- {}

class BraceFormatter {
 public:
  BraceFormatter(Runtime& runtime, const Args& args) : runtime_(runtime), args_(args) {}

  Chars run(CharsView format, int nesting = 0) {
    if (nesting > 2) runtime_.fail("Max string recursion exceeded");
    Chars out;
    for (size_t at = 0; at < format.size();) {
      const char32_t c = plain(format[at]);
      runtime_.charge();
      if (c != '{' && c != '}') {
        out.push_back(format[at++]);
      } else if (at + 1 < format.size() && plain(format[at + 1]) == c) {
        out.push_back(format[at]);
        at += 2;
      } else if (c == '}') {
        runtime_.fail("Single '}}' encountered in format string");
      } else {
        size_t end = at + 1;
        for (int depth = 1; end < format.size(); ++end) {
          if (plain(format[end]) == '{') ++depth;
          if (plain(format[end]) == '}' && --depth == 0) break;
        }
        if (end == format.size()) runtime_.fail("expected '}}' before end of string");
        out += field(format.substr(at + 1, end - at - 1), nesting);
        at = end + 1;
      }
      runtime_.require_bytes(int64_t(out.size()) * 4);
    }
    return out;
  }

 private:
  Runtime& runtime_;
  const Args& args_;
  size_t automatic_ = 0;

  Chars field(CharsView text, int nesting) {
    size_t end = 0;
    while (end < text.size() && plain(text[end]) != '!' && plain(text[end]) != ':') {
      if (plain(text[end]) == '[')
        while (end < text.size() && plain(text[end]) != ']') ++end;
      if (end < text.size()) ++end;
    }
    Value value = looked_up(text.substr(0, end));
    if (end < text.size() && plain(text[end]) == '!') {
      const char32_t how = end + 1 < text.size() ? plain(text[end + 1]) : 0;
      if (how != 'r' && how != 's' && how != 'a') runtime_.fail("Unknown conversion specifier in a format string");
      value = runtime_.str(how == 's' ? text_of(runtime_, value) : repr(runtime_, value));
      end += 2;
    }
    Chars spec;
    if (end < text.size() && plain(text[end]) == ':') spec = run(text.substr(end + 1), nesting + 1);
    return formatted(value, spec);
  }

  Value looked_up(CharsView name) {
    size_t end = 0;
    while (end < name.size() && plain(name[end]) != '.' && plain(name[end]) != '[') ++end;
    Value value = argument(utf8_of(name.substr(0, end)));
    while (end < name.size()) {
      const bool item = plain(name[end]) == '[';
      size_t stop = end + 1;
      while (stop < name.size() &&
             (item ? plain(name[stop]) != ']' : plain(name[stop]) != '.' && plain(name[stop]) != '['))
        ++stop;
      const CharsView part = name.substr(end + 1, stop - end - 1);
      if (item) {
        size_t read = 0;
        const int64_t index = read_number(runtime_, part, read);
        value = item_of(runtime_, value, read == part.size() && read > 0 ? Value{index} : runtime_.str(Chars(part)));
        ++stop;
      } else {
        value = attribute_of(runtime_, value, utf8_of(part));
      }
      if (value.is_undefined()) runtime_.fail_undefined(value);
      end = stop;
    }
    return value;
  }

  Value argument(const std::string& name) {
    size_t index = 0;
    if (name.empty()) {
      index = automatic_++;
    } else if (std::from_chars(name.data(), name.data() + name.size(), index).ptr != name.data() + name.size()) {
      for (const auto& [known, value] : args_.named)
        if (known == name) return value;
      runtime_.fail("{}", utf8_of(repr(chars_of(name))));
    }
    if (index >= args_.positional.size())
      runtime_.fail("Replacement index {} out of range for positional args tuple", index);
    return args_.positional[index];
  }

  Chars formatted(const Value& value, CharsView text) {
    if (text.empty()) return text_of(runtime_, value);
    if (value.is_undefined()) runtime_.fail_undefined(value);
    FieldSpec spec;
    size_t at = 0;
    const auto peek = [&](size_t ahead = 0) { return at + ahead < text.size() ? plain(text[at + ahead]) : 0; };
    const auto is_align = [](char32_t c) { return c == '<' || c == '>' || c == '^' || c == '='; };
    if (is_align(peek(1))) {
      spec.fill = text[0];
      spec.align = char(peek(1));
      at = 2;
    } else if (is_align(peek())) {
      spec.align = char(peek());
      at = 1;
    }
    if (peek() == '+' || peek() == '-' || peek() == ' ') spec.sign = char(plain(text[at++]));
    if (peek() == '#') spec.alternate = true, ++at;
    if (peek() == '0') spec.zero = true, ++at;
    spec.width = read_number(runtime_, text, at);
    if (peek() == ',' || peek() == '_') spec.grouping = char(plain(text[at++]));
    if (peek() == '.') spec.precision = read_number(runtime_, text, ++at);
    if (at < text.size()) {
      const char32_t type = plain(text[at++]);
      if (type >= 128) runtime_.fail("Unknown format code");
      spec.type = char(type);
    }
    if (at < text.size()) runtime_.fail("Invalid format specifier");
    const std::string_view fitting = value.is_float()                    ? "eEfFgGn%"
                                     : value.is_int() || value.is_bool() ? "bcdeEfFgGnoxX%"
                                                                         : "s";
    if (spec.type && fitting.find(spec.type) == std::string::npos)
      runtime_.fail("Unknown format code '{}' for object of type '{}'", spec.type, type_name(value));
    if (value.is_bool() && !spec.type) return text_field(runtime_, text_of(runtime_, value), spec);
    if (value.is_number() && spec.type == 'c') {
      const int64_t c = *value.integer();
      if (c < 0 || c >= 0x110000) runtime_.fail("%c arg not in range(0x110000)");
      return text_field(runtime_, Chars(1, char32_t(c)), spec);
    }
    if (value.is_number()) {
      if (spec.precision >= 0 && !value.is_float() &&
          std::string_view("eEfFgG%").find(spec.type ? spec.type : 'd') == std::string::npos)
        runtime_.fail("Precision not allowed in integer format specifier");
      return number_field(runtime_, value, spec);
    }
    if (!value.str()) runtime_.fail("unsupported format string passed to {}.__format__", type_name(value));
    if (spec.align == '=') runtime_.fail("'=' alignment not allowed in string format specifier");
    if (spec.zero && !spec.align) spec.zero = false, spec.fill = '0', spec.align = '<';
    return text_field(runtime_, value.str()->chars, spec);
  }
};
}  // namespace

Chars format_percent(Runtime& runtime, CharsView format, const Value& values) {
  return PercentFormatter(runtime, format, values).run();
}

Chars format_braces(Runtime& runtime, CharsView format, const Args& args) {
  return BraceFormatter(runtime, args).run(format);
}

}  // namespace quern::jinja
