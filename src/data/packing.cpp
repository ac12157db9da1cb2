// SPDX-License-Identifier: MIT
#include "data/packing.h"

#include <bit>
#include <numeric>

#include "base/error.h"

namespace quern {

RowPlan best_fit(std::span<const uint32_t> lengths, int64_t T) {
  const size_t n = lengths.size();
  QUERN_CHECK(n < UINT32_MAX, "{} pieces are too many for one plan", n);
  // Pieces by length, longest first: a counting sort, stable.
  std::vector<uint32_t> by_length(n);
  std::vector<size_t> start(size_t(T) + 2, 0);
  for (uint32_t length : lengths) {
    QUERN_CHECK(length >= 1 && length <= T, "a piece of {} in rows of {}", length, T);
    ++start[size_t(T - length) + 1];
  }
  std::partial_sum(start.begin(), start.end(), start.begin());
  for (size_t i = 0; i < n; ++i) by_length[start[size_t(T - lengths[i])]++] = uint32_t(i);

  // Rows that have exactly `space` positions left, and a bit for each space that has a row.
  std::vector<std::vector<uint32_t>> rows_with(size_t(T) + 1);
  std::vector<uint64_t> occupied(size_t(T) / 64 + 1, 0);
  const auto first_at_least = [&](uint32_t space) -> int64_t {
    size_t word = space / 64;
    uint64_t bits = occupied[word] & (~uint64_t{0} << (space % 64));
    while (bits == 0) {
      if (++word == occupied.size()) return -1;
      bits = occupied[word];
    }
    return int64_t(word * 64) + std::countr_zero(bits);
  };

  std::vector<uint32_t> row_of(n);
  uint32_t rows = 0;
  for (uint32_t piece : by_length) {
    const uint32_t length = lengths[piece];
    int64_t space = first_at_least(length);
    uint32_t row;
    if (space < 0) {
      row = rows++;
      space = T;
    } else {
      auto& list = rows_with[size_t(space)];
      row = list.back();
      list.pop_back();
      if (list.empty()) occupied[size_t(space) / 64] &= ~(uint64_t{1} << (space % 64));
    }
    row_of[piece] = row;
    const uint32_t left = uint32_t(space) - length;
    if (left > 0) {
      rows_with[left].push_back(row);
      occupied[left / 64] |= uint64_t{1} << (left % 64);
    }
  }

  RowPlan plan;
  plan.row_begin.assign(size_t(rows) + 1, 0);
  for (uint32_t row : row_of) ++plan.row_begin[size_t(row) + 1];
  std::partial_sum(plan.row_begin.begin(), plan.row_begin.end(), plan.row_begin.begin());
  plan.order.resize(n);
  std::vector<uint64_t> next(plan.row_begin.begin(), plan.row_begin.end() - 1);
  for (size_t i = 0; i < n; ++i) plan.order[next[row_of[i]]++] = uint32_t(i);
  return plan;
}

}  // namespace quern
