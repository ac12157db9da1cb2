// SPDX-License-Identifier: MIT
#pragma once
// The map and the family trees of a village, for the report.

#include <vector>

#include "data/village/world.h"
#include "pipeline/report.h"

namespace quern {

ReportMap report_map(const village::World& world, village::Lang lang);

// Trees along the fathers' line, at most `most`: first of whoever was planted into a family, then those
// with most people to tell of.
std::vector<ReportFamily> report_families(const village::World& world, village::Lang lang, size_t most = 4);

}  // namespace quern
