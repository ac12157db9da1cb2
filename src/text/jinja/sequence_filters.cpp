// SPDX-License-Identifier: MIT
#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/objects.h"

namespace quern::jinja {

namespace {
Value generator(Runtime& rt, std::vector<Value> items, const char* type = "generator") {
  rt.budget().bytes -= int64_t(items.size() * sizeof(Value));
  return rt.object<Generator>(std::move(items), type);
}

// What values are sorted and told apart by: strings without case unless asked for.
Value sort_key(Runtime& rt, const Value& item, bool case_sensitive) {
  if (case_sensitive || !item.str()) return item;
  return rt.str(lower(item.str()->chars));
}

bool less_by(Runtime& rt, const Value& a, const Value& b) { return less(rt, a, b); }

// Stable; reversed keeps the order of equals, as Python's sort.
void sort_items(Runtime& rt, std::vector<Value>& items, const std::vector<Value>& keys, bool reverse) {
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    return reverse ? less_by(rt, keys[b], keys[a]) : less_by(rt, keys[a], keys[b]);
  });
  std::vector<Value> sorted;
  for (const size_t i : order) sorted.push_back(items[i]);
  items = std::move(sorted);
}

Value count_of(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "length", args, {});
  return {length(rt, input)};
}

Value list_from(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "list", args, {});
  return rt.list(items_of(rt, input));
}

Value first_item(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "first", args, {});
  if (auto* lazy = dynamic_cast<Generator*>(input.object())) {
    auto first = lazy->take_first();
    return first ? *first : rt.undefined("No first item, sequence was empty.");
  }
  const std::vector<Value> items = items_of(rt, input);
  return items.empty() ? rt.undefined("No first item, sequence was empty.") : items.front();
}

bool is_reversible(const Value& value) {
  return value.str() || value.list() || value.dict() ||
         (value.object() && (value.object()->is_reversible() || dynamic_cast<DictView*>(value.object())));
}

Value last_item(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "last", args, {});
  if (input.is_undefined()) rt.fail_undefined(input);
  if (!is_reversible(input)) rt.fail("'{}' object is not reversible", type_name(input));
  const std::vector<Value> items = items_of(rt, input);
  return items.empty() ? rt.undefined("No last item, sequence was empty.") : items.back();
}

Value reversed(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "reverse", args, {});
  if (const Str* s = input.str()) return rt.str(Chars(s->chars.rbegin(), s->chars.rend()));
  if (!is_iterable(input) || input.is_undefined()) rt.fail("argument must be iterable");
  std::vector<Value> items = items_of(rt, input);
  std::ranges::reverse(items);
  return generator(rt, std::move(items), "list_reverseiterator");
}

Value defaulted(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "default", args, {"default_value", "boolean"});
  const bool missing = input.is_undefined() || (bound.flag(1, false) && !truth(rt, input));
  if (!missing) return input;
  return bound[0] ? *bound[0] : rt.str(Chars());
}

Value joined_items(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "join", args, {"d", "attribute"});
  const Chars separator = bound.text(0, U"");
  Chars out;
  bool first = true;
  for (const Value& item : items_of(rt, input)) {
    if (!std::exchange(first, false)) out += separator;
    out += text_of(rt, bound[1] && !bound[1]->is_none() ? attribute_path(rt, item, *bound[1]) : item);
    rt.require_bytes(int64_t(out.size()) * 4);
  }
  return rt.str(std::move(out));
}

Value item_pairs(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "items", args, {});
  std::vector<Value> pairs;
  if (!input.is_undefined()) {
    if (!input.dict()) rt.fail("Can only get item pairs from a mapping.");
    for (const auto& [key, value] : input.dict()->entries) pairs.push_back(rt.list({key, value}, List::Kind::Tuple));
  }
  return generator(rt, std::move(pairs));
}

// The rest of the arguments of map('name', ...), select('test', ...): what the filter or test is given.
Args without_first(const Args& args, size_t count) {
  Args rest = args;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + int64_t(std::min(count, rest.positional.size())));
  return rest;
}

Value mapped_items(Runtime& rt, const Value& input, const Args& args) {
  std::vector<Value> out;
  if (args.positional.empty() && !args.named.empty()) {
    const Bound bound(rt, "map", args, {"attribute", "default"}, 1);
    for (const Value& item : items_of(rt, input)) {
      Value value = attribute_path(rt, item, *bound[0]);
      if (value.is_undefined() && bound[1]) value = *bound[1];
      out.push_back(std::move(value));
    }
    return generator(rt, std::move(out));
  }
  if (args.positional.empty()) rt.fail("map requires a filter argument");
  const std::string name = utf8_of(text_of(rt, args.positional[0]));
  const Args rest = without_first(args, 1);
  for (const Value& item : items_of(rt, input)) out.push_back(apply_filter(rt, name, item, rest));
  return generator(rt, std::move(out));
}

