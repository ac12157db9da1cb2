// SPDX-License-Identifier: MIT
#pragma once
// JSON with kept key order, for configs, checkpoints' state and the --json outputs.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace quern {

using Json = nlohmann::ordered_json;

// Parses `text`; throws Error(kind) naming `where` (a path) with line and column. Nesting over 200 levels is refused.
Json parse_json(std::string_view text, const std::string& where, ErrorKind kind = ErrorKind::InvalidData);
Json read_json(const std::filesystem::path& path, ErrorKind kind = ErrorKind::InvalidData);
// One line, UTF-8 kept, invalid bytes replaced by U+FFFD.
std::string to_line(const Json& json);

}  // namespace quern
