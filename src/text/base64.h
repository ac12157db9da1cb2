// SPDX-License-Identifier: MIT
#pragma once
// Base64 of RFC 4648, as tokenizer files use it.

#include <optional>
#include <string>
#include <string_view>

namespace quern {

// Nothing when `text` is not base64; padding may be missing.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace quern