template <bool keep, bool by_attribute>
Value chosen_items(Runtime& rt, const Value& input, const Args& args) {
  if (by_attribute && args.positional.empty()) rt.fail("Missing parameter for attribute name");
  constexpr size_t offset = by_attribute ? 1 : 0;
  const bool has_test = args.positional.size() > offset;
  const std::string test = has_test ? utf8_of(text_of(rt, args.positional[offset])) : "";
  const Args rest = without_first(args, offset + 1);
  std::vector<Value> out;
  if (input.is_undefined()) return generator(rt, {});
  for (const Value& item : items_of(rt, input)) {
    const Value value = by_attribute ? attribute_path(rt, item, args.positional[0]) : item;
    const bool passes = has_test ? apply_test(rt, test, value, rest) : truth(rt, value);
    if (passes == keep) out.push_back(item);
  }
  return generator(rt, std::move(out));
}

Value sorted_dict(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "dictsort", args, {"case_sensitive", "by", "reverse"});
  if (input.is_undefined()) rt.fail_undefined(input);
  if (!input.dict()) rt.fail("'{}' has no attribute 'items'", object_name(input));
  const std::string by = bound[1] ? utf8_of(text_of(rt, *bound[1])) : "key";
  if (by != "key" && by != "value") rt.fail("You can only sort by either \"key\" or \"value\"");
  std::vector<Value> pairs, keys;
  for (const auto& [key, value] : input.dict()->entries) {
    pairs.push_back(rt.list({key, value}, List::Kind::Tuple));
    keys.push_back(sort_key(rt, by == "key" ? key : value, bound.flag(0, false)));
  }
  sort_items(rt, pairs, keys, bound.flag(2, false));
  return rt.list(std::move(pairs));
}

// Several attributes, "a,b.c", sort by one after the other.
Value sort_key_of(Runtime& rt, const Value& item, const Value* attribute, bool case_sensitive) {
  if (!attribute || attribute->is_none()) return sort_key(rt, item, case_sensitive);
  if (!attribute->str()) return sort_key(rt, attribute_path(rt, item, *attribute), case_sensitive);
  std::vector<Value> keys;
  for (const CharsView part : split(attribute->str()->chars, U",", -1))
    keys.push_back(sort_key(rt, attribute_path(rt, item, rt.str(Chars(part))), case_sensitive));
  return keys.size() == 1 ? keys[0] : rt.list(std::move(keys));
}

Value sorted_items(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "sort", args, {"reverse", "case_sensitive", "attribute"});
  std::vector<Value> items = items_of(rt, input), keys;
  for (const Value& item : items) keys.push_back(sort_key_of(rt, item, bound[2], bound.flag(1, false)));
  sort_items(rt, items, keys, bound.flag(0, false));
  return rt.list(std::move(items));
}

Value unique_items(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "unique", args, {"case_sensitive", "attribute"});
  std::unordered_multimap<size_t, Value> seen;
  std::vector<Value> out;
  for (const Value& item : items_of(rt, input)) {
    const bool by_path = bound[1] && !bound[1]->is_none();
    const Value key = sort_key(rt, by_path ? attribute_path(rt, item, *bound[1]) : item, bound.flag(0, false));
    if (!is_hashable(key)) rt.fail("unhashable type: '{}'", type_name(key));
    const size_t hash = hash_of(key);
    const auto [begin, end] = seen.equal_range(hash);
    if (std::any_of(begin, end, [&](const auto& known) { return equal(known.second, key); })) continue;
    seen.emplace(hash, key);
    out.push_back(item);
  }
  return generator(rt, std::move(out));
}

template <bool largest>
Value extreme(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, largest ? "max" : "min", args, {"case_sensitive", "attribute"});
  const std::vector<Value> items = items_of(rt, input);
  if (items.empty()) return rt.undefined("No aggregated item, sequence was empty.");
  const auto key_of = [&](const Value& item) {
    const bool by_path = bound[1] && !bound[1]->is_none();
    return sort_key(rt, by_path ? attribute_path(rt, item, *bound[1]) : item, bound.flag(0, false));
  };
  Value best = items[0], best_key = key_of(items[0]);
  for (size_t i = 1; i < items.size(); ++i) {
    Value key = key_of(items[i]);
    if (largest ? less(rt, best_key, key) : less(rt, key, best_key)) best = items[i], best_key = std::move(key);
  }
  return best;
}

Value summed(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "sum", args, {"attribute", "start"});
  Value total = bound[1] ? *bound[1] : Value{int64_t{0}};
  if (total.str()) rt.fail("sum() can't sum strings [use ''.join(seq) instead]");
  for (const Value& item : items_of(rt, input))
    total = binary(rt, "+", total, bound[0] && !bound[0]->is_none() ? attribute_path(rt, item, *bound[0]) : item);
  return total;
}

