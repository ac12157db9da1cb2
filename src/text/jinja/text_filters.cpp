// SPDX-License-Identifier: MIT
#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/json_values.h"
#include "text/jinja/methods.h"

namespace quern::jinja {

namespace {
using TextFunction = Chars (*)(CharsView);

template <TextFunction function>
Value text_mapped(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "a text filter", args, {});
  return rt.str(function(text_of(rt, input)));
}

// Words begin after white space, hyphens and opening brackets.
Chars title_words(CharsView text) {
  const auto separates = [](char32_t c) {
    return is_space(c) || CharsView(U"-({[<").find(plain(c)) != CharsView::npos;
  };
  Chars out;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    if (separates(text[begin])) {
      out.push_back(text[begin++]);
      continue;
    }
    while (end < text.size() && !separates(text[end])) ++end;
    out += upper(text.substr(begin, 1)) + lower(text.substr(begin + 1, end - begin - 1));
    begin = end;
  }
  return out;
}

Value as_string(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "string", args, {});
  return input.str() ? input : rt.str(text_of(rt, input));
}

Value trimmed(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "trim", args, {"chars"});
  const Chars text = text_of(rt, input);
  if (!bound[0] || bound[0]->is_none()) return rt.str(Chars(strip(text)));
  if (!bound[0]->str()) rt.fail("strip arg must be None or str");
  return rt.str(Chars(strip(text, bound[0]->str()->chars, kBoth)));
}

Value replaced_text(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "replace", args, {"old", "new", "count"}, 2);
  const int64_t count = bound[2] && bound[2]->is_none() ? -1 : bound.integer(2, -1);
  return rt.str(replaced_within(rt, text_of(rt, input), text_of(rt, *bound[0]), text_of(rt, *bound[1]), count));
}

Value indented(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "indent", args, {"width", "first", "blank"});
  Chars margin;
  if (bound[0] && bound[0]->str()) {
    margin = bound[0]->str()->chars;
  } else {
    const int64_t width = bound.integer(0, 4);
    if (width > 10'000) rt.too_much("indent by more than 10000 characters");
    margin = Chars(size_t(std::max<int64_t>(width, 0)), U' ');
  }
  const bool first = bound.flag(1, false), blank = bound.flag(2, false);
  // A line break more, as Jinja adds, so that one at the end of the text is kept.
  const Chars text = text_of(rt, input) + U"\n";
  const std::vector<CharsView> lines = split_lines(text);
  rt.charge(int64_t(text.size()) / 8);
  Chars out = first ? margin : Chars();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out.push_back('\n');
    if (i > 0 && (blank || !lines[i].empty())) out += margin;
    out += lines[i];
    rt.require_bytes(int64_t(out.size()) * 4);
  }
  return rt.str(std::move(out));
}

Value word_count(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "wordcount", args, {});
  const auto is_word = [](char32_t c) { return is_alpha(c) || is_numeric(c) || plain(c) == '_'; };
  int64_t words = 0;
  bool inside = false;
  for (const char32_t c : text_of(rt, input)) {
    words += is_word(c) && !inside;
    inside = is_word(c);
  }
  return {words};
}

Value escaped_html(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "escape", args, {});
  Chars out;
  for (const char32_t c : text_of(rt, input)) {
    const char32_t marks = c & ~kCodePointBits;
    switch (plain(c)) {
      case '&':
        out += chars_of("&amp;", marks);
        break;
      case '<':
        out += chars_of("&lt;", marks);
        break;
      case '>':
        out += chars_of("&gt;", marks);
        break;
      case '\'':
        out += chars_of("&#39;", marks);
        break;
      case '"':
        out += chars_of("&#34;", marks);
        break;
      default:
        out.push_back(c);
    }
  }
  return rt.str(std::move(out));
}

// Percent-encoding (RFC 3986): letters, digits and _.-~ stay, and `safe`.
Chars percent_encoded(CharsView text, std::string_view safe, bool plus) {
  Chars out;
  for (const char32_t c : text) {
    const char32_t p = plain(c), marks = c & ~kCodePointBits;
    const bool stays =
        p < 128 && (std::isalnum(int(p)) || std::string_view("_.-~").find(char(p)) != std::string_view::npos ||
                    safe.find(char(p)) != std::string_view::npos);
    if (stays) {
      out.push_back(c);
    } else if (plus && p == ' ') {
      out.push_back('+' | marks);
    } else {
      for (const unsigned char byte : utf8_of(Chars(1, c))) out += chars_of(fmt::format("%{:02X}", byte), marks);
    }
  }
  return out;
}

