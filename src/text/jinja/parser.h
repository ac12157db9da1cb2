// SPDX-License-Identifier: MIT
#pragma once
// Template text -> tree, by the grammar of Jinja 3.1 (https://jinja.palletsprojects.com/en/3.1.x/templates/) with
// loop controls and transformers' {% generation %}. What needs other templates (extends, include, import) is refused.

#include <string_view>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/lexer.h"

namespace quern::jinja {

// Throws TemplateError (Syntax) naming the line.
std::vector<Statement> parse_template(std::string_view source);

class ExprParser {
 public:
  explicit ExprParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  // As an expression, or a tuple where commas follow. `stop`: a name that ends it.
  Expr tuple(bool conditional = true, std::string_view stop = {}, bool parenthesized = false);
  Expr expression(bool conditional = true);
  Expr assign_target(std::string_view stop = {}, bool with_namespace = false);
  Expr filters(Expr* input, bool first_without_pipe);  // input null: a chain without a start
  bool is_filter_next() const { return current().is("|"); }

  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& next();
  bool skip(std::string_view op);
  bool skip_name(std::string_view name);
  const Token& expect(std::string_view op);
  void expect(Token::Kind kind, const char* what);
  std::string expect_name();
  [[noreturn]] void fail(const std::string& reason) const;
  [[noreturn]] void unexpected() const;

  // Macros around the place, which learn what special names their bodies use.
  std::vector<Statement*> macros_;

  class Level {
   public:
    explicit Level(ExprParser& parser);
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExprParser& parser_;
  };

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;

  Expr conditional();
  Expr either();
  Expr both();
  Expr inverse();
  Expr comparison();
  Expr sum();
  Expr concatenation();
  Expr product();
  Expr power();
  Expr unary(bool with_filters = true);
  Expr primary(bool with_namespace = false);
  Expr name_or_constant(bool with_namespace);
  Expr list();
  Expr dict();
  Expr postfix(Expr inner);
  Expr subscript(Expr inner);
  Expr subscribed();
  Expr filters_and_tests(Expr inner);
  Expr call(Expr callee);
  Expr test(Expr inner);
  std::vector<Argument> arguments();
  bool is_tuple_end(std::string_view stop) const;

  Expr leaf(Expr::Kind kind, int line) const;
  Expr node(Expr::Kind kind, int line, std::vector<Expr> parts, std::string name = {}) const;
  void deepen(Expr& expr) const;
  bool is_compare_operator() const;
};

}  // namespace quern::jinja
