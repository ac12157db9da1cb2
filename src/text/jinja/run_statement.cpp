// SPDX-License-Identifier: MIT
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/loop.h"
#include "text/jinja/objects.h"

namespace quern::jinja {

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->outer.get())
    for (const auto& [known, value] : scope->names)
      if (known == name) return &value;
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto& [known, old] : names)
    if (known == name) {
      old = std::move(value);
      return;
    }
  names.emplace_back(name, std::move(value));
}

namespace {
ScopePtr inner_scope(const ScopePtr& outer) {
  auto scope = std::make_shared<Scope>();
  scope->outer = outer;
  return scope;
}
}  // namespace

class Macro final : public Object {
 public:
  Macro(Interpreter& interpreter, const Statement& statement, std::string name, ScopePtr scope)
      : interpreter_(interpreter), statement_(statement), name_(std::move(name)), scope_(std::move(scope)) {}
  std::string type_name() const override { return "Macro"; }
  bool is_callable() const override { return true; }
  Value call(Runtime&, const Args& args) override { return interpreter_.call_macro(statement_, name_, scope_, args); }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override {
    if (name == "name") return runtime.str(name_);
    return std::nullopt;
  }
  Chars text(Runtime&) override { return chars_of("<Macro '" + name_ + "'>"); }

 private:
  Interpreter& interpreter_;
  const Statement& statement_;
  std::string name_;
  ScopePtr scope_;
};

void Interpreter::emit(CharsView text) {
  runtime_.charge(int64_t(text.size()) / 16);
  runtime_.require_bytes(int64_t(text.size()) * 4);
  runtime_.budget().bytes -= int64_t(text.size()) * 4;
  out_->append(text);
}

template <typename Body>
Chars Interpreter::captured(Body&& body) {
  Chars text;
  Chars* const outside = std::exchange(out_, &text);
  body();  // an error in it ends the rendering, and nothing is written any more
  out_ = outside;
  runtime_.budget().bytes += int64_t(text.size()) * 4;
  return text;
}

Chars Interpreter::run(const std::vector<Statement>& statements, const ScopePtr& globals) {
  Chars out;
  out_ = &out;
  run_block(statements, inner_scope(globals));
  return out;
}

Interpreter::Flow Interpreter::run_block(const std::vector<Statement>& statements, const ScopePtr& scope) {
  for (const Statement& statement : statements)
    if (const Flow flow = run_statement(statement, scope); flow != Flow::Normal) return flow;
  return Flow::Normal;
}

Interpreter::Flow Interpreter::run_statement(const Statement& statement, const ScopePtr& scope) {
  using Kind = Statement::Kind;
  const Runtime::Level level(runtime_);
  runtime_.line = statement.line;
  switch (statement.kind) {
    case Kind::Text:
      emit(statement.text);
      return Flow::Normal;
    case Kind::Output:
      emit(text_of(runtime_, eval(statement.exprs[0], scope)));
      return Flow::Normal;
    case Kind::If:
      return run_if(statement, scope);
    case Kind::For:
      run_for(statement, scope);
      return Flow::Normal;
    case Kind::Set:
      assign(statement.targets[0], eval(statement.exprs[0], scope), scope);
      return Flow::Normal;
    case Kind::SetBlock:
      return run_set_block(statement, scope);
    case Kind::With:
      return run_with(statement, scope);
    case Kind::Macro:
      scope->set(statement.name, runtime_.object<Macro>(*this, statement, statement.name, scope));
      return Flow::Normal;
    case Kind::CallBlock:
      run_call_block(statement, scope);
      return Flow::Normal;
    case Kind::FilterBlock:
      return run_filter_block(statement, scope);
    case Kind::Generation:
      run_generation(statement, scope);
      return Flow::Normal;
    case Kind::Break:
      return Flow::Break;
    case Kind::Continue:
      return Flow::Continue;
  }
  return Flow::Normal;
}

Interpreter::Flow Interpreter::run_if(const Statement& statement, const ScopePtr& scope) {
  for (size_t i = 0; i < statement.exprs.size(); ++i)
    if (truth(runtime_, eval(statement.exprs[i], scope))) return run_block(statement.bodies[i], scope);
  if (statement.bodies.size() > statement.exprs.size()) return run_block(statement.bodies.back(), scope);
  return Flow::Normal;
}

void Interpreter::run_for(const Statement& statement, const ScopePtr& scope) {
  run_loop(statement, scope, eval(statement.exprs[0], scope), 0);
}

void Interpreter::run_loop(const Statement& statement, const ScopePtr& scope, const Value& items, int depth) {
  Loop::Keep keep;
  if (statement.exprs.size() > 1)
    keep = [&](const Value& item) {
      const ScopePtr inner = inner_scope(scope);
      assign(statement.targets[0], item, inner);
      return truth(runtime_, eval(statement.exprs[1], inner));
    };
  Loop::Recurse recurse;
  if (statement.recursive)
    recurse = [this, &statement, scope, depth](const Value& more) {
      const Runtime::Level level(runtime_);
      return runtime_.str(captured([&] { run_loop(statement, scope, more, depth + 1); }));
    };
  const Value made =
      runtime_.object<Loop>(runtime_, items_of(runtime_, items), std::move(keep), std::move(recurse), depth);
  Loop& loop = *static_cast<Loop*>(made.object());
  bool any = false;
  while (loop.advance()) {
    any = true;
    runtime_.charge();
    const ScopePtr inner = inner_scope(scope);
    inner->names.emplace_back("loop", made);
    assign(statement.targets[0], loop.current(), inner);
    if (run_block(statement.bodies[0], inner) == Flow::Break) break;
  }
  loop.end();
  if (!any && statement.bodies.size() > 1) run_block(statement.bodies[1], inner_scope(scope));
}

