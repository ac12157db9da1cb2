// SPDX-License-Identifier: MIT
#include "text/jinja/json_values.h"

#include <algorithm>
#include <cmath>

namespace quern::jinja {

namespace {
bool is_plain_word(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

class JsonWriter {
 public:
  JsonWriter(Runtime& runtime, const JsonStyle& style) : runtime_(runtime), style_(style) {}

  Chars take() { return std::move(out_); }

  void write(const Value& value, int depth) {
    const Runtime::Level level(runtime_);
    runtime_.require_bytes(int64_t(out_.size()) * 4);
    if (value.is_undefined()) runtime_.fail("Object of type Undefined is not JSON serializable");
    if (value.is_none()) {
      out_ += U"null";
    } else if (value.is_bool()) {
      out_ += *value.integer() ? U"true" : U"false";
    } else if (value.is_int()) {
      out_ += text_of(runtime_, value);
    } else if (value.is_float()) {
      out_ += number(*value.number());
    } else if (const Str* s = value.str()) {
      quote(s->chars);
    } else if (const List* list = value.list()) {
      write_list(list->items, depth);
    } else if (const Dict* dict = value.dict()) {
      write_dict(*dict, depth);
    } else {
      runtime_.fail("Object of type {} is not JSON serializable", type_name(value));
    }
  }

 private:
  Runtime& runtime_;
  const JsonStyle& style_;
  Chars out_;

  static Chars number(double x) {
    if (std::isnan(x)) return U"NaN";
    if (std::isinf(x)) return x < 0 ? U"-Infinity" : U"Infinity";
    return chars_of(float_repr(x));
  }

  void new_line(int depth) {
    if (!style_.indent) return;
    out_.push_back('\n');
    for (int i = 0; i < depth; ++i) out_ += *style_.indent;
  }

  void write_list(const std::vector<Value>& items, int depth) {
    out_.push_back('[');
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line(depth + 1);
      write(items[i], depth + 1);
    }
    if (!items.empty()) new_line(depth);
    out_.push_back(']');
  }

  void write_dict(const Dict& dict, int depth) {
    std::vector<std::pair<Chars, const Value*>> entries;
    for (const auto& [key, value] : dict.entries) entries.emplace_back(key_text(key), &value);
    if (style_.sort_keys)
      std::ranges::stable_sort(entries, [](const auto& a, const auto& b) { return compare(a.first, b.first) < 0; });
    out_.push_back('{');
    bool first = true;
    for (const auto& [key, value] : entries) {
      if (!std::exchange(first, false)) out_ += style_.item_separator;
      new_line(depth + 1);
      quote(key);
      out_ += style_.key_separator;
      write(*value, depth + 1);
    }
    if (!entries.empty()) new_line(depth);
    out_.push_back('}');
  }

  Chars key_text(const Value& key) {
    if (key.str()) return key.str()->chars;
    if (key.is_none()) return U"null";
    if (key.is_bool()) return *key.integer() ? U"true" : U"false";
    if (key.is_int()) return text_of(runtime_, key);
    if (key.is_float()) return number(*key.number());
    runtime_.fail("keys must be str, int, float, bool or None, not {}", type_name(key));
  }

  void quote(CharsView text) {
    runtime_.charge(int64_t(text.size()) / 16);
    out_.push_back('"');
    for (const char32_t c : text) {
      const char32_t p = plain(c), marks = c & ~kCodePointBits;
      const auto add = [&](std::string_view escape) { out_ += chars_of(escape, marks); };
      const auto add_unit = [&](uint32_t unit) { add(fmt::format("\\u{:04x}", unit)); };
      switch (p) {
        case '"':
          add("\\\"");
          break;
        case '\\':
          add("\\\\");
          break;
        case '\n':
          add("\\n");
          break;
        case '\r':
          add("\\r");
          break;
        case '\t':
          add("\\t");
          break;
        case '\b':
          add("\\b");
          break;
        case '\f':
          add("\\f");
          break;
        default:
          if (p < 0x20 || (style_.ascii_only && p > 0x7F && p < 0x10000)) {
            add_unit(uint32_t(p));
          } else if (style_.ascii_only && p >= 0x10000) {
            add_unit(uint32_t(0xD800 + ((p - 0x10000) >> 10)));
            add_unit(uint32_t(0xDC00 + ((p - 0x10000) & 0x3FF)));
          } else {
            out_.push_back(c);
          }
      }
    }
    out_.push_back('"');
  }
};
}  // namespace

Value value_of(Runtime& runtime, const Json& json, char32_t marks) {
  runtime.charge();
  switch (json.type()) {
    case Json::value_t::boolean:
      return {json.get<bool>()};
    case Json::value_t::number_integer:
      return {json.get<int64_t>()};
    case Json::value_t::number_unsigned:
      if (json.get<uint64_t>() > uint64_t(INT64_MAX)) return {json.get<double>()};
      return {json.get<int64_t>()};
    case Json::value_t::number_float:
      return {json.get<double>()};
    case Json::value_t::string:
      return runtime.str(chars_of(json.get_ref<const std::string&>(), marks));
    case Json::value_t::array: {
      std::vector<Value> items;
      for (const Json& item : json) items.push_back(value_of(runtime, item, marks));
      return runtime.list(std::move(items));
    }
    case Json::value_t::object: {
      std::vector<std::pair<Value, Value>> entries;
      for (const auto& [key, value] : json.items()) {
        const bool role = key == "role" && value.is_string() && is_plain_word(value.get_ref<const std::string&>());
        entries.emplace_back(runtime.str(chars_of(key, marks)), value_of(runtime, value, role ? 0 : marks));
      }
      return runtime.dict(std::move(entries));
    }
    default:
      return none();
  }
}

Chars dumped(Runtime& runtime, const Value& value, const JsonStyle& style) {
  JsonWriter writer(runtime, style);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace quern::jinja
