// SPDX-License-Identifier: MIT
#include "text/charsmap.h"

#include "base/error.h"
#include "text/unicode.h"

namespace quern {
namespace {

uint32_t little_endian_u32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

size_t unit_offset(uint32_t unit) { return size_t{unit >> 10} << ((unit & 0x200) >> 6); }

}  // namespace

CharsMap::CharsMap(std::string_view blob, const std::string& where) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::InvalidModel, "{}: the precompiled_charsmap {}", where, why);
  };
  if (blob.size() < 4) refuse(fmt::format("has {} bytes, too few for the size of its trie", blob.size()));
  const uint32_t trie_bytes = little_endian_u32(blob);
  if (trie_bytes % 4 != 0 || trie_bytes == 0 || trie_bytes > blob.size() - 4) {
    refuse(fmt::format("says that its trie has {} bytes, but {} follow", trie_bytes, blob.size() - 4));
  }
  for (size_t at = 4; at < 4 + size_t{trie_bytes}; at += 4) units_.push_back(little_endian_u32(blob.substr(at)));
  replacements_ = blob.substr(4 + size_t{trie_bytes});
  if (!is_valid_utf8(replacements_)) refuse("has replacements that are not UTF-8");
}

std::optional<std::string_view> CharsMap::replacement(std::string_view text) const {
  uint32_t unit = units_[0];
  size_t node = unit_offset(unit);
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) break;
    node ^= byte;
    if (node >= units_.size()) return std::nullopt;
    unit = units_[node];
    if ((unit & 0x800000FFu) != byte) return std::nullopt;
    node ^= unit_offset(unit);
    if (unit & 0x100) {
      if (node >= units_.size()) return std::nullopt;
      const size_t begin = units_[node] & 0x7FFFFFFFu;
      if (begin >= replacements_.size()) return std::nullopt;
      const size_t end = replacements_.find('\0', begin);
      if ((static_cast<unsigned char>(replacements_[begin]) & 0xC0) == 0x80) return std::nullopt;  // inside a character
      return std::string_view(replacements_).substr(begin, end == std::string::npos ? end : end - begin);
    }
  }
  return std::nullopt;
}

}  // namespace quern
