// SPDX-License-Identifier: MIT
#pragma once
// The methods of strings, lists, tuples, dictionaries and numbers. One that would change its value is known and
// refused.

#include <string_view>
#include <unordered_map>

#include "text/jinja/runtime.h"

namespace quern::jinja {

using Method = Value (*)(Runtime&, const Value& self, const Args&);
using MethodTable = std::unordered_map<std::string_view, Method>;
const MethodTable& string_methods();
const MethodTable& dict_methods();
const MethodTable& list_methods();  // of tuples too

// str.replace, with what it makes counted before it is made.
Chars replaced_within(Runtime& runtime, CharsView text, CharsView old, CharsView with, int64_t count);

bool changes_its_value(const Value& value, std::string_view name);

}  // namespace quern::jinja
