// SPDX-License-Identifier: MIT
#include "text/jinja/methods.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "text/jinja/objects.h"

namespace quern::jinja {

namespace {
const MethodTable* methods_of(const Value& value) {
  if (value.str()) return &string_methods();
  if (value.dict()) return &dict_methods();
  if (value.list()) return &list_methods();
  return nullptr;
}

const MethodTable& number_methods() {
  static const MethodTable table = {
      {"is_integer",
       [](Runtime& rt, const Value& self, const Args& args) -> Value {
         Bound(rt, "is_integer", args, {});
         return {!self.is_float() || std::floor(*self.number()) == *self.number()};
       }},
  };
  return table;
}

Value dict_get(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "get", args, {"key", "default"}, 1);
  if (!is_hashable(*bound[0])) rt.fail("unhashable type: '{}'", type_name(*bound[0]));
  const Value* found = self.dict()->find(*bound[0]);
  return found ? *found : bound[1] ? *bound[1] : none();
}

template <DictView::Part part>
Value dict_view(Runtime& rt, const Value& self, const Args& args) {
  Bound(rt, "items", args, {});
  return rt.object<DictView>(self, part);
}

Value copied(Runtime& rt, const Value& self, const Args& args) {
  Bound(rt, "copy", args, {});
  return self;
}

Value list_count(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "count", args, {"value"}, 1);
  rt.charge(int64_t(self.list()->items.size()));
  return {int64_t(std::ranges::count_if(self.list()->items, [&](const Value& v) { return equal(v, *bound[0]); }))};
}

Value list_index(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "index", args, {"value", "start", "stop"}, 1);
  const auto size = int64_t(self.list()->items.size());
  const auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
  rt.charge(size);
  for (int64_t i = place(bound.integer(1, 0)); i < place(bound.integer(2, size)); ++i)
    if (equal(self.list()->items[size_t(i)], *bound[0])) return {i};
  rt.fail("{} is not in list", utf8_repr(rt, *bound[0]));
}
}  // namespace

const MethodTable& dict_methods() {
  static const MethodTable table = {
      {"get", dict_get},
      {"items", dict_view<DictView::Part::Items>},
      {"keys", dict_view<DictView::Part::Keys>},
      {"values", dict_view<DictView::Part::Values>},
      {"copy", copied},
  };
  return table;
}

const MethodTable& list_methods() {
  static const MethodTable table = {{"count", list_count}, {"index", list_index}, {"copy", copied}};
  return table;
}

bool changes_its_value(const Value& value, std::string_view name) {
  static constexpr std::array of_lists = {"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"};
  static constexpr std::array of_dicts = {"clear", "pop", "popitem", "setdefault", "update"};
  if (value.dict()) return std::ranges::find(of_dicts, name) != of_dicts.end();
  return value.list() && value.list()->kind == List::Kind::List && std::ranges::find(of_lists, name) != of_lists.end();
}

bool has_method(const Value& value, std::string_view name) {
  if (value.is_number()) return number_methods().contains(name);
  const MethodTable* table = methods_of(value);
  if (!table || !table->contains(name)) return false;
  return name != "copy" || value.dict() || value.list()->kind == List::Kind::List;
}

std::optional<Value> call_method(Runtime& runtime, const Value& value, std::string_view name, const Args& args) {
  if (!has_method(value, name)) return std::nullopt;
  const MethodTable& table = value.is_number() ? number_methods() : *methods_of(value);
  return table.at(name)(runtime, value, args);
}

}  // namespace quern::jinja
