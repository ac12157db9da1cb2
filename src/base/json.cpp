// SPDX-License-Identifier: MIT
#include "base/json.h"

#include "base/files.h"

namespace quern {

namespace {
constexpr int kMaxDepth = 200;

void check_depth(std::string_view text, const std::string& where, ErrorKind kind) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth)
        throw Error(kind, "{}: JSON nested deeper than {} levels at byte {}", where, kMaxDepth, i);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}
}  // namespace

Json parse_json(std::string_view text, const std::string& where, ErrorKind kind) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  check_depth(text, where, kind);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i + 1 < e.byte && i < text.size(); ++i) {
      if (text[i] == '\n')
        ++line, column = 1;
      else
        ++column;
    }
    throw Error(kind, "{}:{}:{}: not valid JSON", where, line, column)
        .hint("the file may be cut off or not JSON at all");
  }
}

Json read_json(const std::filesystem::path& path, ErrorKind kind) {
  return parse_json(read_file(path), path.string(), kind);
}

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace quern
