// SPDX-License-Identifier: MIT
// The tests of Jinja (`x is name`), and the tables of filters put together.
#include <algorithm>

#include "text/jinja/filters.h"

namespace quern::jinja {

namespace {
using Test = bool (*)(Runtime&, const Value&, const Args&);

void no_arguments(Runtime& rt, const Args& args) { Bound(rt, "the test", args, {}); }

using Predicate = bool (*)(const Value&);
template <Predicate predicate>
bool is_kind(Runtime& rt, const Value& value, const Args& args) {
  no_arguments(rt, args);
  return predicate(value);
}

bool is_defined(const Value& v) { return !v.is_undefined(); }
bool is_not_defined(const Value& v) { return v.is_undefined(); }
bool is_none_value(const Value& v) { return v.is_none(); }
bool is_boolean(const Value& v) { return v.is_bool(); }
bool is_true(const Value& v) { return v.is_bool() && *v.integer(); }
bool is_false(const Value& v) { return v.is_bool() && !*v.integer(); }
bool is_whole(const Value& v) { return v.is_int(); }
bool is_real(const Value& v) { return v.is_float(); }
bool is_any_number(const Value& v) { return v.is_number(); }
bool is_text(const Value& v) { return v.str() != nullptr; }
bool is_mapping(const Value& v) { return v.dict() != nullptr; }
bool is_callable_value(const Value& v) { return v.object() && v.object()->is_callable(); }
bool is_sequence(const Value& v) {
  return v.is_undefined() || v.str() || v.list() || v.dict() || (v.object() && v.object()->is_reversible());
}
bool never(const Value&) { return false; }

template <bool (*cased)(CharsView)>
bool is_cased_text(Runtime& rt, const Value& value, const Args& args) {
  no_arguments(rt, args);
  return cased(text_of(rt, value));
}

int64_t remainder(Runtime& rt, const Value& value, int64_t divisor) {
  const Value rest = binary(rt, "%", value, {divisor});
  return rest.integer().value_or(rest.number().value_or(-1) == 1 ? 1 : rest.number().value_or(-1) == 0 ? 0 : -1);
}

template <int64_t rest>
bool is_parity(Runtime& rt, const Value& value, const Args& args) {
  no_arguments(rt, args);
  return remainder(rt, value, 2) == rest;
}

bool is_divisible(Runtime& rt, const Value& value, const Args& args) {
  const Bound bound(rt, "divisibleby", args, {"num"}, 1);
  return equal(binary(rt, "%", value, *bound[0]), {int64_t{0}});
}

template <char a, char b = 0>
bool is_compared(Runtime& rt, const Value& value, const Args& args) {
  const Bound bound(rt, "the test", args, {"other"}, 1);
  constexpr char op[] = {a, b, 0};
  return compared(rt, op, value, *bound[0]);
}

bool is_in(Runtime& rt, const Value& value, const Args& args) {
  const Bound bound(rt, "in", args, {"seq"}, 1);
  return contains(rt, *bound[0], value);
}

bool is_same(Runtime& rt, const Value& value, const Args& args) {
  const Bound bound(rt, "sameas", args, {"other"}, 1);
  const Value& other = *bound[0];
  if (value.list() || other.list()) return value.list() == other.list();
  if (value.dict() || other.dict()) return value.dict() == other.dict();
  return value.data.index() == other.data.index() && equal(value, other);
}

bool is_iterable_value(Runtime& rt, const Value& value, const Args& args) {
  no_arguments(rt, args);
  return is_iterable(value);
}

const FilterTable* table_with(std::string_view name) {
  for (const FilterTable* table : {&text_filters(), &number_filters(), &sequence_filters()})
    if (table->contains(name)) return table;
  return nullptr;
}

bool is_filter(Runtime& rt, const Value& value, const Args& args) {
  no_arguments(rt, args);
  return value.str() && table_with(utf8_of(value.str()->chars));
}

bool is_test(Runtime& rt, const Value& value, const Args& args);

const std::unordered_map<std::string_view, Test>& all_tests() {
  static const std::unordered_map<std::string_view, Test> table = {
      {"defined", is_kind<is_defined>},
      {"undefined", is_kind<is_not_defined>},
      {"none", is_kind<is_none_value>},
      {"boolean", is_kind<is_boolean>},
      {"true", is_kind<is_true>},
      {"false", is_kind<is_false>},
      {"integer", is_kind<is_whole>},
      {"float", is_kind<is_real>},
      {"number", is_kind<is_any_number>},
      {"string", is_kind<is_text>},
      {"mapping", is_kind<is_mapping>},
      {"sequence", is_kind<is_sequence>},
      {"iterable", is_iterable_value},
      {"callable", is_kind<is_callable_value>},
      {"escaped", is_kind<never>},
      {"upper", is_cased_text<all_upper>},
      {"lower", is_cased_text<all_lower>},
      {"odd", is_parity<1>},
      {"even", is_parity<0>},
      {"divisibleby", is_divisible},
      {"sameas", is_same},
      {"in", is_in},
      {"filter", is_filter},
      {"test", is_test},
      {"==", is_compared<'=', '='>},
      {"eq", is_compared<'=', '='>},
      {"equalto", is_compared<'=', '='>},
      {"!=", is_compared<'!', '='>},
      {"ne", is_compared<'!', '='>},
      {"<", is_compared<'<'>},
      {"lt", is_compared<'<'>},
      {"lessthan", is_compared<'<'>},
      {"<=", is_compared<'<', '='>},
      {"le", is_compared<'<', '='>},
      {">", is_compared<'>'>},
      {"gt", is_compared<'>'>},
      {"greaterthan", is_compared<'>'>},
      {">=", is_compared<'>', '='>},
      {"ge", is_compared<'>', '='>},
  };
  return table;
}

bool is_test(Runtime& rt, const Value& value, const Args& args) {
  no_arguments(rt, args);
  return value.str() && all_tests().contains(utf8_of(value.str()->chars));
}
}  // namespace

Value apply_filter(Runtime& runtime, const std::string& name, const Value& value, const Args& args) {
  const FilterTable* table = table_with(name);
  if (!table) runtime.fail("No filter named '{}'.", name);
  const Runtime::Level level(runtime);
  return table->at(name)(runtime, value, args);
}

bool apply_test(Runtime& runtime, const std::string& name, const Value& value, const Args& args) {
  const auto found = all_tests().find(name);
  if (found == all_tests().end()) runtime.fail("No test named '{}'.", name);
  const Runtime::Level level(runtime);
  return found->second(runtime, value, args);
}

}  // namespace quern::jinja
