// SPDX-License-Identifier: MIT
// Expressions, one function per level of precedence, loosest first.
#include <algorithm>

#include "text/jinja/parser.h"
#include "text/jinja/runtime.h"

namespace quern::jinja {

namespace {
constexpr int kMaxNesting = 300;    // of brackets (three each) and blocks
constexpr int kMaxExprDepth = 400;  // of a tree: a + b + c + ... is as deep as it is long

std::string described(const Token& token) {
  using Kind = Token::Kind;
  switch (token.kind) {
    case Kind::Text:
      return "template data / text";
    case Kind::ExprBegin:
      return "begin of print statement";
    case Kind::ExprEnd:
      return "end of print statement";
    case Kind::BlockBegin:
      return "begin of statement block";
    case Kind::BlockEnd:
      return "end of statement block";
    case Kind::String:
      return "a string";
    case Kind::Integer:
      return fmt::format("{}", token.integer);
    case Kind::Float:
      return fmt::format("{}", token.number);
    case Kind::End:
      return "end of template";
    default:
      return token.text;
  }
}
}  // namespace

ExprParser::Level::Level(ExprParser& parser) : parser_(parser) {
  if (++parser_.depth_ > kMaxNesting) {
    --parser_.depth_;
    parser_.fail("nested too deeply");
  }
}

void ExprParser::fail(const std::string& reason) const {
  throw TemplateError(TemplateError::Cause::Syntax, current().line, reason);
}

void ExprParser::unexpected() const { fail(fmt::format("unexpected '{}'", described(current()))); }

const Token& ExprParser::next() {
  const Token& token = tokens_[at_];
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool ExprParser::skip(std::string_view op) {
  if (!current().is(op)) return false;
  next();
  return true;
}

bool ExprParser::skip_name(std::string_view name) {
  if (!current().is_name(name)) return false;
  next();
  return true;
}

const Token& ExprParser::expect(std::string_view op) {
  if (!current().is(op)) fail(fmt::format("expected token '{}', got '{}'", op, described(current())));
  return next();
}

void ExprParser::expect(Token::Kind kind, const char* what) {
  if (current().kind != kind) fail(fmt::format("expected token '{}', got '{}'", what, described(current())));
  next();
}

std::string ExprParser::expect_name() {
  if (current().kind != Token::Kind::Name) fail(fmt::format("expected token 'name', got '{}'", described(current())));
  return next().text;
}

void ExprParser::deepen(Expr& expr) const {
  for (const Expr& part : expr.parts) expr.depth = std::max(expr.depth, part.depth + 1);
  for (const Argument& argument : expr.arguments) expr.depth = std::max(expr.depth, argument.value.depth + 1);
  if (expr.depth > kMaxExprDepth) fail("an expression with too many parts");
}

Expr ExprParser::leaf(Expr::Kind kind, int line) const {
  Expr expr{.kind = kind};
  expr.line = line;
  return expr;
}

Expr ExprParser::node(Expr::Kind kind, int line, std::vector<Expr> parts, std::string name) const {
  Expr expr = leaf(kind, line);
  expr.parts = std::move(parts);
  expr.name = std::move(name);
  deepen(expr);
  return expr;
}

namespace {
template <typename... Exprs>
std::vector<Expr> parts_of(Exprs&&... exprs) {
  std::vector<Expr> parts;
  parts.reserve(sizeof...(exprs));
  (parts.push_back(std::forward<Exprs>(exprs)), ...);
  return parts;
}
}  // namespace

bool ExprParser::is_tuple_end(std::string_view stop) const {
  using Kind = Token::Kind;
  return current().kind == Kind::ExprEnd || current().kind == Kind::BlockEnd || current().is(")") ||
         (!stop.empty() && current().is_name(stop));
}

Expr ExprParser::tuple(bool with_conditional, std::string_view stop, bool parenthesized) {
  const Level level(*this);
  const int line = current().line;
  std::vector<Expr> items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) expect(",");
    if (is_tuple_end(stop)) break;
    items.push_back(expression(with_conditional));
    if (!current().is(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && !items.empty()) return std::move(items[0]);
  if (items.empty() && !parenthesized) fail(fmt::format("Expected an expression, got '{}'", described(current())));
  return node(Expr::Kind::Tuple, line, std::move(items));
}

namespace {
const Expr* unassignable(const Expr& target) {
  static constexpr std::string_view kReserved[] = {"true", "false", "none", "True", "False", "None"};
  if (target.kind == Expr::Kind::Target) return nullptr;
  if (target.kind == Expr::Kind::Name)
    return std::ranges::find(kReserved, target.name) != std::end(kReserved) ? &target : nullptr;
  if (target.kind != Expr::Kind::Tuple) return &target;
  for (const Expr& part : target.parts)
    if (const Expr* wrong = unassignable(part)) return wrong;
  return nullptr;
}
}  // namespace

Expr ExprParser::assign_target(std::string_view stop, bool with_namespace) {
  const Level level(*this);
  const int line = current().line;
  std::vector<Expr> items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) expect(",");
    if (is_tuple_end(stop)) break;
    items.push_back(primary(with_namespace));
    if (!current().is(",")) break;
    is_tuple = true;
  }
  if (items.empty()) unexpected();
  Expr target = is_tuple ? node(Expr::Kind::Tuple, line, std::move(items)) : std::move(items[0]);
  if (unassignable(target)) fail("can't assign to what stands there: names, or tuples of names, can be assigned to");
  return target;
}

