// SPDX-License-Identifier: MIT
#pragma once
// How the drivers of the products divide work among the team: statically, over rows and columns of c, never over K.

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "base/threads.h"

namespace quern {

inline constexpr double kWorthATeam = 1 << 19;  // multiply-adds; below, waking the team costs more than it gives

inline int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};
// Part `index` of `parts` of [0, n), cut at multiples of `grain`.
inline Range share(int64_t n, int64_t grain, int64_t index, int64_t parts) {
  const int64_t units = (n + grain - 1) / grain;
  return {std::min(n, units * index / parts * grain), std::min(n, units * (index + 1) / parts * grain)};
}

// How a team divides c: rows x cols threads.
struct Grid {
  int rows = 1, cols = 1;
};
inline Grid best_grid(int64_t M, int64_t N, int team, int64_t MR, int64_t NR) {
  const int64_t row_panels = (M + MR - 1) / MR, col_panels = (N + NR - 1) / NR;
  Grid best;
  double best_cost = 1e300;
  for (int rows = 1; rows <= team; ++rows) {
    if (team % rows) continue;
    const int cols = team / rows;
    const double tile_rows = double((row_panels + rows - 1) / rows * MR);
    const double tile_cols = double((col_panels + cols - 1) / cols * NR);
    // The largest tile decides; packing a once per column of threads costs about eight multiply-adds per element.
    const double cost = tile_rows * tile_cols + 8 * tile_rows;
    if (cost < best_cost) best_cost = cost, best = {rows, cols};
  }
  return best;
}

inline int team_for(int64_t M, int64_t N, int64_t K) {
  return double(M) * double(N) * double(K) < kWorthATeam ? 1 : compute_threads();
}
// Runs body(thread, team) on each of `team` threads, or fewer if the system gives fewer.
template <typename Body>
void run_team(int team, const Body& body) {
  if (team <= 1) return body(0, 1);
#pragma omp parallel num_threads(team)
  body(omp_get_thread_num(), omp_get_num_threads());
}
inline void team_barrier(int team) {
  if (team > 1) {
#pragma omp barrier
  }
}

}  // namespace quern