Value url_encoded(Runtime& rt, const Value& input, const Args& args) {
  Bound(rt, "urlencode", args, {});
  if (input.str() || !is_iterable(input) || input.is_undefined())
    return rt.str(percent_encoded(text_of(rt, input), "/", false));
  Chars out;
  const auto add = [&](const Value& key, const Value& value) {
    if (!out.empty()) out.push_back('&');
    out += percent_encoded(text_of(rt, key), "", true) + U"=" + percent_encoded(text_of(rt, value), "", true);
  };
  if (const Dict* dict = input.dict()) {
    for (const auto& [key, value] : dict->entries) add(key, value);
    return rt.str(std::move(out));
  }
  for (const Value& pair : items_of(rt, input)) {
    const std::vector<Value> two = items_of(rt, pair);
    if (two.size() != 2) rt.fail("urlencode wants pairs, not {} values", two.size());
    add(two[0], two[1]);
  }
  return rt.str(std::move(out));
}

Value format_filter(Runtime& rt, const Value& input, const Args& args) {
  if (!args.positional.empty() && !args.named.empty())
    rt.fail("can't handle positional and keyword arguments at the same time");
  std::vector<std::pair<Value, Value>> named;
  for (const auto& [key, value] : args.named) named.emplace_back(rt.str(key), value);
  const Value values = named.empty() ? rt.list(args.positional, List::Kind::Tuple) : rt.dict(std::move(named));
  return rt.str(format_percent(rt, text_of(rt, input), values));
}

Value centred(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "center", args, {"width"});
  return *call_method(rt, rt.str(text_of(rt, input)), "center", {{{bound.integer(0, 80)}}, {}});
}

Value truncated(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "truncate", args, {"length", "killwords", "end", "leeway"});
  const Chars text = text_of(rt, input), end = bound.text(2, U"...");
  const int64_t size = bound.integer(0, 255), leeway = bound[3] && bound[3]->is_none() ? 5 : bound.integer(3, 5);
  if (size < int64_t(end.size())) rt.fail("expected length >= {}, got {}", end.size(), size);
  if (leeway < 0) rt.fail("expected leeway >= 0, got {}", leeway);
  if (int64_t(text.size()) <= size || int64_t(text.size()) - size <= leeway) return rt.str(text);
  CharsView kept = CharsView(text).substr(0, size_t(size) - end.size());
  if (!bound.flag(1, false)) {
    const size_t blank = rfind(kept, U" ");
    if (blank != CharsView::npos) kept = kept.substr(0, blank);
  }
  return rt.str(Chars(kept) + end);
}

// transformers' tojson: nothing escaped for HTML, other scripts kept, keys in their order.
Value to_json(Runtime& rt, const Value& input, const Args& args) {
  const Bound bound(rt, "tojson", args, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style{.ascii_only = bound.flag(0, false), .sort_keys = bound.flag(3, false)};
  if (bound[1] && !bound[1]->is_none()) {
    const int64_t width = bound[1]->str() ? 0 : bound.integer(1, 0);
    if (width > 1000) rt.too_much("an indent of more than 1000 characters");
    style.indent = bound[1]->str() ? bound[1]->str()->chars : Chars(size_t(std::max<int64_t>(width, 0)), U' ');
    style.item_separator = U",";
  }
  if (bound[2] && !bound[2]->is_none()) {
    const std::vector<Value> two = items_of(rt, *bound[2]);
    if (two.size() != 2 || !two[0].str() || !two[1].str()) rt.fail("separators of tojson are two strings");
    style.item_separator = two[0].str()->chars;
    style.key_separator = two[1].str()->chars;
  }
  return rt.str(dumped(rt, input, style));
}
}  // namespace

const FilterTable& text_filters() {
  static const FilterTable table = {
      {"upper", text_mapped<upper>},
      {"lower", text_mapped<lower>},
      {"capitalize", text_mapped<capitalized>},
      {"title", text_mapped<title_words>},
      {"string", as_string},
      {"safe", as_string},
      {"trim", trimmed},
      {"replace", replaced_text},
      {"indent", indented},
      {"wordcount", word_count},
      {"escape", escaped_html},
      {"e", escaped_html},
      {"forceescape", escaped_html},
      {"urlencode", url_encoded},
      {"format", format_filter},
      {"center", centred},
      {"truncate", truncated},
      {"tojson", to_json},
  };
  return table;
}

}  // namespace quern::jinja
