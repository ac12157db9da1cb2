// SPDX-License-Identifier: MIT
// Python's methods of str: https://docs.python.org/3/library/stdtypes.html#string-methods
#include <algorithm>

#include "text/jinja/methods.h"

namespace quern::jinja {

namespace {
CharsView chars_in(const Value& self) { return self.str()->chars; }

// An argument that must be a string.
CharsView text_argument(Runtime& rt, const Value& value, std::string_view method) {
  if (value.is_undefined()) rt.fail_undefined(value);
  if (!value.str()) rt.fail("{}() argument must be str, not {}", method, type_name(value));
  return value.str()->chars;
}

Value list_of(Runtime& rt, const std::vector<CharsView>& parts) {
  std::vector<Value> items;
  rt.require_bytes(int64_t(parts.size() * 128));
  for (const CharsView part : parts) items.push_back(rt.str(Chars(part)));
  return rt.list(std::move(items));
}

using TextFunction = Chars (*)(CharsView);
template <TextFunction function>
Value mapped(Runtime& rt, const Value& self, const Args& args) {
  Bound(rt, "a string's method", args, {});
  return rt.str(function(chars_in(self)));
}

using CharPredicate = bool (*)(char32_t);
template <CharPredicate predicate>
Value all_are(Runtime& rt, const Value& self, const Args& args) {
  Bound(rt, "a string's method", args, {});
  const CharsView text = chars_in(self);
  return {!text.empty() && std::ranges::all_of(text, predicate)};
}

bool is_alnum(char32_t c) { return is_alpha(c) || is_numeric(c); }

using TextPredicate = bool (*)(CharsView);
template <TextPredicate predicate>
Value whole_is(Runtime& rt, const Value& self, const Args& args) {
  Bound(rt, "a string's method", args, {});
  return {predicate(chars_in(self))};
}

bool all_ascii(CharsView text) {
  return std::ranges::all_of(text, [](char32_t c) { return plain(c) < 128; });
}
bool all_printable(CharsView text) { return std::ranges::all_of(text, is_printable); }
bool is_title_cased(CharsView text) {
  return (std::ranges::any_of(text, is_upper) || std::ranges::any_of(text, is_title)) && same(text, title_case(text));
}
bool is_identifier(CharsView text) {
  const auto is_start = [](char32_t c) { return is_alpha(c) || plain(c) == '_'; };
  return !text.empty() && is_start(text[0]) &&
         std::ranges::all_of(text, [&](char32_t c) { return is_start(c) || is_decimal(c); });
}

template <Side side>
Value stripped(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "strip", args, {"chars"});
  const bool white_space = !bound[0] || bound[0]->is_none();
  return rt.str(Chars(white_space ? strip(chars_in(self), side)
                                  : strip(chars_in(self), text_argument(rt, *bound[0], "strip"), side)));
}

template <bool from_right>
Value parts(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, from_right ? "rsplit" : "split", args, {"sep", "maxsplit"});
  const int64_t limit = bound.integer(1, -1);
  const CharsView text = chars_in(self);
  rt.charge(int64_t(text.size()) / 8);
  if (!bound[0] || bound[0]->is_none())
    return list_of(rt, from_right ? split_words_from_right(text, limit) : split_words(text, limit));
  const CharsView separator = text_argument(rt, *bound[0], "split");
  if (separator.empty()) rt.fail("empty separator");
  return list_of(rt, from_right ? split_from_right(text, separator, limit) : split(text, separator, limit));
}

template <bool from_right>
Value partitioned(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "partition", args, {"sep"}, 1);
  const CharsView text = chars_in(self), separator = text_argument(rt, *bound[0], "partition");
  if (separator.empty()) rt.fail("empty separator");
  const size_t at = from_right ? rfind(text, separator) : find(text, separator);
  std::vector<CharsView> three = {text.substr(0, at), {}, {}};
  if (at != CharsView::npos)
    three = {text.substr(0, at), text.substr(at, separator.size()), text.substr(at + separator.size())};
  else if (from_right)
    three = {{}, {}, text};
  std::vector<Value> items;
  for (const CharsView part : three) items.push_back(rt.str(Chars(part)));
  return rt.list(std::move(items), List::Kind::Tuple);
}

Value lines(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "splitlines", args, {"keepends"});
  rt.charge(int64_t(chars_in(self).size()) / 8);
  return list_of(rt, split_lines(chars_in(self), bound.flag(0, false)));
}

