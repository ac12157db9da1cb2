// SPDX-License-Identifier: MIT
#pragma once
// The grids of the IQ types: chosen points of a lattice, eight (or four) values each, of which a weight stores the
// index. Part of the GGUF format; found by its authors by clustering, so a table it must be.

#include <array>
#include <cstdint>
#include <vector>

namespace quern {

using Point8 = std::array<int8_t, 8>;
using Point4 = std::array<int8_t, 4>;

const std::vector<Point8>& iq2xxs_grid();  // 256 points of 8, 25, 43
const std::vector<Point8>& iq2xs_grid();   // 512
const std::vector<Point8>& iq2s_grid();    // 1024
const std::vector<Point8>& iq1_grid();     // 2048 points of -1, 0, 1
const std::vector<Point4>& iq3xxs_grid();  // 256 points of 4, 12, 20, .. 52, 62
const std::vector<Point4>& iq3s_grid();    // 512 points of 1, 3, .. 15

}  // namespace quern
