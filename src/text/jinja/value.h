// SPDX-License-Identifier: MIT
#pragma once
// The values a template computes with: Python's, as far as templates see them. Strings, lists and dictionaries never
// change once made (transformers renders in Jinja's ImmutableSandboxedEnvironment), so they hold no cycles and may be
// shared. What does change (namespaces, loops, iterators) is an Object, owned by the Runtime until rendering ends.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/chars.h"

namespace quern::jinja {

class Object;
class Runtime;
struct Str;
struct List;
struct Dict;

// What a missing name or attribute gives: prints as nothing, and says `reason` when anything else is done with it.
struct Undefined {
  std::shared_ptr<const std::string> reason;
};
struct NoneValue {};

struct Value {
  std::variant<Undefined, NoneValue, bool, int64_t, double, std::shared_ptr<const Str>, std::shared_ptr<const List>,
               std::shared_ptr<const Dict>, Object*>
      data;

  bool is_undefined() const { return std::holds_alternative<Undefined>(data); }
  bool is_none() const { return std::holds_alternative<NoneValue>(data); }
  bool is_bool() const { return std::holds_alternative<bool>(data); }
  bool is_int() const { return std::holds_alternative<int64_t>(data); }
  bool is_float() const { return std::holds_alternative<double>(data); }
  bool is_number() const { return is_bool() || is_int() || is_float(); }
  const Str* str() const {
    const auto* p = std::get_if<std::shared_ptr<const Str>>(&data);
    return p ? p->get() : nullptr;
  }
  const List* list() const {  // or tuple
    const auto* p = std::get_if<std::shared_ptr<const List>>(&data);
    return p ? p->get() : nullptr;
  }
  const Dict* dict() const {
    const auto* p = std::get_if<std::shared_ptr<const Dict>>(&data);
    return p ? p->get() : nullptr;
  }
  Object* object() const {
    const auto* p = std::get_if<Object*>(&data);
    return p ? *p : nullptr;
  }
  // Of a bool or int.
  std::optional<int64_t> integer() const {
    if (const auto* i = std::get_if<int64_t>(&data)) return *i;
    if (const auto* b = std::get_if<bool>(&data)) return *b;
    return std::nullopt;
  }
  // Of any number.
  std::optional<double> number() const {
    if (const auto* f = std::get_if<double>(&data)) return *f;
    if (const auto i = integer()) return double(*i);
    return std::nullopt;
  }
};

inline Value none() { return {NoneValue{}}; }

// Counts what a rendering may still use; what is freed is given back.
struct Budget {
  int64_t steps, bytes;
};

struct Str {
  Chars chars;
  Budget* budget = nullptr;  // null: a constant of the template

  explicit Str(Chars chars, Budget* budget = nullptr) : chars(std::move(chars)), budget(budget) {
    if (budget) budget->bytes -= size();
  }
  ~Str() {
    if (budget) budget->bytes += size();
  }
  Str(const Str&) = delete;
  Str& operator=(const Str&) = delete;
  int64_t size() const { return int64_t(chars.capacity()) * 4 + 64; }
};

struct List {
  enum class Kind { List, Tuple, Group };  // a group is a tuple whose two items are also called grouper and list
  std::vector<Value> items;
  Kind kind;
  int depth;  // of nesting below, with this
  Budget* budget;

  List(std::vector<Value> items, Kind kind, Budget* budget);
  ~List() {
    if (budget) budget->bytes += size();
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  int64_t size() const { return int64_t(items.capacity() * sizeof(Value)) + 64; }
};

struct Dict {
  std::vector<std::pair<Value, Value>> entries;     // in the order of insertion, keys distinct
  std::unordered_multimap<size_t, uint32_t> index;  // hash -> entry; only of larger ones
  int depth;
  Budget* budget;

  // Later values of a key replace earlier ones in their place. Throws TemplateError where a key can't be hashed.
  Dict(Runtime& runtime, std::vector<std::pair<Value, Value>> all);
  ~Dict() {
    if (budget) budget->bytes += size();
  }
  Dict(const Dict&) = delete;
  Dict& operator=(const Dict&) = delete;
  int64_t size() const { return int64_t(entries.capacity() * 2 * sizeof(Value) + index.size() * 48) + 96; }

  const Value* find(const Value& key) const;
  const Value* find(CharsView key) const;

 private:
  int64_t place_of(const Value& key, size_t hash) const;
};

// The deepest nesting of lists and dictionaries, so that walking them needs little stack.
inline constexpr int kMaxValueDepth = 300;

struct Args {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Object {
 public:
  virtual ~Object() = default;
  virtual std::string type_name() const = 0;  // Python's
  virtual bool truth(Runtime&) { return true; }
  virtual std::optional<Value> attribute(Runtime&, std::string_view) { return std::nullopt; }
  virtual std::optional<Value> item(Runtime&, const Value&) { return std::nullopt; }
  virtual bool is_callable() const { return false; }
  virtual Value call(Runtime&, const Args&);                                          // throws: not callable
  virtual std::optional<std::vector<Value>> items(Runtime&) { return std::nullopt; }  // an iterator is used up
  virtual std::optional<int64_t> length(Runtime&) { return std::nullopt; }
  virtual bool is_iterable() const { return false; }
  virtual bool is_reversible() const { return false; }
  virtual bool contains_quickly(const Value&, bool&) const { return false; }  // true: answered without items()
  virtual Chars text(Runtime&);                                               // repr and str
};

// "str", "NoneType", "list", ...
std::string type_name(const Value& value);
bool equal(const Value& a, const Value& b);
bool is_hashable(const Value& value);
size_t hash_of(const Value& value);

}  // namespace quern::jinja