// The part [start, end) that find, count, startswith and endswith look at; false when start lies behind the end.
bool window(const Bound& bound, size_t first, CharsView& text, int64_t& begin) {
  const auto size = int64_t(text.size());
  const auto place = [&](size_t i, int64_t otherwise) {
    if (!bound[i] || bound[i]->is_none()) return otherwise;
    const int64_t at = bound.integer(i, 0);
    return at < 0 ? std::max<int64_t>(at + size, 0) : at;
  };
  begin = place(first, 0);
  const int64_t end = std::min(place(first + 1, size), size);
  if (begin > end) return false;
  text = text.substr(size_t(begin), size_t(end - begin));
  return true;
}

template <bool at_end>
Value touches(Runtime& rt, const Value& self, const Args& args) {
  const char* method = at_end ? "endswith" : "startswith";
  const Bound bound(rt, method, args, {"prefix", "start", "end"}, 1);
  CharsView text = chars_in(self);
  int64_t begin = 0;
  std::vector<Value> wanted = {*bound[0]};
  if (const List* several = bound[0]->list(); several && several->kind != List::Kind::List) wanted = several->items;
  for (const Value& one : wanted) {
    if (one.is_undefined()) rt.fail_undefined(one);
    if (!one.str()) rt.fail("{} first arg must be str or a tuple of str, not {}", method, type_name(one));
  }
  if (!window(bound, 1, text, begin)) return {false};
  return {std::ranges::any_of(wanted, [&](const Value& one) {
    return at_end ? ends_with(text, chars_in(one)) : starts_with(text, chars_in(one));
  })};
}

template <bool from_right, bool must_exist>
Value place_of(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "find", args, {"sub", "start", "end"}, 1);
  const CharsView part = text_argument(rt, *bound[0], "find");
  CharsView text = chars_in(self);
  rt.charge(int64_t(text.size()) / 8 * int64_t(1 + part.size() / 64));
  int64_t begin = 0;
  const bool any = window(bound, 1, text, begin);
  const size_t at = !any ? CharsView::npos : from_right ? rfind(text, part) : find(text, part);
  if (at == CharsView::npos && must_exist) rt.fail("substring not found");
  return {at == CharsView::npos ? int64_t{-1} : int64_t(at) + begin};
}

Value counted(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "count", args, {"sub", "start", "end"}, 1);
  const CharsView part = text_argument(rt, *bound[0], "count");
  CharsView text = chars_in(self);
  rt.charge(int64_t(text.size()) / 8 * int64_t(1 + part.size() / 64));
  int64_t begin = 0, count = 0;
  if (!window(bound, 1, text, begin)) return {int64_t{0}};
  if (part.empty()) return {int64_t(text.size()) + 1};
  for (size_t at = 0; (at = find(text, part, at)) != CharsView::npos; at += part.size()) ++count;
  return {count};
}

Value replaced(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "replace", args, {"old", "new", "count"}, 2);
  const CharsView old = text_argument(rt, *bound[0], "replace"), with = text_argument(rt, *bound[1], "replace");
  return rt.str(replaced_within(rt, chars_in(self), old, with, bound.integer(2, -1)));
}

Value joined_by(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "join", args, {"iterable"}, 1);
  const std::vector<Value> items = items_of(rt, *bound[0]);
  Chars out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].str()) rt.fail("sequence item {}: expected str instance, {} found", i, type_name(items[i]));
    if (i > 0) out += chars_in(self);
    out += chars_in(items[i]);
    rt.require_bytes(int64_t(out.size()) * 4);
  }
  return rt.str(std::move(out));
}

Value formatted(Runtime& rt, const Value& self, const Args& args) {
  return rt.str(format_braces(rt, chars_in(self), args));
}

template <bool prefix>
Value without(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, prefix ? "removeprefix" : "removesuffix", args, {"affix"}, 1);
  CharsView text = chars_in(self);
  const CharsView affix = text_argument(rt, *bound[0], "removeprefix");
  if (prefix && starts_with(text, affix)) text.remove_prefix(affix.size());
  if (!prefix && ends_with(text, affix)) text.remove_suffix(affix.size());
  return rt.str(Chars(text));
}

