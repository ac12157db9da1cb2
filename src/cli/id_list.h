// SPDX-License-Identifier: MIT
#pragma once
// Token ids as a user writes them: "5,17,3" or "5 17 3".

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quern {

std::vector<int32_t> parse_ids(const std::string& text);  // throws InvalidArgument
std::string format_ids(std::span<const int32_t> ids);

}  // namespace quern
