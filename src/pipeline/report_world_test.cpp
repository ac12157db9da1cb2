// SPDX-License-Identifier: MIT
#include "pipeline/report_world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quern {
namespace {

TEST(ReportWorld, EveryHouseStreetAndPlaceIsOnTheMap) {
  const village::World world({.seed = 7});
  const ReportMap map = report_map(world, village::Lang::en);
  EXPECT_EQ(map.places.size(), world.houses.size() + world.places.size());
  EXPECT_EQ(map.paths.size(), world.streets.size());
  EXPECT_NE(map.places.front().name.find(": "), std::string::npos) << "a house names who lives there";
}

TEST(ReportWorld, ParentsStandBeforeTheirChildrenAndFamiliesAreWorthDrawing) {
  const village::World world({.seed = 7});
  const std::vector<ReportFamily> families = report_families(world, village::Lang::en, 3);
  ASSERT_EQ(families.size(), 3u);
  for (const ReportFamily& family : families) {
    EXPECT_FALSE(family.name.empty());
    EXPECT_GT(family.people.size(), 3u);
    EXPECT_EQ(family.people[0].parent, -1);
    for (size_t i = 1; i < family.people.size(); ++i) {
      EXPECT_GE(family.people[i].parent, 0);
      EXPECT_LT(family.people[i].parent, int64_t(i));
    }
  }
}

TEST(ReportWorld, WhoWasPlantedIsMarkedOnTheMapAndTheirFamilyComesFirst) {
  village::World world({.seed = 7});
  village::Person& child = *std::ranges::find(world.people, 3, &village::Person::generation);
  child.planted = true;
  const ReportMap map = report_map(world, village::Lang::en);
  EXPECT_EQ(std::ranges::count(map.places, "planted house", &ReportPlace::kind), child.house >= 0 ? 1 : 0);
  const std::vector<ReportFamily> families = report_families(world, village::Lang::en, 2);
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(std::ranges::count(families[0].people, true, &ReportPerson::marked), 1);
  EXPECT_EQ(std::ranges::count(families[1].people, true, &ReportPerson::marked), 0);
}

}  // namespace
}  // namespace quern