Interpreter::Flow Interpreter::run_set_block(const Statement& statement, const ScopePtr& scope) {
  Flow flow = Flow::Normal;
  Value text = runtime_.str(captured([&] { flow = run_block(statement.bodies[0], inner_scope(scope)); }));
  if (flow != Flow::Normal) return flow;
  if (!statement.exprs.empty()) text = eval_filter(statement.exprs[0], scope, &text);
  assign(statement.targets[0], std::move(text), scope);
  return flow;
}

Interpreter::Flow Interpreter::run_with(const Statement& statement, const ScopePtr& scope) {
  const ScopePtr inner = inner_scope(scope);
  for (size_t i = 0; i < statement.targets.size(); ++i)
    assign(statement.targets[i], eval(statement.exprs[i], scope), inner);
  return run_block(statement.bodies[0], inner);
}

void Interpreter::run_call_block(const Statement& statement, const ScopePtr& scope) {
  const Value caller = runtime_.object<Macro>(*this, statement, "caller", scope);
  emit(text_of(runtime_, eval_call(statement.exprs[0], scope, &caller)));
}

Interpreter::Flow Interpreter::run_filter_block(const Statement& statement, const ScopePtr& scope) {
  Flow flow = Flow::Normal;
  const Value text = runtime_.str(captured([&] { flow = run_block(statement.bodies[0], inner_scope(scope)); }));
  if (flow != Flow::Normal) return flow;
  emit(text_of(runtime_, eval_filter(statement.exprs[0], scope, &text)));
  return flow;
}

void Interpreter::run_generation(const Statement& statement, const ScopePtr& scope) {
  Chars said = captured([&] { run_block(statement.bodies[0], inner_scope(scope)); });
  for (char32_t& c : said) c |= kGenerated;
  emit(said);
}

void Interpreter::assign(const Expr& target, Value value, const ScopePtr& scope) {
  if (target.kind == Expr::Kind::Name) return scope->set(target.name, std::move(value));
  if (target.kind == Expr::Kind::Target) {
    const Value* place = scope->find(target.name);
    auto* names = place ? dynamic_cast<Namespace*>(place->object()) : nullptr;
    if (!names) runtime_.fail("cannot assign attribute on non-namespace object");
    runtime_.charge(int64_t(names->attributes.size()) / 8);
    return names->set(target.names[0], std::move(value));
  }
  if (value.is_undefined()) runtime_.fail_undefined(value);
  std::vector<Value> items = items_of(runtime_, value);
  const size_t wanted = target.parts.size();
  if (items.size() < wanted) runtime_.fail("not enough values to unpack (expected {}, got {})", wanted, items.size());
  if (items.size() > wanted) runtime_.fail("too many values to unpack (expected {})", wanted);
  for (size_t i = 0; i < wanted; ++i) assign(target.parts[i], std::move(items[i]), scope);
}

Value Interpreter::call_macro(const Statement& macro, const std::string& name, const ScopePtr& scope,
                              const Args& args) {
  const Runtime::Level level(runtime_);
  const ScopePtr inner = inner_scope(scope);
  const size_t count = macro.parameters.size(), first_default = count - macro.defaults.size();
  std::vector<std::pair<Value, Value>> more_named;
  std::vector<Value> more;
  if (args.positional.size() > count) {
    if (!macro.uses_varargs) runtime_.fail("macro '{}' takes not more than {} argument(s)", name, count);
    more.assign(args.positional.begin() + int64_t(count), args.positional.end());
  }
  Value caller = runtime_.undefined("No caller defined");
  for (const auto& [key, value] : args.named) {
    const auto at = std::ranges::find(macro.parameters, key);
    if (at != macro.parameters.end() && size_t(at - macro.parameters.begin()) >= args.positional.size())
      continue;  // taken below
    if (key == "caller" && macro.uses_caller)
      caller = value;
    else if (macro.uses_kwargs)
      more_named.emplace_back(runtime_.str(key), value);
    else
      runtime_.fail("macro '{}' takes no keyword argument '{}'", name, key);
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string& parameter = macro.parameters[i];
    const auto named = std::ranges::find(args.named, parameter, &std::pair<std::string, Value>::first);
    Value value;
    if (i < args.positional.size())
      value = args.positional[i];
    else if (named != args.named.end())
      value = named->second;
    else if (i >= first_default)
      value = eval(macro.defaults[i - first_default], inner);
    else
      value = runtime_.undefined(fmt::format("parameter '{}' was not provided", parameter));
    inner->set(parameter, std::move(value));
  }
  if (macro.uses_caller && !std::ranges::count(macro.parameters, "caller")) inner->set("caller", caller);
  if (macro.uses_varargs) inner->set("varargs", runtime_.list(std::move(more), List::Kind::Tuple));
  if (macro.uses_kwargs) inner->set("kwargs", runtime_.dict(std::move(more_named)));
  return runtime_.str(captured([&] { run_block(macro.bodies[0], inner); }));
}

}  // namespace quern::jinja