Value grouped(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "groupby", args, {"attribute", "default", "case_sensitive"}, 1);
  std::vector<Value> items = items_of(rt, input), keys;
  const auto value_of_item = [&](const Value& item) {
    const Value value = attribute_path(rt, item, *bound[0]);
    return value.is_undefined() && bound[1] ? *bound[1] : value;
  };
  for (const Value& item : items) keys.push_back(sort_key(rt, value_of_item(item), bound.flag(2, false)));
  sort_items(rt, items, keys, false);
  std::vector<Value> groups;
  for (size_t begin = 0; begin < items.size();) {
    const Value first = value_of_item(items[begin]), key = sort_key(rt, first, bound.flag(2, false));
    size_t end = begin;
    std::vector<Value> members;
    while (end < items.size() && equal(sort_key(rt, value_of_item(items[end]), bound.flag(2, false)), key))
      members.push_back(items[end++]);
    if (end == begin) rt.fail("groupby: a value that does not equal itself");
    groups.push_back(rt.list({first, rt.list(std::move(members))}, List::Kind::Group));
    begin = end;
  }
  return rt.list(std::move(groups));
}

Value batched(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "batch", args, {"linecount", "fill_with"}, 1);
  const int64_t size = bound.integer(0, 0);
  const std::vector<Value> items = items_of(rt, input);
  std::vector<Value> batches, batch;
  const auto add = [&] {
    if (!batch.empty()) batches.push_back(rt.list(std::exchange(batch, {})));
  };
  for (const Value& item : items) {
    if (int64_t(batch.size()) == size) add();
    batch.push_back(item);
  }
  if (!batch.empty() && bound[1] && !bound[1]->is_none()) {
    const int64_t missing = size - int64_t(batch.size());
    if (missing > 0) {
      rt.charge(missing);
      rt.require_bytes(missing * int64_t(sizeof(Value)));
      batch.insert(batch.end(), size_t(missing), *bound[1]);
    }
  }
  add();
  return generator(rt, std::move(batches));
}

Value sliced(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "slice", args, {"slices", "fill_with"}, 1);
  const int64_t slices = bound.integer(0, 0);
  const std::vector<Value> items = items_of(rt, input);
  if (slices == 0) rt.fail("integer division or modulo by zero");
  const auto size = int64_t(items.size());
  const int64_t each = slices > 0 ? size / slices : 0, longer = slices > 0 ? size % slices : 0;
  std::vector<Value> out;
  int64_t at = 0;
  for (int64_t s = 0; s < slices; ++s) {
    const int64_t end = at + each + (s < longer ? 1 : 0);
    std::vector<Value> part(items.begin() + at, items.begin() + end);
    if (bound[1] && !bound[1]->is_none() && s >= longer && longer > 0) part.push_back(*bound[1]);
    out.push_back(rt.list(std::move(part)));
    at = end;
  }
  return generator(rt, std::move(out));
}

Value attribute_filter(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "attr", args, {"name"}, 1);
  const Value found = attribute_of(rt, input, utf8_of(text_of(rt, *bound[0])));
  const Dict* dict = input.dict();  // attributes only, not items
  const bool is_item = dict && !has_method(input, utf8_of(text_of(rt, *bound[0])));
  return is_item ? rt.undefined("'dict object' has no such attribute") : found;
}
}  // namespace

Value attribute_path(Runtime& runtime, Value item, const Value& path) {
  if (!path.str()) return item_of(runtime, item, path);
  for (const CharsView part : split(path.str()->chars, U".", -1)) {
    const bool place = !part.empty() && part.size() < 10 &&
                       std::ranges::all_of(part, [](char32_t c) { return plain(c) >= '0' && plain(c) <= '9'; });
    item = item_of(runtime, item, place ? Value{int64_t{std::stoll(utf8_of(part))}} : runtime.str(Chars(part)));
  }
  return item;
}

const FilterTable& sequence_filters() {
  static const FilterTable table = {
      {"length", count_of},
      {"count", count_of},
      {"list", list_from},
      {"first", first_item},
      {"last", last_item},
      {"reverse", reversed},
      {"default", defaulted},
      {"d", defaulted},
      {"join", joined_items},
      {"items", item_pairs},
      {"map", mapped_items},
      {"select", chosen_items<true, false>},
      {"reject", chosen_items<false, false>},
      {"selectattr", chosen_items<true, true>},
      {"rejectattr", chosen_items<false, true>},
      {"dictsort", sorted_dict},
      {"sort", sorted_items},
      {"unique", unique_items},
      {"min", extreme<false>},
      {"max", extreme<true>},
      {"sum", summed},
      {"groupby", grouped},
      {"batch", batched},
      {"slice", sliced},
      {"attr", attribute_filter},
  };
  return table;
}

}  // namespace quern::jinja
