// SPDX-License-Identifier: MIT
#pragma once
// How one thing leads to another in the village: rain wets the hay, wet hay leaves the cows hungry, hungry cows give
// little milk. Stories walk this graph; "why" questions ask for the edge they walked.

#include <string>
#include <vector>

namespace quern::village {

struct Happening {
  std::string key;
  std::string en;      // clause in the past: "the hay got wet"
  std::string en_why;  // what follows "why": "did the hay get wet"; empty for what has no cause here
  std::string zh;      // clause: 干草湿了
  std::vector<int> effects;
};

const std::vector<Happening>& happenings();
const std::vector<int>& first_causes();  // those that start a chain

}  // namespace quern::village
