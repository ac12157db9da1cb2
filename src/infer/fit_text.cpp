// SPDX-License-Identifier: MIT
#include "infer/fit_text.h"

#include <algorithm>

#include "base/error.h"
#include "text/char_properties.h"
#include "text/unicode.h"

namespace quern {

namespace {
// Of an encoding whose own tokens belong to a first text of `first` tokens and then a second: what is left when
// `keep_first` of one and `keep_second` of the other stay.
FittedText cut_encoding(const Encoding& e, int64_t first, int64_t keep_first, int64_t keep_second) {
  FittedText out;
  int64_t own = 0;
  for (size_t i = 0; i < e.ids.size(); ++i) {
    const bool added = e.special_mask[i] != 0;
    const bool keep = added || (own < first ? own < keep_first : own - first < keep_second);
    if (!added) ++own;
    if (!keep) {
      ++out.cut;
      continue;
    }
    out.ids.push_back(e.ids[i]);
    out.types.push_back(e.type_ids[i]);
  }
  if (std::ranges::all_of(out.types, [](int32_t type) { return type == 0; })) out.types.clear();
  return out;
}

int64_t added_tokens_of(const Encoding& e, int64_t limit) {
  const int64_t added = std::ranges::count_if(e.special_mask, [](uint8_t m) { return m != 0; });
  if (limit > 0 && added >= limit)
    throw Error(ErrorKind::InvalidArgument, "a limit of {} tokens leaves no room beside the {} that are always added",
                limit, added);
  return added;
}
}  // namespace

std::pair<int64_t, int64_t> kept_of_pair(int64_t first, int64_t second, int64_t limit) {
  const int64_t shorter = std::min(first, second);
  int64_t keep_shorter = shorter, keep_longer = std::max(first, second);
  if (first + second > limit) {
    if (2 * shorter <= limit) {
      keep_longer = limit - shorter;
    } else {  // both are cut, the odd token goes to the longer
      keep_shorter = limit / 2;
      keep_longer = limit - keep_shorter;
    }
  }
  return first <= second ? std::pair{keep_shorter, keep_longer} : std::pair{keep_longer, keep_shorter};
}

FittedText fit_text(const Tokenizer& tokenizer, std::string_view text, int64_t limit) {
  const Encoding e = tokenizer.encode_full(text);
  const int64_t own = int64_t(e.ids.size()) - added_tokens_of(e, limit);
  const int64_t room = limit > 0 ? limit - (int64_t(e.ids.size()) - own) : own;
  return cut_encoding(e, own, std::min(own, room), 0);
}

FittedText fit_pair(const Tokenizer& tokenizer, std::string_view first, std::string_view second, int64_t limit) {
  const Encoding e = tokenizer.encode_pair(first, second);
  const int64_t own = int64_t(e.ids.size()) - added_tokens_of(e, limit);
  const int64_t of_first = int64_t(tokenizer.encode(first, {.add_special = false}).size());
  QUERN_CHECK(of_first <= own, "a pair of {} tokens, of which the first text has {}", own, of_first);
  const int64_t room = limit > 0 ? limit - (int64_t(e.ids.size()) - own) : own;
  const auto [keep_first, keep_second] = kept_of_pair(of_first, own - of_first, room);
  return cut_encoding(e, of_first, keep_first, keep_second);
}

std::string lower_cased(std::string_view utf8) {
  const std::string text = to_valid_utf8(utf8);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text.data() + at);
    append_lower(out, c.value);
    at += size_t(c.length);
  }
  return out;
}

}  // namespace quern
