// SPDX-License-Identifier: MIT
#pragma once
// What a rendering owns and may use: objects, steps, memory and depth. Everything that computes takes a Runtime&.

#include <deque>
#include <functional>
#include <memory>
#include <span>

#include "base/error.h"
#include "text/jinja/value.h"

namespace quern::jinja {

// A template that can't be read, or that failed, or that refused (raise_exception) what it was given.
class TemplateError : public Error {
 public:
  enum class Cause { Syntax, Failure, Refusal, Limit };
  TemplateError(Cause cause, int line, const std::string& reason);
  Cause cause() const { return cause_; }
  int line() const { return line_; }                     // of the template, from 1
  const std::string& reason() const { return reason_; }  // without the place

 private:
  Cause cause_;
  int line_;
  std::string reason_;
};

struct Limits {
  int64_t steps = 10'000'000;  // operations, and characters and items handled
  int64_t bytes = 512 << 20;   // of live values and output
  int depth = 700;             // of evaluation: nested expressions, loops and macros together
};

class Runtime {
 public:
  explicit Runtime(const Limits& limits)
      : budget_{limits.steps, limits.bytes}, max_depth_(limits.depth), all_bytes_(limits.bytes) {}
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  int line = 1;  // where the template is
  Budget& budget() { return budget_; }

  template <typename... A>
  [[noreturn]] void fail(fmt::format_string<A...> format, A&&... args) const {
    throw TemplateError(TemplateError::Cause::Failure, line, fmt::format(format, std::forward<A>(args)...));
  }
  [[noreturn]] void refuse(const std::string& reason) const {
    throw TemplateError(TemplateError::Cause::Refusal, line, reason);
  }
  [[noreturn]] void too_much(const std::string& what) const {
    throw TemplateError(TemplateError::Cause::Limit, line, what);
  }
  // The reason why an undefined value can't be used.
  [[noreturn]] void fail_undefined(const Value& undefined) const;

  // Takes steps; throws when there are none left.
  void charge(int64_t steps = 1) {
    if ((budget_.steps -= steps) < 0) too_much("the template takes too many steps");
    if (budget_.bytes < 0) too_much("the template needs too much memory");
  }
  // Before something of that size is made.
  void require_bytes(int64_t bytes) const {
    if (bytes > budget_.bytes) too_much("the template needs too much memory");
  }

  Value str(Chars chars);
  Value str(std::string_view ascii_or_utf8) { return str(chars_of(ascii_or_utf8)); }
  Value list(std::vector<Value> items, List::Kind kind = List::Kind::List);
  Value dict(std::vector<std::pair<Value, Value>> entries);
  Value undefined(std::string reason) const;
  template <typename T, typename... A>
  Value object(A&&... args) {
    budget_.bytes -= int64_t(sizeof(T)) + 64;  // kept until the end
    charge();
    auto made = std::make_unique<T>(std::forward<A>(args)...);
    Object* raw = made.get();
    objects_.push_back(std::move(made));
    return {raw};
  }

  // One level deeper while it lives.
  class Level {
   public:
    explicit Level(Runtime& runtime) : runtime_(runtime) {
      if (++runtime_.depth_ > runtime_.max_depth_) {
        --runtime_.depth_;
        runtime_.too_much("the template nests too deeply (a macro or loop that calls itself without end?)");
      }
      runtime_.charge();
    }
    ~Level() { --runtime_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Runtime& runtime_;
  };

 private:
  Budget budget_;
  int depth_ = 0, max_depth_;
  int64_t all_bytes_;
  std::deque<std::unique_ptr<Object>> objects_;
};

// Truth, length, iteration, text: as Python's bool(), len(), list(), str() and repr().
bool truth(Runtime& runtime, const Value& value);
int64_t length(Runtime& runtime, const Value& value);
std::vector<Value> items_of(Runtime& runtime, const Value& value);
bool is_iterable(const Value& value);
Chars text_of(Runtime& runtime, const Value& value);
Chars repr(Runtime& runtime, const Value& value);
Chars repr(CharsView text);
std::string float_repr(double value);
std::string utf8_repr(Runtime& runtime, const Value& value);

// `value.name` and `value[key]` as Jinja does them: attributes (methods) first for the one, items first for the other.
Value attribute_of(Runtime& runtime, const Value& value, const std::string& name);
Value item_of(Runtime& runtime, const Value& value, const Value& key);
struct Slice {
  Value begin, end, step;
};
Value slice_of(Runtime& runtime, const Value& value, const Slice& slice);
Value call(Runtime& runtime, const Value& callee, const Args& args);
// `value.name(args)`; nothing when such values have no such method.
std::optional<Value> call_method(Runtime& runtime, const Value& value, std::string_view name, const Args& args);
bool has_method(const Value& value, std::string_view name);

// The operators. `op`: + - * / // % **
Value binary(Runtime& runtime, std::string_view op, const Value& a, const Value& b);
Value negated(Runtime& runtime, const Value& a);
// `op`: == != < <= > >=
bool compared(Runtime& runtime, std::string_view op, const Value& a, const Value& b);
// < of Python's order; throws where there is none.
bool less(Runtime& runtime, const Value& a, const Value& b);
bool contains(Runtime& runtime, const Value& container, const Value& item);
std::string object_name(const Value& value);  // "dict object", "None": as Jinja's messages say it

// 'text %s' % values and 'text {}'.format(values).
Chars format_percent(Runtime& runtime, CharsView format, const Value& values);
Chars format_braces(Runtime& runtime, CharsView format, const Args& args);

// Calls by name; the tables are in filters.h.
Value apply_filter(Runtime& runtime, const std::string& name, const Value& value, const Args& args);
bool apply_test(Runtime& runtime, const std::string& name, const Value& value, const Args& args);

// Arguments matched to a signature. Throws where one is unknown, given twice, or one of the first `required` is
// missing.
class Bound {
 public:
  Bound(Runtime& runtime, std::string_view function, const Args& args, std::initializer_list<const char*> names,
        size_t required = 0);
  const Value* operator[](size_t i) const { return values_[i]; }  // null: not given
  bool flag(size_t i, bool otherwise) const { return values_[i] ? truth(runtime_, *values_[i]) : otherwise; }
  int64_t integer(size_t i, int64_t otherwise) const;
  Chars text(size_t i, CharsView otherwise) const;

 private:
  Runtime& runtime_;
  std::string function_;
  std::vector<const Value*> values_;
};

}  // namespace quern::jinja
