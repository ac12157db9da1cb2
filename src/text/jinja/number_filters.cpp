// SPDX-License-Identifier: MIT
#include <charconv>
#include <cmath>

#include "text/jinja/filters.h"

namespace quern::jinja {

namespace {
// Python's int(text, base) and float(text): white space around, underscores between digits.
std::optional<std::string> digits_of(CharsView text) {
  std::string out;
  const CharsView inner = strip(text);
  for (size_t i = 0; i < inner.size(); ++i) {
    const char32_t c = plain(inner[i]);
    if (c >= 128) return std::nullopt;
    if (c == '_') {
      const auto is_digit_at = [&](size_t at) {
        return at < inner.size() && std::isxdigit(int(plain(inner[at]) & 127));
      };
      if (i == 0 || !is_digit_at(i - 1) || !is_digit_at(i + 1)) return std::nullopt;
      continue;
    }
    out += char(c);
  }
  return out;
}

std::optional<int64_t> integer_from(CharsView text, int base) {
  const auto digits = digits_of(text);
  if (!digits || digits->empty()) return std::nullopt;
  std::string_view rest = *digits;
  const bool negative = rest[0] == '-';
  if (negative || rest[0] == '+') rest.remove_prefix(1);
  const auto has_prefix = [&](char mark) { return rest.size() > 2 && rest[0] == '0' && (rest[1] | 0x20) == mark; };
  const int named = has_prefix('x') ? 16 : has_prefix('o') ? 8 : has_prefix('b') ? 2 : 0;
  if (named && (base == named || base == 0)) rest.remove_prefix(2), base = named;
  if (base == 0) base = 10;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (rest.empty() || error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  if (value > uint64_t(INT64_MAX) + (negative ? 1 : 0)) return std::nullopt;
  return negative ? int64_t(0 - value) : int64_t(value);
}

std::optional<double> float_from(CharsView text) {
  const auto digits = digits_of(text);
  if (!digits || digits->empty()) return std::nullopt;
  std::string_view rest = *digits;
  const bool negative = rest[0] == '-';
  if (negative || rest[0] == '+') rest.remove_prefix(1);
  if (rest.empty() || rest[0] == '-' || rest[0] == '+') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (end != rest.data() + rest.size() || (error != std::errc{} && error != std::errc::result_out_of_range))
    return std::nullopt;
  return negative ? -value : value;
}

std::optional<int64_t> truncated_number(double x) {
  if (!(std::abs(x) < 9.2e18)) return std::nullopt;
  return int64_t(x);
}

Value to_integer(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "int", args, {"default", "base"});
  const int64_t base = bound.integer(1, 10);
  if (input.is_undefined()) rt.fail_undefined(input);
  std::optional<int64_t> result = input.integer();
  if (const Str* s = input.str()) {
    if (base == 0 || (base >= 2 && base <= 36)) result = integer_from(s->chars, int(base));
    if (!result)
      if (const auto x = float_from(s->chars)) result = truncated_number(*x);
  } else if (input.is_float()) {
    result = truncated_number(*input.number());
  }
  if (result) return {*result};
  return bound[0] ? *bound[0] : Value{int64_t{0}};
}

Value to_float(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "float", args, {"default"});
  if (input.is_undefined()) rt.fail_undefined(input);
  std::optional<double> result = input.number();
  if (const Str* s = input.str()) result = float_from(s->chars);
  if (result) return {*result};
  return bound[0] ? *bound[0] : Value{0.0};
}

Value absolute(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "abs", args, {});
  if (input.is_undefined()) rt.fail_undefined(input);
  if (input.is_float()) return {std::abs(*input.number())};
  const auto i = input.integer();
  if (!i) rt.fail("bad operand type for abs(): '{}'", type_name(input));
  return *i < 0 ? negated(rt, {*i}) : Value{*i};
}

// Rounded to the nearest, halves (of the number's exact binary value) to even, as Python's round().
double rounded_to(double x, int64_t precision) {
  if (!std::isfinite(x) || precision > 320) return x;
  if (precision >= 0) return std::strtod(fmt::format("{:.{}f}", x, int(precision)).c_str(), nullptr);
  if (precision < -308) return std::copysign(0.0, x);
  const double unit = std::pow(10.0, double(-precision));
  return std::nearbyint(x / unit) * unit;
}

Value rounded(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "round", args, {"precision", "method"});
  const int64_t precision = bound.integer(0, 0);
  const std::string method = bound[1] ? utf8_of(text_of(rt, *bound[1])) : "common";
  if (method != "common" && method != "ceil" && method != "floor") rt.fail("method must be common, ceil or floor");
  if (input.is_undefined()) rt.fail_undefined(input);
  if (!input.is_number()) rt.fail("type {} doesn't define __round__ method", type_name(input));
  if (method == "common") {
    if (input.is_float()) return {rounded_to(*input.number(), precision)};
    if (precision >= 0) return {*input.integer()};
    const auto result = truncated_number(rounded_to(double(*input.integer()), precision));
    return {result.value_or(*input.integer())};
  }
  if (precision < -300 || precision > 300) rt.fail("round: a precision beyond 300");
  const double unit = std::pow(10.0, double(precision)), scaled = *input.number() * unit;
  return {(method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit};
}
}  // namespace

const FilterTable& number_filters() {
  static const FilterTable table = {{"int", to_integer}, {"float", to_float}, {"abs", absolute}, {"round", rounded}};
  return table;
}

}  // namespace quern::jinja
