// SPDX-License-Identifier: MIT
#pragma once
// Longest match of a set of byte strings, as a double array: from state s the byte c leads to s.base ^ c, if the label
// there is c. One memory access a byte. Aoe 1989, "An efficient digital search algorithm by using a double-array
// structure"; with exclusive-or in place of the sum a state's children stay within one block of 256 slots.

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

class ByteTrie {
 public:
  // Strings, not empty and all different, with their ids.
  explicit ByteTrie(std::vector<std::pair<std::string_view, TokenId>> strings);

  // The longest string that begins [begin, end), -1 when none does.
  TokenId longest(const char* begin, const char* end) const {
    uint32_t base = root_base_;
    int32_t found = 0;
    for (const char* p = begin; p < end; ++p) {
      const auto byte = static_cast<unsigned char>(*p);
      const Unit& unit = units_[base ^ byte];
      if (unit.label != byte || !unit.used) break;
      if (unit.id_plus_1 != 0) found = unit.id_plus_1;
      base = unit.base;
      if (base == 0) break;
    }
    return found - 1;
  }

  // each(length, id) for every string that begins [begin, end), shortest first.
  template <typename Each>
  void for_each_prefix(const char* begin, const char* end, Each&& each) const {
    uint32_t base = root_base_;
    for (const char* p = begin; p < end && base != 0; ++p) {
      const auto byte = static_cast<unsigned char>(*p);
      const Unit& unit = units_[base ^ byte];
      if (unit.label != byte || !unit.used) break;
      if (unit.id_plus_1 != 0) each(static_cast<size_t>(p + 1 - begin), static_cast<TokenId>(unit.id_plus_1) - 1);
      base = unit.base;
    }
  }

 private:
  struct Unit {
    uint32_t base = 0;  // 0: no children; block 0 is never handed out
    uint32_t id_plus_1 : 23 = 0, label : 8 = 0, used : 1 = 0;
  };
  std::vector<Unit> units_;
  uint32_t root_base_ = 0;

  class Builder;
};

}  // namespace quern
