// SPDX-License-Identifier: MIT
#pragma once
// The printable alphabet of byte-level BPE: each byte is written as one character in tokenizer.json. Bytes that print
// in Latin-1 stand for themselves, the other 68 take U+0100 upwards in order. Radford et al. 2019 (GPT-2).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

char32_t byte_to_char(uint8_t byte);
int char_to_byte(char32_t c);  // -1 when c is not of the alphabet

std::string bytes_to_surface(std::string_view bytes);
// Puts the bytes that `surface` (well-formed UTF-8) writes into `bytes`; false when a character is not of the alphabet.
bool surface_to_bytes(std::string_view surface, std::string& bytes);

// All bytes in the order of their characters, which is the order of ids in GPT-2 and in trained vocabularies.
std::array<uint8_t, 256> bytes_by_char();

}  // namespace quern
