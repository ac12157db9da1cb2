// SPDX-License-Identifier: MIT
#pragma once
// What lies at a path, told in facts: the ground of `show` and `compare`.

#include <nlohmann/json_fwd.hpp>

#include "base/files.h"

namespace quern {

// One JSON object with "kind": model | run | gguf | safetensors | tokenizer | tokens, and what that kind has to tell;
// the shapes are in docs/json.md. Throws NotFound, Unsupported (nothing known), or what opening the thing throws.
nlohmann::ordered_json inspect(const std::string& argument);

// The same for people: several lines.
std::string describe(const nlohmann::ordered_json& facts);

}  // namespace quern