enum class Pad { Left, Right, Centre, Zeros };
template <Pad pad>
Value padded(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "a string's method", args, {"width", "fillchar"}, 1);
  Chars text(chars_in(self));
  CharsView fill = bound[1] ? text_argument(rt, *bound[1], "ljust") : U" ";
  if (fill.size() != 1) rt.fail("The fill character must be exactly one character long");
  const int64_t width = bound.integer(0, 0), missing = width - int64_t(text.size());
  if (missing <= 0) return self;
  rt.require_bytes(missing > (int64_t{1} << 40) ? missing : missing * 4);
  const auto blanks = [&](int64_t n) { return Chars(size_t(n), fill[0]); };
  if constexpr (pad == Pad::Zeros) {
    const bool sign = !text.empty() && (plain(text[0]) == '-' || plain(text[0]) == '+');
    text.insert(sign ? 1 : 0, Chars(size_t(missing), U'0'));
    return rt.str(std::move(text));
  }
  const int64_t left = pad == Pad::Left ? missing : pad == Pad::Centre ? missing / 2 + (missing & width & 1) : 0;
  return rt.str(blanks(left) + text + blanks(missing - left));
}

Value tabs_expanded(Runtime& rt, const Value& self, const Args& args) {
  const Bound bound(rt, "expandtabs", args, {"tabsize"});
  const int64_t size = std::clamp<int64_t>(bound.integer(0, 8), 0, 1000);
  Chars out;
  int64_t column = 0;
  for (const char32_t c : chars_in(self)) {
    if (plain(c) != '\t') {
      out.push_back(c);
      column = plain(c) == '\n' || plain(c) == '\r' ? 0 : column + 1;
      continue;
    }
    const int64_t blanks = size == 0 ? 0 : size - column % size;
    out.append(size_t(blanks), U' ');
    column += blanks;
    rt.require_bytes(int64_t(out.size()) * 4);
  }
  return rt.str(std::move(out));
}
}  // namespace

Chars replaced_within(Runtime& rt, CharsView text, CharsView old, CharsView with, int64_t count) {
  rt.charge(int64_t(text.size()) / 8 * int64_t(1 + old.size() / 64));
  int64_t places = int64_t(text.size()) + 1;
  if (!old.empty()) {
    places = 0;
    for (size_t at = 0; (at = find(text, old, at)) != CharsView::npos; at += old.size()) ++places;
  }
  if (count >= 0) places = std::min(places, count);
  if (!with.empty() && places > (int64_t{1} << 40) / int64_t(with.size()))
    rt.too_much("the template needs too much memory");
  rt.require_bytes((int64_t(text.size()) + places * int64_t(with.size())) * 4);
  return replace(text, old, with, count);
}

const MethodTable& string_methods() {
  static const MethodTable table = {
      {"upper", mapped<upper>},
      {"lower", mapped<lower>},
      {"casefold", mapped<lower>},
      {"title", mapped<title_case>},
      {"capitalize", mapped<capitalized>},
      {"swapcase", mapped<swap_case>},
      {"strip", stripped<kBoth>},
      {"lstrip", stripped<kLeft>},
      {"rstrip", stripped<kRight>},
      {"split", parts<false>},
      {"rsplit", parts<true>},
      {"partition", partitioned<false>},
      {"rpartition", partitioned<true>},
      {"splitlines", lines},
      {"startswith", touches<false>},
      {"endswith", touches<true>},
      {"find", place_of<false, false>},
      {"rfind", place_of<true, false>},
      {"index", place_of<false, true>},
      {"rindex", place_of<true, true>},
      {"count", counted},
      {"replace", replaced},
      {"join", joined_by},
      {"format", formatted},
      {"removeprefix", without<true>},
      {"removesuffix", without<false>},
      {"ljust", padded<Pad::Right>},
      {"rjust", padded<Pad::Left>},
      {"center", padded<Pad::Centre>},
      {"zfill", padded<Pad::Zeros>},
      {"expandtabs", tabs_expanded},
      {"isalpha", all_are<is_alpha>},
      {"isdecimal", all_are<is_decimal>},
      {"isdigit", all_are<is_digit>},
      {"isnumeric", all_are<is_numeric>},
      {"isalnum", all_are<is_alnum>},
      {"isspace", all_are<is_space>},
      {"isupper", whole_is<all_upper>},
      {"islower", whole_is<all_lower>},
      {"istitle", whole_is<is_title_cased>},
      {"isascii", whole_is<all_ascii>},
      {"isprintable", whole_is<all_printable>},
      {"isidentifier", whole_is<is_identifier>},
  };
  return table;
}

}  // namespace quern::jinja
