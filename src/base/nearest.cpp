// SPDX-License-Identifier: MIT
#include "base/nearest.h"

#include <algorithm>
#include <array>
#include <limits>

namespace quern {

int edit_distance(std::string_view a, std::string_view b) {
  constexpr size_t kLongest = 64;
  a = a.substr(0, kLongest), b = b.substr(0, kLongest);
  std::array<std::array<int, kLongest + 1>, kLongest + 1> d;  // d[i][j]: first i bytes of a into first j of b
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = int(i);
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = int(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  int best_distance = std::numeric_limits<int>::max();
  for (const std::string& candidate : candidates) {
    int distance = edit_distance(word, candidate);
    const bool prefix =
        std::min(word.size(), candidate.size()) >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
    if (prefix) distance = std::min(distance, 2);
    if (distance < best_distance) best = &candidate, best_distance = distance;
  }
  return best ? *best : "";
}

}  // namespace quern
