// SPDX-License-Identifier: MIT
#pragma once
// Dealing numbered pieces of work to a team. Each thread works through its own contiguous share, so that it finds what
// it wrote before in its own cache, and then takes from the ends of the others' shares what nobody has begun: a core
// that is disturbed for a while holds the others up by one piece at most. Who does a piece must not change its result.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace quern {

class Deal {
 public:
  explicit Deal(int64_t pieces = 0) : taken_(size_t(std::max<int64_t>(0, pieces))) {}

  // body(piece) for every piece that this thread gets.
  template <typename Body>
  void each(int64_t thread, int64_t team, const Body& body) {
    const int64_t pieces = int64_t(taken_.size());
    for (int64_t i = 0; i < team; ++i) {
      const int64_t whose = (thread + i) % team;
      const int64_t begin = pieces * whose / team, end = pieces * (whose + 1) / team;
      for (int64_t j = begin; j < end; ++j) {
        const int64_t piece = i == 0 ? j : begin + end - 1 - j;
        if (!taken_[size_t(piece)].exchange(true, std::memory_order_relaxed)) body(piece);
      }
    }
  }

 private:
  std::vector<std::atomic<bool>> taken_;  // each false at first
};

}  // namespace quern
