// SPDX-License-Identifier: MIT
#pragma once
// Which pieces share a row.

#include <cstdint>
#include <span>
#include <vector>

namespace quern {

struct RowPlan {
  std::vector<uint32_t> order;      // all pieces, row after row
  std::vector<uint64_t> row_begin;  // (rows + 1) into `order`
};

// Best-fit decreasing bin packing: pieces from long to short (equal ones in the given order), each into the fullest row
// that still has room for it. Lengths are 1..T. O(n T / 64) at worst. Ding et al. 2024, arXiv:2404.10830, section 3.
RowPlan best_fit(std::span<const uint32_t> lengths, int64_t T);

}  // namespace quern
