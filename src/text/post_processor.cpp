// SPDX-License-Identifier: MIT
#include "text/post_processor.h"

#include <algorithm>

#include "text/unicode.h"

namespace quern {
namespace {

constexpr char32_t kSpaceLetter = 0x120;  // the space in the byte-level alphabet

// White space at the ends of a token does not count as part of it. A single leading space of the first token stays when
// the pre-tokenizer may have added it.
void trim_offsets(Encoding& encoding, bool add_prefix_space) {
  const CharTable& table = char_table();
  const auto is_space = [&table](char32_t c) { return c == kSpaceLetter || (table[c] & kSpace); };
  for (size_t i = 0; i < encoding.ids.size(); ++i) {
    const std::u32string token = to_code_points(encoding.tokens[i]);
    auto& [begin, end] = encoding.offsets[i];
    int64_t leading = std::find_if_not(token.begin(), token.end(), is_space) - token.begin();
    const int64_t trailing = std::find_if_not(token.rbegin(), token.rend(), is_space) - token.rbegin();
    if (leading > 0) {
      const bool first = i == 0 || begin == 0;
      if (first && add_prefix_space && leading == 1) leading = 0;
      begin = std::min(begin + leading, end);
    }
    if (trailing > 0 && end >= trailing) end = std::max(end - trailing, begin);
  }
}

void append(Encoding& out, const Encoding& part, uint8_t type_id) {
  out.ids.insert(out.ids.end(), part.ids.begin(), part.ids.end());
  out.tokens.insert(out.tokens.end(), part.tokens.begin(), part.tokens.end());
  out.offsets.insert(out.offsets.end(), part.offsets.begin(), part.offsets.end());
  out.special_mask.insert(out.special_mask.end(), part.special_mask.begin(), part.special_mask.end());
  out.type_ids.insert(out.type_ids.end(), part.ids.size(), type_id);
}

}  // namespace

Encoding PostProcessor::apply(std::vector<Encoding> encodings, bool add_special) const {
  for (const Trim& trim : trims) {
    for (Encoding& encoding : encodings) trim_offsets(encoding, trim.add_prefix_space);
  }
  Encoding out;
  const bool use_template = has_template && (add_special || !zero_type_ids);
  if (!use_template) {
    for (size_t i = 0; i < encodings.size(); ++i)
      append(out, encodings[i], zero_type_ids ? 0 : static_cast<uint8_t>(i));
    return out;
  }
  for (const Item& item : encodings.size() == 2 ? pair : single) {
    if (item.sequence >= 0) {
      append(out, encodings[static_cast<size_t>(item.sequence)], item.type_id);
    } else if (add_special) {
      for (size_t k = 0; k < item.ids.size(); ++k) {
        out.ids.push_back(item.ids[k]);
        out.tokens.push_back(item.tokens[k]);
        out.offsets.emplace_back(0, 0);
        out.special_mask.push_back(1);
        out.type_ids.push_back(item.type_id);
      }
    }
  }
  return out;
}

}  // namespace quern
