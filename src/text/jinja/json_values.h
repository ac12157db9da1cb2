// SPDX-License-Identifier: MIT
#pragma once
// Between JSON and the values of templates.

#include "base/json.h"
#include "text/jinja/runtime.h"

namespace quern::jinja {

// Strings, keys included, carry `marks`; a name of plain word characters (the role of a message) under the key "role"
// carries none, since templates build their special tokens from it and it can't hold one by itself.
Value value_of(Runtime& runtime, const Json& json, char32_t marks);

struct JsonStyle {
  bool ascii_only = false, sort_keys = false;
  std::optional<Chars> indent;
  Chars item_separator = U", ", key_separator = U": ";
};
// As Python's json.dumps.
Chars dumped(Runtime& runtime, const Value& value, const JsonStyle& style);

}  // namespace quern::jinja
