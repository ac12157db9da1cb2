// SPDX-License-Identifier: MIT
#pragma once
// UTF-8 and the character properties that tokenizers ask for. Properties come from utf8proc (Unicode 15.0) and are laid
// out once, at first use, as a two-stage table: 256-character blocks, equal blocks shared.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

// Bits of a character's class.
enum CharClass : uint8_t {
  kLetter = 1,        // general category L*
  kNumber = 2,        // N*
  kSpace = 4,         // White_Space
  kMark = 8,          // M*
  kPunctuation = 16,  // P*
  kSymbol = 32,       // S*
  kWord = 64,         // \w of Unicode regular expressions: letters, marks, decimal numbers, connectors
  kNfcActive = 128,   // may change, or change its neighbour, under NFC
};

class CharTable {
 public:
  CharTable();
  uint8_t operator[](char32_t c) const { return blocks_[size_t{index_[c >> 8]} * 256 + (c & 255)]; }
  uint8_t ascii(unsigned char byte) const { return blocks_[byte]; }  // byte < 128; block 0 comes first

 private:
  std::array<uint16_t, 0x1100> index_{};
  std::vector<uint8_t> blocks_;
};
const CharTable& char_table();

struct CodePoint {
  char32_t value;
  int length;  // bytes
};

// The character at p, which must begin a well-formed one.
inline CodePoint decode_utf8(const char* p) {
  const auto b = [p](int i) { return static_cast<unsigned char>(p[i]); };
  const unsigned char b0 = b(0);
  if (b0 < 0x80) return {b0, 1};
  if (b0 < 0xE0) return {char32_t((b0 & 0x1F) << 6 | (b(1) & 0x3F)), 2};
  if (b0 < 0xF0) return {char32_t((b0 & 0x0F) << 12 | (b(1) & 0x3F) << 6 | (b(2) & 0x3F)), 3};
  return {char32_t((b0 & 0x07) << 18 | (b(1) & 0x3F) << 12 | (b(2) & 0x3F) << 6 | (b(3) & 0x3F)), 4};
}
// The character that ends just before p.
inline CodePoint decode_utf8_before(const char* p) {
  const char* begin = p - 1;
  while ((static_cast<unsigned char>(*begin) & 0xC0) == 0x80) --begin;
  return decode_utf8(begin);
}

void append_utf8(std::string& out, char32_t c);
std::u32string to_code_points(std::string_view utf8);  // of well-formed text
std::string to_utf8(std::u32string_view code_points);
size_t count_code_points(std::string_view utf8);  // of well-formed text

bool is_valid_utf8(std::string_view text);

// What stands at the start of `text`: `length` bytes that are one character (`valid`), one ill-formed part (a maximal
// subpart, Unicode 15 §3.9 "U+FFFD Substitution of Maximal Subparts"), or, `incomplete`, the start of a character that
// is cut off by the end.
struct Utf8Step {
  int length;
  bool valid, incomplete;
};
Utf8Step step_utf8(std::string_view text);

// Each ill-formed part replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace quern
