// SPDX-License-Identifier: MIT
#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace quern {
namespace {

TEST(Nearest, DistancesAreThoseOfTheTextbook) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);  // Levenshtein's own example
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", "abc"), 0);
  EXPECT_EQ(edit_distance("ab", "ba"), 1);  // a swap is one slip
}

TEST(Nearest, PicksTheCandidateOneSlipAway) {
  const std::vector<std::string> keys = {"steps", "seed", "sequence", "warmup_steps"};
  EXPECT_EQ(nearest("stesp", keys), "steps");
  EXPECT_EQ(nearest("seqence", keys), "sequence");
  EXPECT_EQ(nearest("warmup", keys), "warmup_steps");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Nearest, LongWordsAreCutInsteadOfOverrunning) {
  const std::vector<std::string> keys = {std::string(1000, 'a'), "b"};
  EXPECT_EQ(nearest(std::string(100000, 'a'), keys), keys[0]);
}

}  // namespace
}  // namespace quern
