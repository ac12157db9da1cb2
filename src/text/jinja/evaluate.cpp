// SPDX-License-Identifier: MIT
#include "text/jinja/interpreter.h"

namespace quern::jinja {

Value Interpreter::eval(const Expr& expr, const ScopePtr& scope) {
  using Kind = Expr::Kind;
  const Runtime::Level level(runtime_);
  runtime_.line = expr.line;
  switch (expr.kind) {
    case Kind::Const:
      return expr.value;
    case Kind::Name:
      return eval_name(expr, scope);
    case Kind::List:
      return runtime_.list(eval_parts(expr, scope));
    case Kind::Tuple:
      return runtime_.list(eval_parts(expr, scope), List::Kind::Tuple);
    case Kind::Dict:
      return eval_dict(expr, scope);
    case Kind::Negative:
      return negated(runtime_, eval(expr.parts[0], scope));
    case Kind::Positive: {
      const Value value = eval(expr.parts[0], scope);
      if (value.is_undefined()) runtime_.fail_undefined(value);
      if (value.is_bool()) return {*value.integer()};
      if (!value.is_number()) runtime_.fail("bad operand type for unary +: '{}'", type_name(value));
      return value;
    }
    case Kind::Not:
      return {!truth(runtime_, eval(expr.parts[0], scope))};
    case Kind::And: {
      Value left = eval(expr.parts[0], scope);
      return truth(runtime_, left) ? eval(expr.parts[1], scope) : left;
    }
    case Kind::Or: {
      Value left = eval(expr.parts[0], scope);
      return truth(runtime_, left) ? left : eval(expr.parts[1], scope);
    }
    case Kind::Binary: {
      const Value left = eval(expr.parts[0], scope), right = eval(expr.parts[1], scope);
      runtime_.line = expr.line;
      return binary(runtime_, expr.name, left, right);
    }
    case Kind::Concat:
      return eval_concat(expr, scope);
    case Kind::Compare:
      return eval_compare(expr, scope);
    case Kind::Conditional:
      if (truth(runtime_, eval(expr.parts[0], scope))) return eval(expr.parts[1], scope);
      if (expr.parts.size() > 2) return eval(expr.parts[2], scope);
      return runtime_.undefined(fmt::format(
          "the inline if-expression on line {} evaluated to false and no else section was defined.", expr.line));
    case Kind::Attribute: {
      const Value value = eval(expr.parts[0], scope);
      runtime_.line = expr.line;
      return attribute_of(runtime_, value, expr.name);
    }
    case Kind::Item:
      return eval_item(expr, scope);
    case Kind::Call:
      return eval_call(expr, scope);
    case Kind::Filter:
      return eval_filter(expr, scope, nullptr);
    case Kind::Test: {
      const Value value = eval(expr.parts[0], scope);
      const Args args = eval_args(expr, scope);
      runtime_.line = expr.line;
      return {apply_test(runtime_, expr.name, value, args)};
    }
    case Kind::Slice:
    case Kind::Target:
      break;  // parts of Item and of assignments
  }
  runtime_.fail("this can't be evaluated by itself");
}

Value Interpreter::eval_name(const Expr& expr, const ScopePtr& scope) {
  if (const Value* value = scope->find(expr.name)) return *value;
  return runtime_.undefined(fmt::format("'{}' is undefined", expr.name));
}

std::vector<Value> Interpreter::eval_parts(const Expr& expr, const ScopePtr& scope) {
  std::vector<Value> values;
  for (const Expr& part : expr.parts) values.push_back(eval(part, scope));
  return values;
}

Value Interpreter::eval_dict(const Expr& expr, const ScopePtr& scope) {
  std::vector<Value> values = eval_parts(expr, scope);
  std::vector<std::pair<Value, Value>> entries;
  for (size_t i = 0; i + 1 < values.size(); i += 2)
    entries.emplace_back(std::move(values[i]), std::move(values[i + 1]));
  return runtime_.dict(std::move(entries));
}

Value Interpreter::eval_concat(const Expr& expr, const ScopePtr& scope) {
  Chars text;
  for (const Value& value : eval_parts(expr, scope)) {
    text += text_of(runtime_, value);
    runtime_.require_bytes(int64_t(text.size()) * 4);
  }
  return runtime_.str(std::move(text));
}

Value Interpreter::eval_compare(const Expr& expr, const ScopePtr& scope) {
  Value left = eval(expr.parts[0], scope);
  for (size_t i = 0; i < expr.names.size(); ++i) {
    Value right = eval(expr.parts[i + 1], scope);
    runtime_.line = expr.line;
    const std::string& op = expr.names[i];
    const bool holds = op == "in"       ? contains(runtime_, right, left)
                       : op == "not in" ? !contains(runtime_, right, left)
                                        : compared(runtime_, op, left, right);
    if (!holds) return {false};
    left = std::move(right);
  }
  return {true};
}

Value Interpreter::eval_item(const Expr& expr, const ScopePtr& scope) {
  const Value value = eval(expr.parts[0], scope);
  const Expr& key = expr.parts[1];
  if (key.kind == Expr::Kind::Slice) {
    const Slice slice{eval(key.parts[0], scope), eval(key.parts[1], scope), eval(key.parts[2], scope)};
    runtime_.line = expr.line;
    return slice_of(runtime_, value, slice);
  }
  const Value place = eval(key, scope);
  runtime_.line = expr.line;
  return item_of(runtime_, value, place);
}

Args Interpreter::eval_args(const Expr& expr, const ScopePtr& scope) {
  Args args;
  for (const Argument& argument : expr.arguments) {
    Value value = eval(argument.value, scope);
    switch (argument.kind) {
      case Argument::Kind::Positional:
        args.positional.push_back(std::move(value));
        break;
      case Argument::Kind::Named:
        args.named.emplace_back(argument.name, std::move(value));
        break;
      case Argument::Kind::Star:
        for (Value& item : items_of(runtime_, value)) args.positional.push_back(std::move(item));
        break;
      case Argument::Kind::DoubleStar:
        if (!value.dict()) runtime_.fail("argument after ** must be a mapping, not {}", type_name(value));
        for (const auto& [key, item] : value.dict()->entries) {
          if (!key.str()) runtime_.fail("keywords must be strings");
          args.named.emplace_back(utf8_of(key.str()->chars), item);
        }
    }
  }
  return args;
}

Value Interpreter::eval_call(const Expr& expr, const ScopePtr& scope, const Value* caller) {
  const Expr& callee = expr.parts[0];
  // A method is called without making a value of it first.
  if (callee.kind == Expr::Kind::Attribute) {
    const Value self = eval(callee.parts[0], scope);
    const bool method = !self.is_undefined() && has_method(self, callee.name);
    const Value function = method ? Value{} : attribute_of(runtime_, self, callee.name);
    Args args = eval_args(expr, scope);
    if (caller) args.named.emplace_back("caller", *caller);
    runtime_.line = expr.line;
    return method ? *call_method(runtime_, self, callee.name, args) : call(runtime_, function, args);
  }
  const Value function = eval(callee, scope);
  Args args = eval_args(expr, scope);
  if (caller) args.named.emplace_back("caller", *caller);
  runtime_.line = expr.line;
  return call(runtime_, function, args);
}

Value Interpreter::eval_filter(const Expr& expr, const ScopePtr& scope, const Value* innermost) {
  const Runtime::Level level(runtime_);
  Value input;
  if (expr.parts.empty())
    input = *innermost;
  else if (expr.parts[0].kind == Expr::Kind::Filter)
    input = eval_filter(expr.parts[0], scope, innermost);
  else
    input = eval(expr.parts[0], scope);
  const Args args = eval_args(expr, scope);
  runtime_.line = expr.line;
  return apply_filter(runtime_, expr.name, input, args);
}

}  // namespace quern::jinja
