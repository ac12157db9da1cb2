// SPDX-License-Identifier: MIT
#include "base/home.h"

#include <cstdlib>

namespace quern {

std::filesystem::path quern_home() {
  if (const char* given = std::getenv("QUERN_HOME"); given && *given) return given;
  if (const char* home = std::getenv("HOME"); home && *home) return std::filesystem::path(home) / ".quern";
  return {};
}

}  // namespace quern
