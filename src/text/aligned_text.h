// SPDX-License-Identifier: MIT
#pragma once
// Text on its way through normalization that still knows where each byte came from; for offsets.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace quern {

struct SourceRange {
  uint32_t begin = 0, end = 0;  // bytes of the input text
};

struct AlignedText {
  std::string text;
  std::vector<SourceRange> source;  // one per byte of `text`: the character(s) it stands for
  uint32_t origin = 0;              // where the part of the input begins that this text was made of

  AlignedText() = default;
  // `piece` of the input, which begins there at byte `at`.
  AlignedText(std::string_view piece, size_t at)
      : text(piece), source(piece.size()), origin(static_cast<uint32_t>(at)) {
    for (size_t i = 0; i < piece.size();) {
      const auto length = static_cast<size_t>(decode_utf8(piece.data() + i).length);
      const SourceRange range{static_cast<uint32_t>(at + i), static_cast<uint32_t>(at + i + length)};
      for (size_t k = 0; k < length; ++k) source[i++] = range;
    }
  }
  AlignedText slice(size_t begin, size_t end) const {
    AlignedText out;
    out.text = text.substr(begin, end - begin);
    out.source.assign(source.begin() + static_cast<ptrdiff_t>(begin), source.begin() + static_cast<ptrdiff_t>(end));
    if (begin < end) out.origin = source[begin].begin;
    return out;
  }
  SourceRange range_of(size_t begin, size_t end) const { return {source[begin].begin, source[end - 1].end}; }
};

}  // namespace quern
