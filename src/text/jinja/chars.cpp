// SPDX-License-Identifier: MIT
#include "text/jinja/chars.h"

#include <utf8proc.h>

#include <algorithm>

#include "text/unicode.h"

namespace quern::jinja {

Chars chars_of(std::string_view utf8, char32_t marks) {
  std::string mended;
  if (!is_valid_utf8(utf8)) utf8 = mended = to_valid_utf8(utf8);
  Chars out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size();) {
    const CodePoint c = decode_utf8(utf8.data() + i);
    out.push_back(c.value | marks);
    i += size_t(c.length);
  }
  return out;
}

std::string utf8_of(CharsView text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const bool surrogate = plain(c) >= 0xD800 && plain(c) < 0xE000;
    append_utf8(out, surrogate ? 0xFFFD : plain(c));
  }
  return out;
}

bool same(CharsView a, CharsView b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char32_t x, char32_t y) { return plain(x) == plain(y); });
}

int compare(CharsView a, CharsView b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (plain(a[i]) != plain(b[i])) return plain(a[i]) < plain(b[i]) ? -1 : 1;
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

bool starts_with(CharsView text, CharsView prefix) {
  return text.size() >= prefix.size() && same(text.substr(0, prefix.size()), prefix);
}

bool ends_with(CharsView text, CharsView suffix) {
  return text.size() >= suffix.size() && same(text.substr(text.size() - suffix.size()), suffix);
}

size_t find(CharsView text, CharsView part, size_t from) {
  if (from > text.size()) return CharsView::npos;
  const auto at = std::search(text.begin() + int64_t(from), text.end(), part.begin(), part.end(),
                              [](char32_t x, char32_t y) { return plain(x) == plain(y); });
  return at == text.end() && !part.empty() ? CharsView::npos : size_t(at - text.begin());
}

size_t rfind(CharsView text, CharsView part) {
  if (part.size() > text.size()) return CharsView::npos;
  for (size_t at = text.size() - part.size() + 1; at-- > 0;)
    if (same(text.substr(at, part.size()), part)) return at;
  return CharsView::npos;
}

namespace {
utf8proc_category_t category(char32_t c) { return utf8proc_category(utf8proc_int32_t(plain(c))); }

// Characters whose upper case is several characters (Unicode's SpecialCasing.txt): sharp s and the Latin ligatures.
std::u32string_view long_upper(char32_t c) {
  switch (c) {
    case 0xDF:
      return U"SS";
    case 0x149:
      return U"\u02BCN";
    case 0x1F0:
      return U"J\u030C";
    case 0xFB00:
      return U"FF";
    case 0xFB01:
      return U"FI";
    case 0xFB02:
      return U"FL";
    case 0xFB03:
      return U"FFI";
    case 0xFB04:
      return U"FFL";
    case 0xFB05:
    case 0xFB06:
      return U"ST";
    default:
      return {};
  }
}

char32_t with_marks(utf8proc_int32_t c, char32_t from) { return char32_t(c) | (from & ~kCodePointBits); }

void append_upper(Chars& out, char32_t c) {
  const std::u32string_view several = long_upper(plain(c));
  for (const char32_t part : several) out.push_back(with_marks(utf8proc_int32_t(part), c));
  if (several.empty()) out.push_back(with_marks(utf8proc_toupper(utf8proc_int32_t(plain(c))), c));
}

void append_title(Chars& out, char32_t c) {
  const std::u32string_view several = long_upper(plain(c));
  for (size_t i = 0; i < several.size(); ++i) {
    const auto part = utf8proc_int32_t(several[i]);
    out.push_back(with_marks(i == 0 ? part : utf8proc_tolower(part), c));
  }
  if (several.empty()) out.push_back(with_marks(utf8proc_totitle(utf8proc_int32_t(plain(c))), c));
}

bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || is_title(c); }

// A capital sigma at the end of a word becomes the final form (Unicode 15 §3.13, Final_Sigma, marks not skipped).
void append_lower(Chars& out, CharsView text, size_t at) {
  const char32_t c = text[at];
  if (plain(c) == 0x3A3 && at > 0 && is_cased(text[at - 1]) && (at + 1 == text.size() || !is_cased(text[at + 1])))
    return out.push_back(with_marks(0x3C2, c));
  if (plain(c) == 0x130) {  // dotted capital I
    out.push_back(with_marks('i', c));
    return out.push_back(with_marks(0x307, c));
  }
  out.push_back(with_marks(utf8proc_tolower(utf8proc_int32_t(plain(c))), c));
}
}  // namespace

bool is_space(char32_t c) {
  c = plain(c);
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_alpha(char32_t c) {
  const auto g = category(c);
  return g == UTF8PROC_CATEGORY_LU || g == UTF8PROC_CATEGORY_LL || g == UTF8PROC_CATEGORY_LT ||
         g == UTF8PROC_CATEGORY_LM || g == UTF8PROC_CATEGORY_LO;
}

bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }

bool is_digit(char32_t c) {
  if (is_decimal(c)) return true;
  c = plain(c);  // superscripts, subscripts, circled digits
  return c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079) ||
         (c >= 0x2080 && c <= 0x2089) || (c >= 0x2460 && c <= 0x2468);
}

