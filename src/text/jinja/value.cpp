// SPDX-License-Identifier: MIT
#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "text/jinja/runtime.h"

namespace quern::jinja {

namespace {
constexpr size_t kIndexedEntries = 8;  // dictionaries up to here are searched in order

int depth_of(const Value& value) {
  if (const List* list = value.list()) return list->depth;
  if (const Dict* dict = value.dict()) return dict->depth;
  return 0;
}

bool equal_numbers(const Value& a, const Value& b) {
  const auto i = a.integer(), j = b.integer();
  if (i && j) return *i == *j;
  return *a.number() == *b.number();
}
}  // namespace

List::List(std::vector<Value> all, Kind kind, Budget* budget)
    : items(std::move(all)), kind(kind), depth(1), budget(budget) {
  for (const Value& item : items) depth = std::max(depth, 1 + depth_of(item));
  if (budget) budget->bytes -= size();
}

Dict::Dict(Runtime& runtime, std::vector<std::pair<Value, Value>> all) : depth(1), budget(&runtime.budget()) {
  const bool indexed = all.size() > kIndexedEntries;
  entries.reserve(all.size());
  for (auto& [key, value] : all) {
    if (!is_hashable(key)) runtime.fail("unhashable type: '{}'", type_name(key));
    depth = std::max({depth, 1 + depth_of(key), 1 + depth_of(value)});
    const size_t hash = indexed ? hash_of(key) : 0;
    const int64_t place = place_of(key, hash);
    if (place >= 0) {
      entries[size_t(place)].second = std::move(value);
      continue;
    }
    entries.emplace_back(std::move(key), std::move(value));
    if (indexed) index.emplace(hash, uint32_t(entries.size() - 1));
  }
  budget->bytes -= size();
}

int64_t Dict::place_of(const Value& key, size_t hash) const {
  if (index.empty()) {
    for (size_t i = 0; i < entries.size(); ++i)
      if (equal(entries[i].first, key)) return int64_t(i);
    return -1;
  }
  const auto [begin, end] = index.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (equal(entries[it->second].first, key)) return it->second;
  return -1;
}

const Value* Dict::find(const Value& key) const {
  if (!is_hashable(key)) return nullptr;
  const int64_t place = place_of(key, index.empty() ? 0 : hash_of(key));
  return place < 0 ? nullptr : &entries[size_t(place)].second;
}

const Value* Dict::find(CharsView key) const {
  if (!index.empty()) return find(Value{std::make_shared<const Str>(Chars(key))});
  for (const auto& [name, value] : entries)
    if (const Str* s = name.str(); s && same(s->chars, key)) return &value;
  return nullptr;
}

std::string type_name(const Value& value) {
  if (value.is_undefined()) return "Undefined";
  if (value.is_none()) return "NoneType";
  if (value.is_bool()) return "bool";
  if (value.is_int()) return "int";
  if (value.is_float()) return "float";
  if (value.str()) return "str";
  if (const List* list = value.list())
    return list->kind == List::Kind::List ? "list" : list->kind == List::Kind::Tuple ? "tuple" : "_GroupTuple";
  if (value.dict()) return "dict";
  return value.object()->type_name();
}

bool equal(const Value& a, const Value& b) {
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_number() || b.is_number()) return a.is_number() && b.is_number() && equal_numbers(a, b);
  if (a.str() || b.str()) return a.str() && b.str() && same(a.str()->chars, b.str()->chars);
  if (const List *x = a.list(), *y = b.list(); x || y) {
    if (!x || !y || (x->kind == List::Kind::List) != (y->kind == List::Kind::List)) return false;
    return x == y || std::equal(x->items.begin(), x->items.end(), y->items.begin(), y->items.end(), equal);
  }
  if (const Dict *x = a.dict(), *y = b.dict(); x || y) {
    if (!x || !y || x->entries.size() != y->entries.size()) return false;
    if (x == y) return true;
    return std::ranges::all_of(x->entries, [&](const auto& entry) {
      const Value* other = y->find(entry.first);
      return other && equal(entry.second, *other);
    });
  }
  return a.object() == b.object();
}

bool is_hashable(const Value& value) {
  if (const List* list = value.list())
    return list->kind != List::Kind::List && std::ranges::all_of(list->items, is_hashable);
  return !value.dict();
}

size_t hash_of(const Value& value) {
  if (const auto x = value.number()) return std::hash<double>{}(*x);  // 1, 1.0 and true are one key
  if (const Str* s = value.str()) {
    size_t hash = 1469598103934665603u;  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
    for (const char32_t c : s->chars) hash = (hash ^ plain(c)) * 1099511628211u;
    return hash;
  }
  if (const List* list = value.list()) {
    size_t hash = 7;
    for (const Value& item : list->items) hash = hash * 31 + hash_of(item);
    return hash;
  }
  return std::hash<const void*>{}(value.object());
}

Value Object::call(Runtime& runtime, const Args&) { runtime.fail("'{}' object is not callable", type_name()); }

Chars Object::text(Runtime&) { return chars_of("<" + type_name() + " object>"); }

}  // namespace quern::jinja
