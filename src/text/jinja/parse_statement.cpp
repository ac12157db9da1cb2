// SPDX-License-Identifier: MIT
#include <algorithm>

#include "text/jinja/parser.h"
#include "text/jinja/runtime.h"

namespace quern::jinja {

namespace {
constexpr size_t kLongestTemplate = 4 << 20;  // bytes

class TemplateParser final : public ExprParser {
 public:
  using ExprParser::ExprParser;

  std::vector<Statement> run() {
    std::vector<Statement> all = statements({});
    return all;
  }

 private:
  using Kind = Token::Kind;
  std::vector<std::vector<std::string_view>> ends_;  // what the blocks around wait for
  int loops_ = 0;                                    // around the place, within the macro

  Statement made(Statement::Kind kind, int line) const {
    Statement statement{.kind = kind};
    statement.line = line;
    return statement;
  }

  // Up to a tag whose name is one of `ends`, which stays current; with none, up to the end of the template.
  std::vector<Statement> statements(std::vector<std::string_view> ends) {
    const Level level(*this);
    ends_.push_back(ends);
    std::vector<Statement> all;
    while (current().kind != Kind::End) {
      const int line = current().line;
      if (current().kind == Kind::Text) {
        all.push_back(made(Statement::Kind::Text, line));
        all.back().text = next().chars;
      } else if (current().kind == Kind::ExprBegin) {
        next();
        Statement output = made(Statement::Kind::Output, line);
        output.exprs.push_back(tuple());
        expect(Kind::ExprEnd, "end of print statement");
        all.push_back(std::move(output));
      } else {
        next();
        if (current().kind == Kind::Name && std::ranges::find(ends, current().text) != ends.end()) {
          ends_.pop_back();
          return all;
        }
        statement(all);
        expect(Kind::BlockEnd, "end of statement block");
      }
    }
    if (!ends.empty())
      fail(fmt::format("Unexpected end of template. Jinja was looking for the following tags: {}.", listed(ends)));
    ends_.pop_back();
    return all;
  }