Expr ExprParser::expression(bool with_conditional) { return with_conditional ? conditional() : either(); }

Expr ExprParser::conditional() {
  const Level level(*this);
  int line = current().line;
  Expr value = either();
  while (skip_name("if")) {
    Expr condition = either();
    std::vector<Expr> parts = parts_of(std::move(condition), std::move(value));
    if (skip_name("else")) parts.push_back(conditional());
    value = node(Expr::Kind::Conditional, line, std::move(parts));
    line = current().line;
  }
  return value;
}

Expr ExprParser::either() {
  const int line = current().line;
  Expr left = both();
  while (skip_name("or")) left = node(Expr::Kind::Or, line, parts_of(std::move(left), both()));
  return left;
}

Expr ExprParser::both() {
  const int line = current().line;
  Expr left = inverse();
  while (skip_name("and")) left = node(Expr::Kind::And, line, parts_of(std::move(left), inverse()));
  return left;
}

Expr ExprParser::inverse() {
  const int line = current().line;
  if (!skip_name("not")) return comparison();
  const Level level(*this);
  return node(Expr::Kind::Not, line, parts_of(inverse()));
}

bool ExprParser::is_compare_operator() const {
  static constexpr std::string_view kOperators[] = {"==", "!=", "<", "<=", ">", ">="};
  return current().kind == Token::Kind::Operator &&
         std::ranges::find(kOperators, current().text) != std::end(kOperators);
}

Expr ExprParser::comparison() {
  const int line = current().line;
  std::vector<Expr> parts = parts_of(sum());
  std::vector<std::string> operators;
  while (true) {
    if (is_compare_operator()) {
      operators.push_back(next().text);
    } else if (skip_name("in")) {
      operators.emplace_back("in");
    } else if (current().is_name("not") && ahead().is_name("in")) {
      next();
      next();
      operators.emplace_back("not in");
    } else {
      break;
    }
    parts.push_back(sum());
  }
  if (operators.empty()) return std::move(parts[0]);
  Expr compare = node(Expr::Kind::Compare, line, std::move(parts));
  compare.names = std::move(operators);
  return compare;
}

Expr ExprParser::sum() {
  const int line = current().line;
  Expr left = concatenation();
  while (current().is("+") || current().is("-")) {
    const std::string op = next().text;
    left = node(Expr::Kind::Binary, line, parts_of(std::move(left), concatenation()), op);
  }
  return left;
}

Expr ExprParser::concatenation() {
  const int line = current().line;
  std::vector<Expr> parts = parts_of(product());
  while (skip("~")) parts.push_back(product());
  if (parts.size() == 1) return std::move(parts[0]);
  return node(Expr::Kind::Concat, line, std::move(parts));
}

Expr ExprParser::product() {
  const int line = current().line;
  Expr left = power();
  while (current().is("*") || current().is("/") || current().is("//") || current().is("%")) {
    const std::string op = next().text;
    left = node(Expr::Kind::Binary, line, parts_of(std::move(left), power()), op);
  }
  return left;
}

