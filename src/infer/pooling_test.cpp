// SPDX-License-Identifier: MIT
#include "infer/pooling.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quern {
namespace {

// Three tokens of two values.
const std::vector<float> kStates = {1, -2, 3, 0, 5, -7};

std::vector<float> pooled(Pooling way, int64_t skip = 0) {
  std::vector<float> out;
  pool(way, kStates, 2, skip, out);
  return out;
}

TEST(Pooling, EachWayGivesTheValuesOfAHandCalculation) {
  EXPECT_EQ(pooled(Pooling::cls), (std::vector<float>{1, -2}));
  EXPECT_EQ(pooled(Pooling::last), (std::vector<float>{5, -7}));
  EXPECT_EQ(pooled(Pooling::max), (std::vector<float>{5, 0}));
  EXPECT_EQ(pooled(Pooling::mean), (std::vector<float>{3, -3}));
  EXPECT_EQ(pooled(Pooling::mean_sqrt_len),
            (std::vector<float>{float(9 / std::sqrt(3.0)), float(-9 / std::sqrt(3.0))}));
  // (1 * 1 + 2 * 3 + 3 * 5) / 6, (-2 - 21) / 6
  EXPECT_EQ(pooled(Pooling::weighted_mean), (std::vector<float>{22.0f / 6, float(-23.0 / 6)}));
}

TEST(Pooling, APromptsTokensCanBeLeftOut) {
  EXPECT_EQ(pooled(Pooling::mean, 1), (std::vector<float>{4, -3.5f}));
  EXPECT_EQ(pooled(Pooling::max, 2), (std::vector<float>{5, -7}));
  EXPECT_EQ(pooled(Pooling::weighted_mean, 1), (std::vector<float>{21.0f / 5, -21.0f / 5}));
  EXPECT_EQ(pooled(Pooling::cls, 1), (std::vector<float>{3, 0}));
  EXPECT_EQ(pooled(Pooling::last, 1), (std::vector<float>{5, -7}));
  EXPECT_EQ(pooled(Pooling::mean, 3), (std::vector<float>{0, 0}));
  EXPECT_EQ(pooled(Pooling::max, 5), (std::vector<float>{0, 0}));
}

TEST(Pooling, KnowsItsOwnNamesAndThoseOfTheFormat) {
  for (const Pooling way :
       {Pooling::cls, Pooling::max, Pooling::mean, Pooling::mean_sqrt_len, Pooling::weighted_mean, Pooling::last})
    EXPECT_EQ(pooling_from_name(name(way)), way);
  EXPECT_EQ(pooling_from_name("pooling_mode_lasttoken"), Pooling::last);
  EXPECT_EQ(pooling_from_name("weightedmean"), Pooling::weighted_mean);
  EXPECT_FALSE(pooling_from_name("median"));
}

TEST(Pooling, LengthAndCosine) {
  std::vector<float> x = {3, 4};
  normalize_length(x);
  EXPECT_EQ(x, (std::vector<float>{0.6f, 0.8f}));
  std::vector<float> none = {0, 0};
  normalize_length(none);
  EXPECT_EQ(none, (std::vector<float>{0, 0}));
  EXPECT_DOUBLE_EQ(cosine_similarity(std::vector<float>{1, 0}, std::vector<float>{1, 1}), 1 / std::sqrt(2.0));
  EXPECT_EQ(cosine_similarity(none, x), 0);
}

}  // namespace
}  // namespace quern
