// SPDX-License-Identifier: MIT
#pragma once
// A template as a tree.

#include <string>
#include <vector>

#include "text/jinja/value.h"

namespace quern::jinja {

struct Argument;

struct Expr {
  enum class Kind {
    Const,        // value
    Name,         // name
    List,         // parts
    Tuple,        // parts
    Dict,         // parts: key, value, key, value, ...
    Negative,     // parts[0]
    Positive,     // parts[0]
    Not,          // parts[0]
    And,          // parts[0], parts[1]
    Or,           // parts[0], parts[1]
    Binary,       // parts[0] name parts[1]: arithmetic
    Concat,       // parts, joined as text
    Compare,      // parts[0] names[0] parts[1] names[1] parts[2] ...
    Conditional,  // parts[1] if parts[0] else parts[2] (which may be missing)
    Attribute,    // parts[0].name
    Item,         // parts[0][parts[1]]
    Slice,        // begin, end, step: only as the key of Item
    Call,         // parts[0](arguments)
    Filter,       // parts[0] | name(arguments); in {% set x | f %} and {% filter f %} the innermost has no part
    Test,         // parts[0] is name(arguments)
    Target,       // name.attribute: a place in a namespace to assign to; names[0] is the attribute
  } kind;
  int line = 0;
  int depth = 1;  // of the tree below, with this
  std::string name;
  std::vector<std::string> names;
  Value value;
  std::vector<Expr> parts;
  std::vector<Argument> arguments;
};

struct Argument {
  enum class Kind { Positional, Named, Star, DoubleStar } kind;
  std::string name;
  Expr value;
};

struct Statement {
  enum class Kind {
    Text,         // text
    Output,       // exprs[0]
    If,           // exprs[i] leads to bodies[i]; one body more: else
    For,          // target in exprs[0] (if exprs[1]): bodies[0], else bodies[1]
    Set,          // target = exprs[0]
    SetBlock,     // target = bodies[0], through the filter exprs[0] if there is one
    With,         // targets[i] = exprs[i]: bodies[0]
    Macro,        // name(parameters): bodies[0]
    CallBlock,    // exprs[0], a call, with bodies[0] as its caller(parameters)
    FilterBlock,  // bodies[0] through exprs[0]
    Generation,   // bodies[0]: what the assistant says
    Break,
    Continue,
  } kind;
  int line = 0;
  std::string name;
  Chars text;
  std::vector<Expr> targets;  // names, tuples of them, or Target
  std::vector<Expr> exprs;
  std::vector<std::vector<Statement>> bodies;
  bool recursive = false;
  // Of macros and call blocks. The defaults belong to the last parameters.
  std::vector<std::string> parameters;
  std::vector<Expr> defaults;
  bool uses_caller = false, uses_varargs = false, uses_kwargs = false;
};

}  // namespace quern::jinja
