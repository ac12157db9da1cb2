// SPDX-License-Identifier: MIT
#include "text/jinja/runtime.h"

#include <algorithm>

namespace quern::jinja {

namespace {
ErrorKind kind_of(TemplateError::Cause cause) {
  using Cause = TemplateError::Cause;
  return cause == Cause::Refusal ? ErrorKind::InvalidArgument
         : cause == Cause::Limit ? ErrorKind::Resources
                                 : ErrorKind::InvalidModel;
}
}  // namespace

TemplateError::TemplateError(Cause cause, int line, const std::string& reason)
    : Error(kind_of(cause), "chat template, line {}: {}", line, reason), cause_(cause), line_(line), reason_(reason) {}

Runtime::~Runtime() {
  // Objects may hold values that hold objects: all are destroyed while the budget they give back to still stands.
  while (!objects_.empty()) objects_.pop_back();
}

void Runtime::fail_undefined(const Value& undefined) const {
  const auto& reason = std::get<Undefined>(undefined.data).reason;
  fail("{}", reason ? *reason : "the value is undefined");
}

Value Runtime::str(Chars chars) {
  charge(1 + int64_t(chars.size()) / 16);
  Value made{std::make_shared<const Str>(std::move(chars), &budget_)};
  charge(0);
  return made;
}

Value Runtime::list(std::vector<Value> items, List::Kind kind) {
  charge(1 + int64_t(items.size()));
  auto made = std::make_shared<const List>(std::move(items), kind, &budget_);
  if (made->depth > kMaxValueDepth) too_much("lists are nested too deeply");
  charge(0);
  return {std::move(made)};
}

Value Runtime::dict(std::vector<std::pair<Value, Value>> entries) {
  charge(1 + int64_t(entries.size()));
  auto made = std::make_shared<const Dict>(*this, std::move(entries));
  if (made->depth > kMaxValueDepth) too_much("dictionaries are nested too deeply");
  charge(0);
  return {std::move(made)};
}

Value Runtime::undefined(std::string reason) const {
  return {Undefined{std::make_shared<const std::string>(std::move(reason))}};
}

bool truth(Runtime& runtime, const Value& value) {
  if (value.is_undefined() || value.is_none()) return false;
  if (const auto x = value.number()) return *x != 0;
  if (const Str* s = value.str()) return !s->chars.empty();
  if (const List* list = value.list()) return !list->items.empty();
  if (const Dict* dict = value.dict()) return !dict->entries.empty();
  return value.object()->truth(runtime);
}

int64_t length(Runtime& runtime, const Value& value) {
  if (value.is_undefined()) return 0;
  if (const Str* s = value.str()) return int64_t(s->chars.size());
  if (const List* list = value.list()) return int64_t(list->items.size());
  if (const Dict* dict = value.dict()) return int64_t(dict->entries.size());
  if (Object* object = value.object())
    if (const auto n = object->length(runtime)) return *n;
  runtime.fail("object of type '{}' has no len()", type_name(value));
}

bool is_iterable(const Value& value) {
  return value.is_undefined() || value.str() || value.list() || value.dict() ||
         (value.object() && value.object()->is_iterable());
}

std::vector<Value> items_of(Runtime& runtime, const Value& value) {
  std::vector<Value> items;
  if (value.is_undefined()) return items;
  if (const List* list = value.list()) {
    runtime.charge(int64_t(list->items.size()));
    runtime.require_bytes(int64_t(list->items.size() * sizeof(Value)));
    return list->items;
  }
  if (const Str* s = value.str()) {
    runtime.require_bytes(int64_t(s->chars.size()) * 128);
    for (const char32_t c : s->chars) items.push_back(runtime.str(Chars(1, c)));
    return items;
  }
  if (const Dict* dict = value.dict()) {
    runtime.charge(int64_t(dict->entries.size()));
    for (const auto& [key, ignored] : dict->entries) items.push_back(key);
    return items;
  }
  if (Object* object = value.object())
    if (auto all = object->items(runtime)) {
      runtime.charge(int64_t(all->size()));
      return std::move(*all);
    }
  runtime.fail("'{}' object is not iterable", type_name(value));
}

Bound::Bound(Runtime& runtime, std::string_view function, const Args& args, std::initializer_list<const char*> names,
             size_t required)
    : runtime_(runtime), function_(function), values_(names.size(), nullptr) {
  if (args.positional.size() > names.size())
    runtime.fail("{}() takes at most {} arguments, {} were given", function, names.size(), args.positional.size());
  for (size_t i = 0; i < args.positional.size(); ++i) values_[i] = &args.positional[i];
  for (const auto& [name, value] : args.named) {
    const auto at = std::ranges::find(names, name);
    if (at == names.end()) runtime.fail("{}() got an unexpected keyword argument '{}'", function, name);
    const Value*& place = values_[size_t(at - names.begin())];
    if (place) runtime.fail("{}() got multiple values for argument '{}'", function, name);
    place = &value;
  }
  for (size_t i = 0; i < required; ++i)
    if (!values_[i]) runtime.fail("{}() is missing its argument '{}'", function, *(names.begin() + i));
}

int64_t Bound::integer(size_t i, int64_t otherwise) const {
  if (!values_[i]) return otherwise;
  if (values_[i]->is_undefined()) runtime_.fail_undefined(*values_[i]);
  const auto x = values_[i]->integer();
  if (!x) runtime_.fail("{}() expects a whole number, not '{}'", function_, type_name(*values_[i]));
  return *x;
}

Chars Bound::text(size_t i, CharsView otherwise) const {
  return values_[i] ? text_of(runtime_, *values_[i]) : Chars(otherwise);
}

}  // namespace quern::jinja
