// SPDX-License-Identifier: MIT
#pragma once
// Text of a template that remembers where it comes from: one element per code point, as Python counts them, with marks
// in the high bits. Whatever is cut, joined or replaced, each character keeps its marks.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::jinja {

using Chars = std::u32string;
using CharsView = std::u32string_view;

inline constexpr char32_t kForeign = 1u << 31;    // written by whoever wrote the conversation, not by the template
inline constexpr char32_t kGenerated = 1u << 30;  // inside {% generation %}: what the assistant says
inline constexpr char32_t kCodePointBits = 0x1FFFFF;
inline char32_t plain(char32_t c) { return c & kCodePointBits; }

// Ill-formed UTF-8 is read as U+FFFD.
Chars chars_of(std::string_view utf8, char32_t marks = 0);
std::string utf8_of(CharsView text);

// Comparisons and searches see the characters, not the marks.
bool same(CharsView a, CharsView b);
int compare(CharsView a, CharsView b);  // by code point: negative, 0, positive
bool starts_with(CharsView text, CharsView prefix);
bool ends_with(CharsView text, CharsView suffix);
size_t find(CharsView text, CharsView part, size_t from = 0);  // npos when absent
size_t rfind(CharsView text, CharsView part);                  // the last place
inline bool contains(CharsView text, CharsView part) { return find(text, part) != CharsView::npos; }

// Character classes as Python's str methods have them (properties of Unicode 15.0).
bool is_space(char32_t c);
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_title(char32_t c);
bool is_printable(char32_t c);
bool is_line_break(char32_t c);

Chars upper(CharsView text);
Chars lower(CharsView text);
Chars capitalized(CharsView text);  // the first character in title case, the others in lower case
Chars title_case(CharsView text);   // each word so
Chars swap_case(CharsView text);
// A string of cased characters that are all upper (lower) case, with one at least.
bool all_upper(CharsView text);
bool all_lower(CharsView text);

// White space, or the characters of `chars`, taken away from the ends.
enum Side { kLeft = 1, kRight = 2, kBoth = 3 };
CharsView strip(CharsView text, Side side = kBoth);
CharsView strip(CharsView text, CharsView chars, Side side);

// limit < 0: no limit. Without a separator: at white space, no empty parts.
std::vector<CharsView> split(CharsView text, CharsView separator, int64_t limit);
std::vector<CharsView> split_from_right(CharsView text, CharsView separator, int64_t limit);
std::vector<CharsView> split_words(CharsView text, int64_t limit);
std::vector<CharsView> split_words_from_right(CharsView text, int64_t limit);
std::vector<CharsView> split_lines(CharsView text, bool keep_breaks = false);
// count < 0: all. An empty `old` stands between all characters.
Chars replace(CharsView text, CharsView old, CharsView with, int64_t count = -1);

}  // namespace quern::jinja
