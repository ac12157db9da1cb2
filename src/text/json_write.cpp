// SPDX-License-Identifier: MIT
#include "text/json_write.h"

#include <fmt/format.h>

namespace quern {

namespace {
bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7F; }

void write_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  }
}
}  // namespace

void write_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  for (size_t begin = 0; begin < utf8.size();) {
    size_t end = begin;
    while (end < utf8.size() && is_plain(utf8[end])) ++end;
    out += utf8.substr(begin, end - begin);
    if (end < utf8.size()) write_escaped(out, utf8[end++]);
    begin = end;
  }
  out += '"';
}

void write_json_vocabulary(std::string& out, const Vocabulary& vocabulary) {
  out += '{';
  bool first = true;
  for (TokenId id = 0; id < vocabulary.id_limit(); ++id) {
    if (!vocabulary.contains(id)) continue;
    out += first ? "\n      " : ",\n      ";
    first = false;
    write_json_string(out, vocabulary.text_of(id));
    out += fmt::format(": {}", id);
  }
  out += first ? "}" : "\n    }";
}

}  // namespace quern
