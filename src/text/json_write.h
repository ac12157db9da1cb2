// SPDX-License-Identifier: MIT
#pragma once
// Writing the large parts of a tokenizer.json.

#include <string>
#include <string_view>

#include "text/vocabulary.h"

namespace quern {

void write_json_string(std::string& out, std::string_view utf8);
void write_json_vocabulary(std::string& out, const Vocabulary& vocabulary);  // an object, by id

}  // namespace quern
