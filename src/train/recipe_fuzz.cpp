// SPDX-License-Identifier: MIT
// Any bytes as a recipe: either a recipe that is written and read back alike, or an Error. A last line that starts with
// "--set " is given as an override.
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "train/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> overrides;
  if (const size_t at = text.rfind("\n--set "); at != text.npos) {
    overrides.emplace_back(text.substr(at + 7));
    text = text.substr(0, at + 1);
  }
  try {
    const std::string written = parse_recipe(text, "fuzz", overrides).to_toml();
    if (parse_recipe(written, "written").to_toml() != written) std::abort();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::InvalidRecipe) std::abort();
  }
  return 0;
}
