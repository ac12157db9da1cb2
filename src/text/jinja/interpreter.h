// SPDX-License-Identifier: MIT
#pragma once
// Runs a template's tree.

#include <memory>
#include <string_view>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"

namespace quern::jinja {

// The names that a block knows: its own, then those of the blocks around it.
struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<std::string, Value>> names;

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};
using ScopePtr = std::shared_ptr<Scope>;

class Interpreter {
 public:
  explicit Interpreter(Runtime& runtime) : runtime_(runtime) {}

  // What the template writes. `globals` holds the variables.
  Chars run(const std::vector<Statement>& statements, const ScopePtr& globals);

 private:
  enum class Flow { Normal, Break, Continue };
  friend class Macro;

  Runtime& runtime_;
  Chars* out_ = nullptr;

  void emit(CharsView text);
  // What `body` writes, taken aside.
  template <typename Body>
  Chars captured(Body&& body);

  Flow run_block(const std::vector<Statement>& statements, const ScopePtr& scope);
  Flow run_statement(const Statement& statement, const ScopePtr& scope);
  Flow run_if(const Statement& statement, const ScopePtr& scope);
  void run_for(const Statement& statement, const ScopePtr& scope);
  void run_loop(const Statement& statement, const ScopePtr& scope, const Value& items, int depth);
  Flow run_set_block(const Statement& statement, const ScopePtr& scope);
  Flow run_with(const Statement& statement, const ScopePtr& scope);
  void run_call_block(const Statement& statement, const ScopePtr& scope);
  Flow run_filter_block(const Statement& statement, const ScopePtr& scope);
  void run_generation(const Statement& statement, const ScopePtr& scope);
  void assign(const Expr& target, Value value, const ScopePtr& scope);
  Value call_macro(const Statement& macro, const std::string& name, const ScopePtr& scope, const Args& args);

  Value eval(const Expr& expr, const ScopePtr& scope);
  Value eval_name(const Expr& expr, const ScopePtr& scope);
  Value eval_compare(const Expr& expr, const ScopePtr& scope);
  Value eval_item(const Expr& expr, const ScopePtr& scope);
  Value eval_call(const Expr& expr, const ScopePtr& scope, const Value* caller = nullptr);
  Value eval_dict(const Expr& expr, const ScopePtr& scope);
  Value eval_concat(const Expr& expr, const ScopePtr& scope);
  Value eval_filter(const Expr& expr, const ScopePtr& scope, const Value* innermost);
  Args eval_args(const Expr& expr, const ScopePtr& scope);
  std::vector<Value> eval_parts(const Expr& expr, const ScopePtr& scope);
};

}  // namespace quern::jinja
