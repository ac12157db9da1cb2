// SPDX-License-Identifier: MIT
#pragma once
// Filters and tests by name: those of Jinja 3.1
// (https://jinja.palletsprojects.com/en/3.1.x/templates/#list-of-builtin-filters) without what makes HTML or chance,
// and transformers' tojson.

#include <string_view>
#include <unordered_map>

#include "text/jinja/runtime.h"

namespace quern::jinja {

using Filter = Value (*)(Runtime&, const Value& input, const Args&);
using FilterTable = std::unordered_map<std::string_view, Filter>;
const FilterTable& text_filters();
const FilterTable& number_filters();
const FilterTable& sequence_filters();

// value of "a.b.0" in an item: attributes and places, one after the other.
Value attribute_path(Runtime& runtime, Value item, const Value& path);

}  // namespace quern::jinja
