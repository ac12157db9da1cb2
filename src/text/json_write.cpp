// SPDX-License-Identifier: MIT
#include "text/json_write.h"

#include <fmt/format.h>

namespace quern {

void write_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  for (char c : utf8) {
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
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
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
