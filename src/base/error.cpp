// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <cstring>

namespace quern {

void throw_check_failure(const char* file, int line, const char* condition, const std::string& message) {
  const char* slash = std::strrchr(file, '/');
  throw Error(ErrorKind::Internal, "internal error at {}:{}: {} ({} does not hold)", slash ? slash + 1 : file, line,
              message, condition);
}

}  // namespace quern
