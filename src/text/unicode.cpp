// SPDX-License-Identifier: MIT
#include "text/unicode.h"

#include <utf8proc.h>

#include <cstring>
#include <map>

namespace quern {
namespace {

bool has_white_space(char32_t c) {  // PropList.txt, White_Space
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

uint8_t classify(char32_t c) {
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
  uint8_t bits = has_white_space(c) ? kSpace : 0;
  switch (property->category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      bits |= kLetter | kWord;
      break;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      bits |= kMark | kWord;
      break;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
      bits |= kNumber | kWord;
      break;
    case UTF8PROC_CATEGORY_NO:
      bits |= kNumber;
      break;
    case UTF8PROC_CATEGORY_PC:
      bits |= kWord;
      [[fallthrough]];
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      bits |= kPunctuation;
      break;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
      bits |= kSymbol;
      if (c >= 0x24B6 && c <= 0x24E9) bits |= kWord;  // circled letters are Alphabetic
      break;
    default:
      break;
  }
  // Canonical decomposition, a combining class, or the second place of a composition: NFC may touch it.
  const bool decomposes = property->decomp_type == 0 && property->decomp_seqindex != UINT16_MAX;
  const bool composes_with_previous = property->comb_index != UINT16_MAX && (property->comb_index & 0x8000) != 0;
  const bool hangul_part = (c >= 0x1161 && c <= 0x1175) || (c >= 0x11A8 && c <= 0x11C2);
  if (decomposes || composes_with_previous || property->combining_class != 0 || hangul_part) bits |= kNfcActive;
  return bits;
}

}  // namespace

namespace {
// An earlier block of 256 with the same properties, where whole planes are unassigned (4 to 13, most of 14) or for
// private use (15 and 16, but for the last block of each).
char32_t like_block(char32_t first) {
  if (first > 0x40000 && first < 0xE0000) return 0x40000;
  if (first > 0xE0200 && first < 0xF0000) return 0xE0200;
  const bool last = (first & 0xFF00) == 0xFF00;
  return first > 0xF0000 && !last ? 0xF0000 : first;
}
}  // namespace

CharTable::CharTable() {
  std::map<std::array<uint8_t, 256>, uint16_t> known;
  std::array<uint8_t, 256> block;
  for (char32_t first = 0; first < 0x110000; first += 256) {
    if (const char32_t like = like_block(first); like != first) {
      index_[first >> 8] = index_[like >> 8];
      continue;
    }
    for (char32_t i = 0; i < 256; ++i) block[i] = classify(first + i);
    const auto [entry, added] = known.try_emplace(block, static_cast<uint16_t>(blocks_.size() / 256));
    if (added) blocks_.insert(blocks_.end(), block.begin(), block.end());
    index_[first >> 8] = entry->second;
  }
  // A composed character with a canonical decomposition that composes back is stable on its own; only its neighbours
  // can make it change, and those are marked themselves. Marking such letters would send all accented text the slow
  // way.
  for (char32_t c = 0xC0; c < 0x110000; ++c) {
    if (c == 0x40000) c = 0xE0000;
    if ((*this)[c] & kNfcActive) {
      const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
      if (property->combining_class != 0) continue;
      if (property->comb_index != UINT16_MAX && (property->comb_index & 0x8000) != 0) continue;
      if ((c >= 0x1161 && c <= 0x1175) || (c >= 0x11A8 && c <= 0x11C2)) continue;
      std::string text;
      append_utf8(text, c);
      utf8proc_uint8_t* composed = nullptr;
      const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &composed,
                                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
      const bool stable =
          size == static_cast<utf8proc_ssize_t>(text.size()) && std::memcmp(composed, text.data(), text.size()) == 0;
      free(composed);
      if (stable) blocks_[size_t{index_[c >> 8]} * 256 + (c & 255)] &= static_cast<uint8_t>(~kNfcActive);
    }
  }
}

const CharTable& char_table() {
  static const CharTable table;
  return table;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::u32string to_code_points(std::string_view utf8) {
  std::u32string out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size();) {
    const CodePoint c = decode_utf8(utf8.data() + i);
    out += c.value;
    i += static_cast<size_t>(c.length);
  }
  return out;
}

std::string to_utf8(std::u32string_view code_points) {
  std::string out;
  for (char32_t c : code_points) append_utf8(out, c);
  return out;
}

size_t count_code_points(std::string_view utf8) {
  size_t count = 0;
  for (char byte : utf8) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

Utf8Step step_utf8(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char b0 = byte(0);
  if (b0 < 0x80) return {1, true, false};
  // The range of the second byte depends on the first (Unicode 15, table 3-7); the others are 80..BF.
  int length;
  unsigned char low = 0x80, high = 0xBF;
  if (b0 >= 0xC2 && b0 <= 0xDF) {
    length = 2;
  } else if (b0 >= 0xE0 && b0 <= 0xEF) {
    length = 3;
    if (b0 == 0xE0) low = 0xA0;
    if (b0 == 0xED) high = 0x9F;
  } else if (b0 >= 0xF0 && b0 <= 0xF4) {
    length = 4;
    if (b0 == 0xF0) low = 0x90;
    if (b0 == 0xF4) high = 0x8F;
  } else {
    return {1, false, false};
  }
  for (int i = 1; i < length; ++i) {
    if (static_cast<size_t>(i) == text.size()) return {i, false, true};
    if (byte(i) < low || byte(i) > high) return {i, false, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true, false};
}

bool is_valid_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    while (i + 8 <= text.size()) {  // ASCII, eight bytes at a time
      uint64_t eight;
      std::memcpy(&eight, text.data() + i, 8);
      if (eight & 0x8080808080808080u) break;
      i += 8;
    }
    // Up to the next ASCII byte, so that a page of Chinese does not try the eight-byte way at every character.
    while (i < text.size()) {
      const auto b0 = static_cast<unsigned char>(text[i]);
      if (b0 < 0x80) {
        ++i;
        break;
      }
      if (b0 >= 0xE1 && b0 <= 0xEC && i + 3 <= text.size()) {
        if ((text[i + 1] & 0xC0) != 0x80 || (text[i + 2] & 0xC0) != 0x80) return false;
        i += 3;
        continue;
      }
      const Utf8Step step = step_utf8(text.substr(i, 4));
      if (!step.valid) return false;
      i += static_cast<size_t>(step.length);
    }
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (size_t i = 0; i < text.size();) {
    const Utf8Step step = step_utf8(text.substr(i, 4));
    if (step.valid) {
      out.append(text.substr(i, static_cast<size_t>(step.length)));
    } else {
      out += "\xEF\xBF\xBD";
    }
    i += static_cast<size_t>(step.length);
  }
  return out;
}

}  // namespace quern
