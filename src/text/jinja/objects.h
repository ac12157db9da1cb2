// SPDX-License-Identifier: MIT
#pragma once
// The objects that methods, filters and the template's globals hand out.

#include <string>
#include <vector>

#include "text/jinja/runtime.h"

namespace quern::jinja {

// dict.items(), keys(), values().
class DictView final : public Object {
 public:
  enum class Part { Items, Keys, Values };
  DictView(Value dict, Part part) : dict_(std::move(dict)), part_(part) {}
  std::string type_name() const override;
  bool truth(Runtime&) override { return !dict_.dict()->entries.empty(); }
  std::optional<std::vector<Value>> items(Runtime& runtime) override;
  std::optional<int64_t> length(Runtime&) override { return int64_t(dict_.dict()->entries.size()); }
  bool is_iterable() const override { return true; }
  Chars text(Runtime& runtime) override;

 private:
  Value dict_;
  Part part_;
};

// What map(), select() and their like give: can be gone through once.
class Generator final : public Object {
 public:
  Generator(std::vector<Value> items, std::string type) : items_(std::move(items)), type_(std::move(type)) {}
  std::string type_name() const override { return type_; }
  std::optional<std::vector<Value>> items(Runtime&) override { return std::exchange(items_, {}); }
  bool is_iterable() const override { return true; }
  std::optional<Value> take_first();

 private:
  std::vector<Value> items_;
  std::string type_;
};

class Range final : public Object {
 public:
  Range(int64_t begin, int64_t end, int64_t step, int64_t count)
      : begin_(begin), end_(end), step_(step), count_(count) {}
  std::string type_name() const override { return "range"; }
  bool truth(Runtime&) override { return count_ > 0; }
  std::optional<Value> item(Runtime&, const Value& key) override;
  std::optional<std::vector<Value>> items(Runtime& runtime) override;
  std::optional<int64_t> length(Runtime&) override { return count_; }
  bool is_iterable() const override { return true; }
  bool is_reversible() const override { return true; }
  bool contains_quickly(const Value& value, bool& answer) const override;
  Chars text(Runtime&) override;

 private:
  int64_t begin_, end_, step_, count_;
};

// namespace(): the only thing a template can assign into.
class Namespace final : public Object {
 public:
  std::vector<std::pair<std::string, Value>> attributes;
  std::string type_name() const override { return "Namespace"; }
  std::optional<Value> attribute(Runtime&, std::string_view name) override;
  std::optional<Value> item(Runtime& runtime, const Value& key) override;
  void set(const std::string& name, Value value);
  Chars text(Runtime& runtime) override;
};

// A global: range, dict, namespace, cycler, joiner, raise_exception, strftime_now.
class Function final : public Object {
 public:
  using Body = std::function<Value(Runtime&, const Args&)>;
  Function(std::string name, Body body) : name_(std::move(name)), body_(std::move(body)) {}
  std::string type_name() const override { return "function"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Args& args) override { return body_(runtime, args); }
  Chars text(Runtime&) override { return chars_of("<function " + name_ + ">"); }

 private:
  std::string name_;
  Body body_;
};

// Seconds since 1970, in local time: what strftime_now shows.
using Clock = std::function<int64_t()>;
std::vector<std::pair<std::string, Value>> make_globals(Runtime& runtime, const Clock& clock);

}  // namespace quern::jinja
