// SPDX-License-Identifier: MIT
#include "cli/text_list.h"

#include <iostream>
#include <iterator>

#include "base/error.h"
#include "base/files.h"
#include "base/terminal.h"

namespace quern {

std::vector<std::string> lines_of_file(const std::string& file) {
  const std::string all = file == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : read_file(file);
  std::vector<std::string> lines;
  for (size_t at = 0; at < all.size();) {
    const size_t end = std::min(all.find('\n', at), all.size());
    lines.push_back(all.substr(at, end - at));
    if (lines.back().ends_with('\r')) lines.back().pop_back();
    at = end + 1;
  }
  return lines;
}

void warn_of_cut_texts(size_t cut, size_t all, int64_t longest, int64_t limit) {
  if (cut > 0)
    warn(
        fmt::format("{} of {} texts are longer than the {} tokens that this model takes, and lost their end; the "
                    "longest has {}",
                    cut, all, limit, longest));
}

}  // namespace quern
