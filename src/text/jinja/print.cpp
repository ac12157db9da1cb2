// SPDX-License-Identifier: MIT
// Values as text, the way Python's str() and repr() write them.
#include <charconv>
#include <cmath>

#include "text/jinja/runtime.h"

namespace quern::jinja {

// The shortest digits that read back as the same number; an exponent below 1e-4 and from 1e16 on.
std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string scientific(buffer, end);
  const size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -4 || exponent >= 16) {
    return fmt::format("{}e{}{:02}", scientific.substr(0, e), exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  const auto fixed_end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  std::string fixed(buffer, fixed_end);
  if (fixed.find('.') == std::string::npos) fixed += ".0";
  return fixed;
}

// Quoted: with ' unless the text holds ' and no ".
Chars repr(CharsView text) {
  const bool single = !contains(text, U"'") || contains(text, U"\"");
  const char32_t quote = single ? '\'' : '"';
  Chars out(1, quote);
  for (const char32_t c : text) {
    const char32_t p = plain(c), marks = c & ~kCodePointBits;
    const auto add = [&](std::string_view escape) { out += chars_of(escape, marks); };
    if (p == quote || p == '\\') {
      out.push_back('\\' | marks);
      out.push_back(c);
    } else if (p == '\n') {
      add("\\n");
    } else if (p == '\r') {
      add("\\r");
    } else if (p == '\t') {
      add("\\t");
    } else if (is_printable(c)) {
      out.push_back(c);
    } else {
      add(p < 0x100     ? fmt::format("\\x{:02x}", uint32_t(p))
          : p < 0x10000 ? fmt::format("\\u{:04x}", uint32_t(p))
                        : fmt::format("\\U{:08x}", uint32_t(p)));
    }
  }
  out.push_back(quote);
  return out;
}

namespace {
Chars repr_of_list(Runtime& runtime, const List& list) {
  const bool tuple = list.kind != List::Kind::List;
  Chars out(1, tuple ? '(' : '[');
  for (size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) out += U", ";
    out += repr(runtime, list.items[i]);
    runtime.require_bytes(int64_t(out.size()) * 4);
  }
  if (tuple && list.items.size() == 1) out += U",";
  return out += tuple ? U")" : U"]";
}

Chars repr_of_dict(Runtime& runtime, const Dict& dict) {
  Chars out = U"{";
  for (const auto& [key, value] : dict.entries) {
    if (out.size() > 1) out += U", ";
    out += repr(runtime, key) + U": " + repr(runtime, value);
    runtime.require_bytes(int64_t(out.size()) * 4);
  }
  return out += U"}";
}
}  // namespace

Chars repr(Runtime& runtime, const Value& value) {
  const Runtime::Level level(runtime);
  if (value.is_undefined()) return U"Undefined";
  if (const Str* s = value.str()) {
    runtime.charge(int64_t(s->chars.size()) / 16);
    return repr(s->chars);
  }
  if (const List* list = value.list()) return repr_of_list(runtime, *list);
  if (const Dict* dict = value.dict()) return repr_of_dict(runtime, *dict);
  return text_of(runtime, value);
}

Chars text_of(Runtime& runtime, const Value& value) {
  if (value.is_undefined()) return {};
  if (value.is_none()) return U"None";
  if (const auto* b = std::get_if<bool>(&value.data)) return *b ? U"True" : U"False";
  if (const auto* i = std::get_if<int64_t>(&value.data)) return chars_of(fmt::format("{}", *i));
  if (const auto* f = std::get_if<double>(&value.data)) return chars_of(float_repr(*f));
  if (const Str* s = value.str()) {
    runtime.charge(int64_t(s->chars.size()) / 16);
    return s->chars;
  }
  if (Object* object = value.object()) return object->text(runtime);
  return repr(runtime, value);
}

std::string utf8_repr(Runtime& runtime, const Value& value) { return utf8_of(repr(runtime, value)); }

}  // namespace quern::jinja