bool is_numeric(char32_t c) {
  const auto g = category(c);
  return g == UTF8PROC_CATEGORY_ND || g == UTF8PROC_CATEGORY_NL || g == UTF8PROC_CATEGORY_NO;
}

bool is_upper(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LU; }
bool is_lower(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LL; }
bool is_title(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LT; }

bool is_printable(char32_t c) {
  if (plain(c) == ' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

bool is_line_break(char32_t c) {
  c = plain(c);
  return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

Chars upper(CharsView text) {
  Chars out;
  for (const char32_t c : text) append_upper(out, c);
  return out;
}

Chars lower(CharsView text) {
  Chars out;
  for (size_t i = 0; i < text.size(); ++i) append_lower(out, text, i);
  return out;
}

Chars capitalized(CharsView text) {
  Chars out;
  for (size_t i = 0; i < text.size(); ++i) i == 0 ? append_title(out, text[i]) : append_lower(out, text, i);
  return out;
}

Chars title_case(CharsView text) {
  Chars out;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    inside ? append_lower(out, text, i) : append_title(out, text[i]);
    inside = is_cased(text[i]);
  }
  return out;
}

Chars swap_case(CharsView text) {
  Chars out;
  for (size_t i = 0; i < text.size(); ++i) is_upper(text[i]) ? append_lower(out, text, i) : append_upper(out, text[i]);
  return out;
}

bool all_upper(CharsView text) {
  return std::ranges::any_of(text, is_upper) &&
         std::ranges::none_of(text, [](char32_t c) { return is_lower(c) || is_title(c); });
}

bool all_lower(CharsView text) {
  return std::ranges::any_of(text, is_lower) &&
         std::ranges::none_of(text, [](char32_t c) { return is_upper(c) || is_title(c); });
}

namespace {
template <typename Strippable>
CharsView strip_where(CharsView text, Side side, Strippable strippable) {
  while ((side & kLeft) && !text.empty() && strippable(text.front())) text.remove_prefix(1);
  while ((side & kRight) && !text.empty() && strippable(text.back())) text.remove_suffix(1);
  return text;
}
}  // namespace

CharsView strip(CharsView text, Side side) { return strip_where(text, side, is_space); }

CharsView strip(CharsView text, CharsView chars, Side side) {
  std::vector<char32_t> set;
  for (const char32_t c : chars) set.push_back(plain(c));
  std::ranges::sort(set);
  return strip_where(text, side, [&](char32_t c) { return std::ranges::binary_search(set, plain(c)); });
}

std::vector<CharsView> split(CharsView text, CharsView separator, int64_t limit) {
  std::vector<CharsView> parts;
  size_t begin = 0;
  while (limit < 0 || int64_t(parts.size()) < limit) {
    const size_t at = find(text, separator, begin);
    if (at == CharsView::npos) break;
    parts.push_back(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<CharsView> split_from_right(CharsView text, CharsView separator, int64_t limit) {
  std::vector<CharsView> parts;
  while (limit < 0 || int64_t(parts.size()) < limit) {
    const size_t at = rfind(text, separator);
    if (at == CharsView::npos) break;
    parts.push_back(text.substr(at + separator.size()));
    text = text.substr(0, at);
  }
  parts.push_back(text);
  std::ranges::reverse(parts);
  return parts;
}

std::vector<CharsView> split_words(CharsView text, int64_t limit) {
  std::vector<CharsView> parts;
  text = strip(text, kLeft);
  while (!text.empty()) {
    if (limit >= 0 && int64_t(parts.size()) == limit) {
      parts.push_back(text);
      break;
    }
    size_t end = 0;
    while (end < text.size() && !is_space(text[end])) ++end;
    parts.push_back(text.substr(0, end));
    text = strip(text.substr(end), kLeft);
  }
  return parts;
}

std::vector<CharsView> split_words_from_right(CharsView text, int64_t limit) {
  std::vector<CharsView> parts;
  text = strip(text, kRight);
  while (!text.empty()) {
    if (limit >= 0 && int64_t(parts.size()) == limit) {
      parts.push_back(text);
      break;
    }
    size_t begin = text.size();
    while (begin > 0 && !is_space(text[begin - 1])) --begin;
    parts.push_back(text.substr(begin));
    text = strip(text.substr(0, begin), kRight);
  }
  std::ranges::reverse(parts);
  return parts;
}

std::vector<CharsView> split_lines(CharsView text, bool keep_breaks) {
  std::vector<CharsView> lines;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_line_break(text[end])) ++end;
    size_t next = std::min(end + 1, text.size());
    if (next < text.size() && plain(text[end]) == '\r' && plain(text[next]) == '\n') ++next;
    lines.push_back(text.substr(begin, (keep_breaks ? next : end) - begin));
    begin = next;
  }
  return lines;
}

Chars replace(CharsView text, CharsView old, CharsView with, int64_t count) {
  Chars out;
  size_t begin = 0;
  for (; count != 0; --count) {
    const size_t at = old.empty() ? (out.empty() && begin == 0 ? 0 : begin + 1) : find(text, old, begin);
    if (at == CharsView::npos || at > text.size()) break;
    out.append(text.substr(begin, at - begin)).append(with);
    begin = at + old.size();
    if (old.empty() && with.empty()) break;  // nothing would change
  }
  return out.append(text.substr(begin));
}

}  // namespace quern::jinja
