// SPDX-License-Identifier: MIT
#include "cli/id_list.h"

#include <charconv>

#include "base/error.h"

namespace quern {

std::vector<int32_t> parse_ids(const std::string& text) {
  std::vector<int32_t> ids;
  const char *at = text.data(), *end = at + text.size();
  while (true) {
    while (at < end && (*at == ' ' || *at == ',' || *at == '\n' || *at == '\t' || *at == '[' || *at == ']')) ++at;
    if (at == end) return ids;
    int32_t id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc{} || id < 0)
      throw Error(ErrorKind::InvalidArgument, "'{}' is no list of token ids",
                  text.size() > 60 ? text.substr(0, 60) + "..." : text)
          .hint("write them as 5,17,3");
    ids.push_back(id);
    at = next;
  }
}

std::string format_ids(std::span<const int32_t> ids) {
  std::string out;
  for (const int32_t id : ids) out += (out.empty() ? "" : ",") + std::to_string(id);
  return out;
}

}  // namespace quern
