// SPDX-License-Identifier: MIT
#pragma once
// SentencePiece's precompiled_charsmap: a double-array trie (darts-clone) of texts to be replaced, and the
// replacements, each ended by a zero byte. Layout: u32 size of the trie in bytes, the trie as u32 units, the
// replacements; all little endian. A unit: bits 0-7 and 31 label, bit 8 has a value, bits 10-30 offset, shifted by 8
// when bit 9 is set; a value unit: bits 0-30.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

class CharsMap {
 public:
  // Throws InvalidModel naming `where`.
  CharsMap(std::string_view blob, const std::string& where);

  // The replacement of the shortest prefix of `text` that has one. Hugging Face tokenizers take that for the whole of a
  // grapheme cluster (SentencePiece itself takes the longest prefix).
  std::optional<std::string_view> replacement(std::string_view text) const;

 private:
  std::vector<uint32_t> units_;
  std::string replacements_;
};

}  // namespace quern