Expr ExprParser::power() {
  const int line = current().line;
  Expr left = unary();
  while (skip("**")) left = node(Expr::Kind::Binary, line, parts_of(std::move(left), unary()), "**");
  return left;
}

Expr ExprParser::unary(bool with_filters) {
  const Level level(*this);
  const int line = current().line;
  Expr inner = leaf(Expr::Kind::Const, line);
  if (skip("-"))
    inner = node(Expr::Kind::Negative, line, parts_of(unary(false)));
  else if (skip("+"))
    inner = node(Expr::Kind::Positive, line, parts_of(unary(false)));
  else
    inner = primary();
  inner = postfix(std::move(inner));
  return with_filters ? filters_and_tests(std::move(inner)) : inner;
}

Expr ExprParser::name_or_constant(bool with_namespace) {
  const Token& token = next();
  Expr expr = leaf(Expr::Kind::Const, token.line);
  if (token.text == "true" || token.text == "True" || token.text == "false" || token.text == "False") {
    expr.value = {token.text == "true" || token.text == "True"};
    return expr;
  }
  if (token.text == "none" || token.text == "None") {
    expr.value = none();
    return expr;
  }
  expr.kind = Expr::Kind::Name;
  expr.name = token.text;
  for (Statement* macro : macros_) {
    macro->uses_caller |= token.text == "caller";
    macro->uses_varargs |= token.text == "varargs";
    macro->uses_kwargs |= token.text == "kwargs";
  }
  if (with_namespace && skip(".")) {
    expr.kind = Expr::Kind::Target;
    expr.names = {expect_name()};
  }
  return expr;
}

Expr ExprParser::primary(bool with_namespace) {
  using Kind = Token::Kind;
  const Token& token = current();
  if (token.kind == Kind::Name) return name_or_constant(with_namespace);
  Expr expr = leaf(Expr::Kind::Const, token.line);
  if (token.kind == Kind::String) {
    Chars text;
    while (current().kind == Kind::String) text += next().chars;
    expr.value = {std::make_shared<const Str>(std::move(text))};
  } else if (token.kind == Kind::Integer) {
    expr.value = {next().integer};
  } else if (token.kind == Kind::Float) {
    expr.value = {next().number};
  } else if (skip("(")) {
    expr = tuple(true, {}, true);
    expect(")");
  } else if (token.is("[")) {
    return list();
  } else if (token.is("{")) {
    return dict();
  } else {
    unexpected();
  }
  return expr;
}

Expr ExprParser::list() {
  const int line = expect("[").line;
  std::vector<Expr> items;
  while (!current().is("]")) {
    if (!items.empty()) expect(",");
    if (current().is("]")) break;
    items.push_back(expression());
  }
  expect("]");
  return node(Expr::Kind::List, line, std::move(items));
}

Expr ExprParser::dict() {
  const int line = expect("{").line;
  std::vector<Expr> items;
  while (!current().is("}")) {
    if (!items.empty()) expect(",");
    if (current().is("}")) break;
    items.push_back(expression());
    expect(":");
    items.push_back(expression());
  }
  expect("}");
  return node(Expr::Kind::Dict, line, std::move(items));
}

Expr ExprParser::postfix(Expr inner) {
  while (true) {
    if (current().is(".") || current().is("["))
      inner = subscript(std::move(inner));
    else if (current().is("("))
      inner = call(std::move(inner));
    else
      return inner;
  }
}

Expr ExprParser::subscript(Expr inner) {
  const int line = current().line;
  if (skip(".")) {
    if (current().kind == Token::Kind::Integer) {
      Expr index = leaf(Expr::Kind::Const, line);
      index.value = {next().integer};
      return node(Expr::Kind::Item, line, parts_of(std::move(inner), std::move(index)));
    }
    if (current().kind != Token::Kind::Name) fail("expected name or number");
    return node(Expr::Kind::Attribute, line, parts_of(std::move(inner)), next().text);
  }
  expect("[");
  std::vector<Expr> keys;
  while (!current().is("]")) {
    if (!keys.empty()) expect(",");
    keys.push_back(subscribed());
  }
  expect("]");
  Expr key = keys.size() == 1 ? std::move(keys[0]) : node(Expr::Kind::Tuple, line, std::move(keys));
  if (key.kind == Expr::Kind::Tuple)
    for (const Expr& part : key.parts)
      if (part.kind == Expr::Kind::Slice) fail("a slice stands alone between brackets");
  return node(Expr::Kind::Item, line, parts_of(std::move(inner), std::move(key)));
}