  static std::string listed(const std::vector<std::string_view>& names) {
    std::string out;
    for (size_t i = 0; i < names.size(); ++i)
      out += fmt::format("{}'{}'", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
    return out;
  }

  // The statements inside a block, from the end of its opening tag to the name of its closing one.
  std::vector<Statement> body(std::vector<std::string_view> ends) {
    skip(":");
    expect(Kind::BlockEnd, "end of statement block");
    return statements(std::move(ends));
  }
  std::vector<Statement> whole_body(std::string_view end) {
    std::vector<Statement> inner = body({end});
    next();
    return inner;
  }

  void statement(std::vector<Statement>& out) {
    const Token& tag = current();
    if (tag.kind != Kind::Name) fail("tag name expected");
    const int line = tag.line;
    if (tag.text == "for") return out.push_back(for_loop(line));
    if (tag.text == "if") return out.push_back(if_chain(line));
    if (tag.text == "set") return out.push_back(assignment(line));
    if (tag.text == "with") return out.push_back(with(line));
    if (tag.text == "macro") return out.push_back(macro(line));
    if (tag.text == "call") return out.push_back(call_block(line));
    if (tag.text == "filter") return out.push_back(filter_block(line));
    if (tag.text == "generation") return out.push_back(generation(line));
    if (tag.text == "break" || tag.text == "continue") return out.push_back(loop_control(line));
    if (tag.text == "print") return print(out);
    for (const std::string_view name : {"extends", "include", "import", "from", "block", "autoescape"})
      if (tag.text == name) fail(fmt::format("'{}' is not supported: a chat template stands alone", name));
    std::string reason = fmt::format("Encountered unknown tag '{}'.", tag.text);
    if (!ends_.back().empty()) reason += fmt::format(" The innermost block waits for {}.", listed(ends_.back()));
    fail(reason);
  }

  Statement for_loop(int line) {
    next();
    Statement loop = made(Statement::Kind::For, line);
    loop.targets.push_back(assign_target("in"));
    if (!skip_name("in")) unexpected();
    loop.exprs.push_back(tuple(false, "recursive"));
    if (skip_name("if")) loop.exprs.push_back(expression());
    loop.recursive = skip_name("recursive");
    ++loops_;
    loop.bodies.push_back(body({"endfor", "else"}));
    --loops_;
    if (next().text == "else") loop.bodies.push_back(whole_body("endfor"));
    return loop;
  }

  Statement if_chain(int line) {
    Statement chain = made(Statement::Kind::If, line);
    next();
    while (true) {
      chain.exprs.push_back(tuple(false));
      chain.bodies.push_back(body({"elif", "else", "endif"}));
      const std::string tag = next().text;
      if (tag == "elif") continue;
      if (tag == "else") chain.bodies.push_back(whole_body("endif"));
      return chain;
    }
  }

  Statement assignment(int line) {
    next();
    Expr target = assign_target({}, true);
    Statement set = made(skip("=") ? Statement::Kind::Set : Statement::Kind::SetBlock, line);
    set.targets.push_back(std::move(target));
    if (set.kind == Statement::Kind::Set) {
      set.exprs.push_back(tuple());
      return set;
    }
    if (is_filter_next()) set.exprs.push_back(filters(nullptr, false));
    set.bodies.push_back(whole_body("endset"));
    return set;
  }

  Statement with(int line) {
    next();
    Statement block = made(Statement::Kind::With, line);
    while (current().kind != Kind::BlockEnd) {
      if (!block.targets.empty()) expect(",");
      block.targets.push_back(assign_target());
      expect("=");
      block.exprs.push_back(expression());
    }
    block.bodies.push_back(whole_body("endwith"));
    return block;
  }

  void signature(Statement& macro) {
    expect("(");
    while (!current().is(")")) {
      if (!macro.parameters.empty()) expect(",");
      macro.parameters.push_back(expect_name());
      if (skip("="))
        macro.defaults.push_back(expression());
      else if (!macro.defaults.empty())
        fail("non-default argument follows default argument");
    }
    expect(")");
  }

  void macro_body(Statement& macro, std::string_view end) {
    macros_.push_back(&macro);
    const int outer_loops = std::exchange(loops_, 0);
    macro.bodies.push_back(whole_body(end));
    loops_ = outer_loops;
    macros_.pop_back();
  }

  Statement macro(int line) {
    next();
    Statement macro = made(Statement::Kind::Macro, line);
    macro.name = expect_name();
    signature(macro);
    macro_body(macro, "endmacro");
    return macro;
  }

  Statement call_block(int line) {
    next();
    Statement block = made(Statement::Kind::CallBlock, line);
    if (current().is("(")) signature(block);
    block.exprs.push_back(expression());
    if (block.exprs[0].kind != Expr::Kind::Call) fail("expected call");
    macro_body(block, "endcall");
    return block;
  }

  Statement filter_block(int line) {
    next();
    Statement block = made(Statement::Kind::FilterBlock, line);
    block.exprs.push_back(filters(nullptr, true));
    block.bodies.push_back(whole_body("endfilter"));
    return block;
  }

  Statement generation(int line) {
    next();
    Statement block = made(Statement::Kind::Generation, line);
    const int outer_loops = std::exchange(loops_, 0);
    block.bodies.push_back(whole_body("endgeneration"));
    loops_ = outer_loops;
    return block;
  }

  Statement loop_control(int line) {
    const std::string name = next().text;
    if (loops_ == 0) fail(fmt::format("'{}' outside of a loop", name));
    return made(name == "break" ? Statement::Kind::Break : Statement::Kind::Continue, line);
  }

  void print(std::vector<Statement>& out) {
    const int line = next().line;
    bool first = true;
    while (current().kind != Kind::BlockEnd) {
      if (!std::exchange(first, false)) expect(",");
      Statement output = made(Statement::Kind::Output, line);
      output.exprs.push_back(expression());
      out.push_back(std::move(output));
    }
  }
};
}  // namespace

std::vector<Statement> parse_template(std::string_view source) {
  if (source.size() > kLongestTemplate)
    throw TemplateError(TemplateError::Cause::Limit, 1, fmt::format("a template of {} bytes", source.size()));
  return TemplateParser(tokenize(source)).run();
}

}  // namespace quern::jinja
