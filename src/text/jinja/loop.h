// SPDX-License-Identifier: MIT
#pragma once
// The variable `loop` of a for block.

#include <functional>
#include <vector>

#include "text/jinja/runtime.h"

namespace quern::jinja {

class Loop final : public Object {
 public:
  using Keep = std::function<bool(const Value&)>;      // of `for ... if`; may be empty
  using Recurse = std::function<Value(const Value&)>;  // of `recursive`; may be empty
  Loop(Runtime& runtime, std::vector<Value> items, Keep keep, Recurse recurse, int depth);

  bool advance();  // to the next item; false at the end
  const Value& current() const { return current_; }
  void end();  // lets the items go

  std::string type_name() const override { return "LoopContext"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Args& args) override;
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;
  std::optional<int64_t> length(Runtime&) override { return all(); }
  Chars text(Runtime&) override { return chars_of(fmt::format("<LoopContext {}/{}>", index0_ + 1, all())); }

 private:
  Runtime& runtime_;
  std::vector<Value> items_;
  size_t at_ = 0;
  Keep keep_;
  Recurse recurse_;
  int depth_;
  int64_t index0_ = -1, length_ = -1;
  std::optional<Value> after_, before_;
  Value current_;
  std::optional<std::vector<Value>> last_changed_;
  int64_t held_bytes_;

  std::optional<Value> fetch();
  const std::optional<Value>& peek();
  int64_t all();
};

}  // namespace quern::jinja
