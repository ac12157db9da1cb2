// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace quern {

inline constexpr int32_t kIgnoreLabel = -100;  // a target that is not counted; the value is PyTorch's ignore_index

}  // namespace quern
