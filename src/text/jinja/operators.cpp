// SPDX-License-Identifier: MIT
// Arithmetic, order and membership of values, with Python's rules and words. Whole numbers have 64 bits here; a result
// beyond them is an error.
#include <algorithm>
#include <cmath>

#include "text/jinja/runtime.h"

namespace quern::jinja {

namespace {
[[noreturn]] void no_operator(Runtime& runtime, std::string_view op, const Value& a, const Value& b) {
  runtime.fail("unsupported operand type(s) for {}: '{}' and '{}'", op == "**" ? "** or pow()" : op, type_name(a),
               type_name(b));
}

[[noreturn]] void too_large(Runtime& runtime) { runtime.fail("a whole number grows beyond 64 bits"); }

int64_t floor_divided(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return a % b != 0 && ((a < 0) != (b < 0)) ? q - 1 : q;
}

int64_t integer_power(Runtime& runtime, int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (bool last = false; exponent > 0 && !last;) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) too_large(runtime);
    exponent >>= 1;
    last = exponent == 0;
    if (!last && __builtin_mul_overflow(base, base, &base)) too_large(runtime);
  }
  return result;
}

Value integer_result(Runtime& runtime, std::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (op == "**") {
    if (b < 0) {
      if (a == 0) runtime.fail("0.0 cannot be raised to a negative power");
      return {std::pow(double(a), double(b))};
    }
    result = integer_power(runtime, a, b);
  } else {
    if (b == 0) runtime.fail("{}", op == "/" ? "division by zero" : "integer division or modulo by zero");
    if (op == "/") return {double(a) / double(b)};
    if (a == INT64_MIN && b == -1) {
      overflow = op == "//";
    } else {
      result = floor_divided(a, b);
      if (op == "%") result = a - result * b;
    }
  }
  if (overflow) too_large(runtime);
  return {result};
}

Value float_result(Runtime& runtime, std::string_view op, double a, double b) {
  if (op == "+") return {a + b};
  if (op == "-") return {a - b};
  if (op == "*") return {a * b};
  if (op == "**") {
    const double result = std::pow(a, b);
    if (std::isnan(result) && !std::isnan(a) && !std::isnan(b)) runtime.fail("the power has no real value");
    if (std::isinf(result) && std::isfinite(a) && std::isfinite(b)) runtime.fail("the power is too large");
    return {result};
  }
  if (b == 0)
    runtime.fail("{}", op == "/"   ? "float division by zero"
                       : op == "%" ? "float modulo"
                                   : "float floor division by zero");
  if (op == "/") return {a / b};
  double modulo = std::fmod(a, b);
  double quotient = (a - modulo) / b;
  if (modulo != 0 && (b < 0) != (modulo < 0)) {
    modulo += b;
    quotient -= 1;
  }
  if (op == "%") return {modulo == 0 ? std::copysign(0.0, b) : modulo};
  return {quotient == 0 ? std::copysign(0.0, a / b) : std::floor(quotient + 0.5)};
}

Value repeated(Runtime& runtime, const Value& value, int64_t times) {
  times = std::max<int64_t>(times, 0);
  if (const Str* s = value.str()) {
    const auto size = int64_t(s->chars.size());
    if (size > 0 && times > (int64_t{1} << 40) / size) runtime.too_much("the template needs too much memory");
    runtime.require_bytes(times * size * 4);
    Chars out;
    out.reserve(size_t(times * size));
    for (int64_t i = 0; i < times && size > 0; ++i) out += s->chars;
    return runtime.str(std::move(out));
  }
  const List& list = *value.list();
  const auto size = int64_t(list.items.size());
  if (size > 0 && times > (int64_t{1} << 40) / size) runtime.too_much("the template needs too much memory");
  runtime.require_bytes(times * size * int64_t(sizeof(Value)));
  std::vector<Value> out;
  out.reserve(size_t(times * size));
  for (int64_t i = 0; i < times && size > 0; ++i) out.insert(out.end(), list.items.begin(), list.items.end());
  return runtime.list(std::move(out), list.kind == List::Kind::List ? list.kind : List::Kind::Tuple);
}

bool is_plain_list(const Value& value) { return value.list() && value.list()->kind == List::Kind::List; }

Value joined(Runtime& runtime, const Value& a, const Value& b) {
  if (a.str()) {
    if (!b.str()) runtime.fail("can only concatenate str (not \"{}\") to str", type_name(b));
    runtime.require_bytes(int64_t(a.str()->chars.size() + b.str()->chars.size()) * 4);
    return runtime.str(a.str()->chars + b.str()->chars);
  }
  const char* name = is_plain_list(a) ? "list" : "tuple";
  if (!b.list() || is_plain_list(a) != is_plain_list(b))
    runtime.fail("can only concatenate {} (not \"{}\") to {}", name, type_name(b), name);
  std::vector<Value> items = items_of(runtime, a);
  const std::vector<Value> more = items_of(runtime, b);
  items.insert(items.end(), more.begin(), more.end());
  return runtime.list(std::move(items), is_plain_list(a) ? List::Kind::List : List::Kind::Tuple);
}