Expr ExprParser::subscribed() {
  const int line = current().line;
  const auto is_end = [&] { return current().is("]") || current().is(",") || current().is(":"); };
  const auto nothing = [&] {
    Expr expr = leaf(Expr::Kind::Const, line);
    expr.value = none();
    return expr;
  };
  std::vector<Expr> parts = parts_of(current().is(":") ? nothing() : expression());
  if (!current().is(":")) return std::move(parts[0]);
  while (parts.size() < 3 && skip(":")) parts.push_back(is_end() ? nothing() : expression());
  while (parts.size() < 3) parts.push_back(nothing());
  return node(Expr::Kind::Slice, line, std::move(parts));
}

Expr ExprParser::filters_and_tests(Expr inner) {
  while (true) {
    if (current().is("|"))
      inner = filters(&inner, false);
    else if (current().is_name("is"))
      inner = test(std::move(inner));
    else if (current().is("("))
      inner = call(std::move(inner));
    else
      return inner;
  }
}

Expr ExprParser::call(Expr callee) {
  const int line = current().line;
  std::vector<Argument> args = arguments();
  Expr expr = leaf(Expr::Kind::Call, line);
  expr.parts = parts_of(std::move(callee));
  expr.arguments = std::move(args);
  deepen(expr);
  return expr;
}

std::vector<Argument> ExprParser::arguments() {
  using Kind = Argument::Kind;
  expect("(");
  std::vector<Argument> all;
  Kind last = Kind::Positional;
  const auto add = [&](Kind kind, std::string name) {
    const bool in_order = kind == Kind::Positional ? last == Kind::Positional
                          : kind == Kind::Star     ? last < Kind::Star
                          : kind == Kind::Named    ? last != Kind::DoubleStar
                                                   : last != Kind::DoubleStar;
    if (!in_order) fail("invalid syntax for function call expression");
    last = std::max(last, kind);
    all.push_back({.kind = kind, .name = std::move(name), .value = expression()});
  };
  while (!current().is(")")) {
    if (!all.empty()) expect(",");
    if (current().is(")")) break;
    if (skip("*")) {
      add(Kind::Star, "");
    } else if (skip("**")) {
      add(Kind::DoubleStar, "");
    } else if (current().kind == Token::Kind::Name && ahead().is("=")) {
      std::string name = next().text;
      next();
      add(Kind::Named, std::move(name));
    } else {
      add(Kind::Positional, "");
    }
  }
  expect(")");
  return all;
}

Expr ExprParser::filters(Expr* input, bool first_without_pipe) {
  std::vector<Expr> inner;
  if (input) inner.push_back(std::move(*input));
  while (first_without_pipe || skip("|")) {
    first_without_pipe = false;
    Expr filter = leaf(Expr::Kind::Filter, current().line);
    filter.name = expect_name();
    while (skip(".")) filter.name += "." + expect_name();
    filter.parts = std::move(inner);
    if (current().is("(")) filter.arguments = arguments();
    deepen(filter);
    inner = parts_of(std::move(filter));
  }
  return std::move(inner[0]);
}

Expr ExprParser::test(Expr inner) {
  using Kind = Token::Kind;
  const int line = next().line;
  const bool inverted = skip_name("not");
  Expr expr = leaf(Expr::Kind::Test, line);
  expr.name = expect_name();
  while (skip(".")) expr.name += "." + expect_name();
  expr.parts = parts_of(std::move(inner));
  const Token& token = current();
  const bool value_follows = token.kind == Kind::Name || token.kind == Kind::String || token.kind == Kind::Integer ||
                             token.kind == Kind::Float || token.is("[") || token.is("{");
  if (token.is("(")) {
    expr.arguments = arguments();
  } else if (value_follows && !token.is_name("else") && !token.is_name("or") && !token.is_name("and")) {
    if (token.is_name("is")) fail("You cannot chain multiple tests with is");
    expr.arguments.push_back({.kind = Argument::Kind::Positional, .name = "", .value = postfix(primary())});
  }
  deepen(expr);
  return inverted ? node(Expr::Kind::Not, line, parts_of(std::move(expr))) : expr;
}

}  // namespace quern::jinja
