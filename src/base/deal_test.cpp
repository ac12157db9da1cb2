// SPDX-License-Identifier: MIT
#include "base/deal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/threads.h"

namespace quern {
namespace {

TEST(Deal, GivesAThreadItsOwnShareInOrderThenTheEndsOfTheOthers) {
  Deal deal(8);
  std::vector<int64_t> order;
  deal.each(1, 2, [&](int64_t piece) { order.push_back(piece); });
  EXPECT_EQ(order, (std::vector<int64_t>{4, 5, 6, 7, 3, 2, 1, 0}));
  deal.each(0, 2, [&](int64_t piece) { ADD_FAILURE() << "piece " << piece << " was dealt twice"; });
}

TEST(Deal, DealsEveryPieceOnceAlsoWhenSomeOfTheTeamNeverCome) {
  for (const int64_t pieces : {0, 1, 2, 5, 16})
    for (const int64_t team : {1, 2, 3, 7}) {
      Deal deal(pieces);
      std::vector<int> times(size_t(pieces), 0);
      for (int64_t thread = 0; thread < team; thread += 2)
        deal.each(thread, team, [&](int64_t piece) { ++times[size_t(piece)]; });
      EXPECT_EQ(times, std::vector<int>(size_t(pieces), 1)) << pieces << " pieces, " << team << " threads";
    }
}

TEST(ParallelFor, CoversTheRangeOnceWithBordersAtMultiplesOfTheGrain) {
  set_compute_threads(3);
  for (const int64_t n : {1, 7, 64, 1000})
    for (const int64_t grain : {1, 8, 300}) {
      std::vector<std::atomic<int>> times(static_cast<size_t>(n));
      std::atomic<bool> aligned = true;
      parallel_for(n, grain, [&](int64_t begin, int64_t end) {
        if (begin % grain != 0 || (end % grain != 0 && end != n) || begin >= end) aligned = false;
        for (int64_t i = begin; i < end; ++i) ++times[size_t(i)];
      });
      EXPECT_TRUE(aligned) << n << " by " << grain;
      for (const auto& t : times) ASSERT_EQ(t, 1) << n << " by " << grain;
    }
  set_compute_threads(hardware_threads());
}

}  // namespace
}  // namespace quern
