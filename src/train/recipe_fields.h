// SPDX-License-Identifier: MIT
#pragma once
// The table of recipe keys.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "train/recipe.h"

namespace quern {

struct RecipeField {
  const char* section;
  const char* key;
  std::variant<int64_t*, double*, bool*, std::string*, std::vector<std::string>*> value;  // into the recipe
  const char* about;
  double lowest = 0, highest = 0;      // numbers only, both allowed
  std::vector<std::string> choices{};  // strings only; empty = any
  bool is_size = false;                // integers only: "30MB" is understood

  std::string name() const { return std::string(section) + "." + key; }
};

std::vector<RecipeField> recipe_fields(Recipe& recipe);

std::string toml_quote(std::string_view text);  // as a TOML basic string

}  // namespace quern
