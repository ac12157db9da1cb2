// SPDX-License-Identifier: MIT
#include "text/byte_level.h"

#include <algorithm>

#include "text/unicode.h"

namespace quern {
namespace {

struct ByteAlphabet {
  std::array<char32_t, 256> to_char{};
  std::array<int16_t, 0x180> to_byte{};

  ByteAlphabet() {
    to_byte.fill(-1);
    char32_t next = 0x100;
    for (int b = 0; b < 256; ++b) {
      const bool prints = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      to_char[b] = prints ? static_cast<char32_t>(b) : next++;
      to_byte[to_char[b]] = static_cast<int16_t>(b);
    }
  }
};

const ByteAlphabet& alphabet() {
  static const ByteAlphabet table;
  return table;
}

}  // namespace

char32_t byte_to_char(uint8_t byte) { return alphabet().to_char[byte]; }

int char_to_byte(char32_t c) { return c < 0x180 ? alphabet().to_byte[c] : -1; }

std::string bytes_to_surface(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char b : bytes) append_utf8(out, byte_to_char(static_cast<uint8_t>(b)));
  return out;
}

bool surface_to_bytes(std::string_view surface, std::string& bytes) {
  bytes.clear();
  const ByteAlphabet& table = alphabet();
  for (size_t i = 0; i < surface.size();) {
    const CodePoint c = decode_utf8(surface.data() + i);
    if (c.value >= 0x180 || table.to_byte[c.value] < 0) return false;
    bytes += static_cast<char>(table.to_byte[c.value]);
    i += static_cast<size_t>(c.length);
  }
  return true;
}

std::array<uint8_t, 256> bytes_by_char() {
  std::array<uint8_t, 256> order;
  for (int b = 0; b < 256; ++b) order[b] = static_cast<uint8_t>(b);
  std::sort(order.begin(), order.end(), [](uint8_t a, uint8_t b) { return byte_to_char(a) < byte_to_char(b); });
  return order;
}

}  // namespace quern