bool less_lists(Runtime& runtime, const List& a, const List& b) {
  const Runtime::Level level(runtime);
  for (size_t i = 0; i < std::min(a.items.size(), b.items.size()); ++i) {
    runtime.charge();
    if (!equal(a.items[i], b.items[i])) return less(runtime, a.items[i], b.items[i]);
  }
  return a.items.size() < b.items.size();
}

// Of two values of one ordered kind; nothing when there is no order between them.
std::optional<bool> try_less(Runtime& runtime, const Value& a, const Value& b) {
  if (a.is_undefined()) runtime.fail_undefined(a);
  if (b.is_undefined()) runtime.fail_undefined(b);
  runtime.charge();
  if (a.is_number() && b.is_number()) {
    const auto i = a.integer(), j = b.integer();
    return i && j ? *i < *j : *a.number() < *b.number();
  }
  if (a.str() && b.str()) {
    runtime.charge(int64_t(std::min(a.str()->chars.size(), b.str()->chars.size())) / 16);
    return compare(a.str()->chars, b.str()->chars) < 0;
  }
  if (a.list() && b.list() && is_plain_list(a) == is_plain_list(b)) return less_lists(runtime, *a.list(), *b.list());
  return std::nullopt;
}

[[noreturn]] void no_order(Runtime& runtime, std::string_view op, const Value& a, const Value& b) {
  runtime.fail("'{}' not supported between instances of '{}' and '{}'", op, type_name(a), type_name(b));
}
}  // namespace

Value binary(Runtime& runtime, std::string_view op, const Value& a, const Value& b) {
  if (op == "%" && a.str()) return runtime.str(format_percent(runtime, a.str()->chars, b));
  if (a.is_undefined()) runtime.fail_undefined(a);
  if (b.is_undefined()) runtime.fail_undefined(b);
  const auto i = a.integer(), j = b.integer();
  if (i && j) return integer_result(runtime, op, *i, *j);
  if (a.is_number() && b.is_number()) return float_result(runtime, op, *a.number(), *b.number());
  if (op == "+" && (a.str() || a.list())) return joined(runtime, a, b);
  if (op == "*" && (a.str() || a.list()) && j) return repeated(runtime, a, *j);
  if (op == "*" && (b.str() || b.list()) && i) return repeated(runtime, b, *i);
  if (op == "*" && (a.str() || a.list() || b.str() || b.list()))
    runtime.fail("can't multiply sequence by non-int of type '{}'", type_name(a.str() || a.list() ? b : a));
  no_operator(runtime, op, a, b);
}

Value negated(Runtime& runtime, const Value& a) {
  if (a.is_undefined()) runtime.fail_undefined(a);
  if (const auto i = a.integer()) {
    if (*i == INT64_MIN) too_large(runtime);
    return {-*i};
  }
  if (a.is_float()) return {-*a.number()};
  runtime.fail("bad operand type for unary -: '{}'", type_name(a));
}

bool less(Runtime& runtime, const Value& a, const Value& b) {
  const auto result = try_less(runtime, a, b);
  if (!result) no_order(runtime, "<", a, b);
  return *result;
}

bool compared(Runtime& runtime, std::string_view op, const Value& a, const Value& b) {
  runtime.charge();
  if (op == "==" || op == "!=") {
    if (a.str() && b.str() && a.str()->chars.size() == b.str()->chars.size())
      runtime.charge(int64_t(a.str()->chars.size()) / 16);
    return equal(a, b) == (op == "==");
  }
  const bool swapped = op == ">" || op == "<=";
  const auto result = swapped ? try_less(runtime, b, a) : try_less(runtime, a, b);
  if (!result) no_order(runtime, op, a, b);
  const bool strict = op == "<" || op == ">";
  if (a.is_number() && b.is_number() && !strict && (std::isnan(*a.number()) || std::isnan(*b.number()))) return false;
  return strict ? *result : !*result;
}

bool contains(Runtime& runtime, const Value& container, const Value& item) {
  if (container.is_undefined()) return false;
  if (const Str* s = container.str()) {
    if (item.is_undefined() || !item.str())
      runtime.fail("'in <string>' requires string as left operand, not {}", type_name(item));
    runtime.charge(int64_t(s->chars.size()) / 16 * int64_t(1 + item.str()->chars.size() / 64));
    return contains(s->chars, item.str()->chars);
  }
  if (const Dict* dict = container.dict()) {
    if (!is_hashable(item)) runtime.fail("unhashable type: '{}'", type_name(item));
    return dict->find(item) != nullptr;
  }
  if (const List* list = container.list()) {
    runtime.charge(int64_t(list->items.size()));
    return std::ranges::any_of(list->items, [&](const Value& value) { return equal(value, item); });
  }
  if (Object* object = container.object()) {
    bool answer = false;
    if (object->contains_quickly(item, answer)) return answer;
    if (auto items = object->items(runtime)) {
      runtime.charge(int64_t(items->size()));
      return std::ranges::any_of(*items, [&](const Value& value) { return equal(value, item); });
    }
  }
  runtime.fail("argument of type '{}' is not iterable", type_name(container));
}

}  // namespace quern::jinja
