// SPDX-License-Identifier: MIT
#include "eval/item_log.h"

namespace quern {

namespace {
void require_same(const fs::path& path, const Json& header, const Json& found) {
  if (found == header) return;
  for (const auto& [key, value] : header.items()) {
    const Json there = found.is_object() && found.contains(key) ? found[key] : Json(nullptr);
    if (there != value)
      throw Error(ErrorKind::InvalidData, "{} is of another run: its {} is {}, now it is {}", path.string(), key,
                  to_line(there), to_line(value))
          .hint("give another name, or remove the file to begin anew");
  }
  throw Error(ErrorKind::InvalidData, "{} is of another run", path.string())
      .hint("give another name, or remove the file to begin anew");
}
}  // namespace

ItemLog::ItemLog(fs::path path, const Json& header) : path_(std::move(path)) {
  if (!fs::exists(path_)) {
    write_file(path_, to_line(header) + "\n");
    return;
  }
  const std::string text = read_file(path_);
  size_t good = 0;
  int64_t line = 1;
  for (size_t end = text.find('\n'); end != std::string::npos; good = end + 1, end = text.find('\n', good), ++line) {
    const Json row =
        parse_json(std::string_view(text).substr(good, end - good), fmt::format("{}, line {}", path_.string(), line));
    if (line == 1) {
      require_same(path_, header, row);
      continue;
    }
    if (!row.is_object() || row.value("item", Json()) != Json(items_.size()))
      throw Error(ErrorKind::InvalidData, "{}, line {}: item {} is expected here", path_.string(), line, items_.size());
    items_.push_back(row);
  }
  if (line == 1) require_same(path_, header, nullptr);  // not one whole line
  if (good < text.size()) write_file(path_, std::string_view(text).substr(0, good));
}

void ItemLog::add(const Json& item) { append_file(path_, to_line(item) + "\n"); }

}  // namespace quern
