// SPDX-License-Identifier: MIT
// value.name, value[key] and value[a:b:c].
#include <algorithm>

#include "text/jinja/methods.h"
#include "text/jinja/runtime.h"

namespace quern::jinja {

std::string object_name(const Value& value) { return value.is_none() ? "None" : type_name(value) + " object"; }

namespace {
// A method that was taken without being called.
class BoundMethod final : public Object {
 public:
  BoundMethod(Value self, std::string name) : self_(std::move(self)), name_(std::move(name)) {}
  std::string type_name() const override { return "builtin_function_or_method"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Args& args) override { return *call_method(runtime, self_, name_, args); }
  Chars text(Runtime&) override {
    return chars_of(fmt::format("<built-in method {} of {} object>", name_, jinja::type_name(self_)));
  }

 private:
  Value self_;
  std::string name_;
};

Value no_attribute(Runtime& runtime, const Value& value, const std::string& name) {
  return runtime.undefined(fmt::format("'{}' has no attribute {}", object_name(value), utf8_of(repr(chars_of(name)))));
}

// What Python itself would find as an attribute.
std::optional<Value> own_attribute(Runtime& runtime, const Value& value, const std::string& name) {
  if (Object* object = value.object())
    if (auto found = object->attribute(runtime, name)) return found;
  if (const List* list = value.list(); list && list->kind == List::Kind::Group) {
    if (name == "grouper") return list->items[0];
    if (name == "list") return list->items[1];
  }
  if (changes_its_value(value, name) || (name.size() > 4 && name.starts_with("__") && name.ends_with("__")))
    return runtime.undefined(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, type_name(value)));
  if (has_method(value, name)) return runtime.object<BoundMethod>(value, name);
  return std::nullopt;
}

std::optional<int64_t> place_in(int64_t index, size_t size) {
  if (index < 0) index += int64_t(size);
  if (index < 0 || index >= int64_t(size)) return std::nullopt;
  return index;
}

std::optional<Value> own_item(Runtime& runtime, const Value& value, const Value& key) {
  if (const Dict* dict = value.dict()) {
    const Value* found = dict->find(key);
    return found ? std::optional(*found) : std::nullopt;
  }
  if (Object* object = value.object()) return object->item(runtime, key);
  const auto index = key.integer();
  if (!index) return std::nullopt;
  if (const List* list = value.list()) {
    const auto at = place_in(*index, list->items.size());
    return at ? std::optional(list->items[size_t(*at)]) : std::nullopt;
  }
  if (const Str* s = value.str()) {
    const auto at = place_in(*index, s->chars.size());
    return at ? std::optional(runtime.str(Chars(1, s->chars[size_t(*at)]))) : std::nullopt;
  }
  return std::nullopt;
}
}  // namespace

Value attribute_of(Runtime& runtime, const Value& value, const std::string& name) {
  if (value.is_undefined()) runtime.fail_undefined(value);
  if (auto found = own_attribute(runtime, value, name)) return *found;
  if (const Dict* dict = value.dict())
    if (const Value* found = dict->find(chars_of(name))) return *found;
  return no_attribute(runtime, value, name);
}

Value item_of(Runtime& runtime, const Value& value, const Value& key) {
  if (value.is_undefined()) runtime.fail_undefined(value);
  if (auto found = own_item(runtime, value, key)) return *found;
  if (const Str* name = key.str()) {
    const std::string utf8 = utf8_of(name->chars);
    if (auto found = own_attribute(runtime, value, utf8)) return *found;
    return no_attribute(runtime, value, utf8);
  }
  if (key.is_undefined()) return runtime.undefined(fmt::format("{} has no element Undefined", object_name(value)));
  return runtime.undefined(fmt::format("{} has no element {}", object_name(value), utf8_repr(runtime, key)));
}

Value slice_of(Runtime& runtime, const Value& value, const Slice& slice) {
  if (value.is_undefined()) runtime.fail_undefined(value);
  const auto bound = [&](const Value& v) -> std::optional<int64_t> {
    if (v.is_none()) return std::nullopt;
    if (v.is_undefined()) runtime.fail_undefined(v);
    const auto i = v.integer();
    if (!i) runtime.fail("slice indices must be integers or None or have an __index__ method");
    return i;
  };
  const auto step_given = bound(slice.step), begin_given = bound(slice.begin), end_given = bound(slice.end);
  std::vector<Value> items;
  const Str* s = value.str();
  if (!s && value.list()) items = items_of(runtime, value);
  if (!s && !value.list()) {
    Object* object = value.object();
    if (!object || !object->is_reversible() || !object->length(runtime))
      return runtime.undefined(fmt::format("{} has no element slice", object_name(value)));
    items = items_of(runtime, value);
  }
  const auto size = int64_t(s ? s->chars.size() : items.size());
  const int64_t step = step_given.value_or(1);
  if (step == 0) runtime.fail("slice step cannot be zero");
  // Where a bound falls, Python's language reference §6.3.3: clipped to [0, size], or [-1, size - 1] going backwards.
  const auto place = [&](std::optional<int64_t> given, int64_t otherwise) {
    if (!given) return otherwise;
    const int64_t at = *given < 0 ? *given + size : *given;
    return step > 0 ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
  };
  const int64_t begin = place(begin_given, step > 0 ? 0 : size - 1), end = place(end_given, step > 0 ? size : -1);
  Chars chars;
  std::vector<Value> chosen;
  for (int64_t i = begin; step > 0 ? i < end : i > end;) {
    s ? chars.push_back(s->chars[size_t(i)]) : chosen.push_back(items[size_t(i)]);
    if (step > 0 ? step >= end - i : step <= end - i) break;
    i += step;
  }
  if (s) return runtime.str(std::move(chars));
  const bool tuple = value.list() && value.list()->kind != List::Kind::List;
  return runtime.list(std::move(chosen), tuple ? List::Kind::Tuple : List::Kind::List);
}

Value call(Runtime& runtime, const Value& callee, const Args& args) {
  if (callee.is_undefined()) runtime.fail_undefined(callee);
  if (Object* object = callee.object()) return object->call(runtime, args);
  runtime.fail("'{}' object is not callable", type_name(callee));
}

}  // namespace quern::jinja
