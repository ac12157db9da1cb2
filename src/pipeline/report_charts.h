// SPDX-License-Identifier: MIT
#pragma once
// Line charts as HTML and SVG. The drawing stretches to the width of the page; labels are HTML beside it, so they stay
// readable on a phone. A script adds the readings at the pointer, nothing else depends on it.

#include <string>
#include <utility>
#include <vector>

namespace quern::report {

struct Series {
  std::string label;              // HTML
  std::vector<double> x, y;       // x ascending; a y that is not finite leaves a gap
  std::vector<double> low, high;  // a band behind the line; empty = none
  bool dots = false;              // measured at few points: dots joined by a thin line
};

struct LineChart {
  std::string title, about;  // HTML
  std::vector<Series> series;
  std::vector<std::pair<double, std::string>> marks;  // vertical lines: x, HTML
  std::string x_label;
  double y_low = 0, y_high = 0;  // equal = from the data
  bool from_zero = false;
  bool is_share = false;  // y is shown in percent
  bool large = false;
  std::string group;  // charts with one x axis are read together
};

// Means of at most `most` neighbouring groups of points, with their lowest and highest.
Series condensed(const std::string& label, const std::vector<double>& x, const std::vector<double>& y, size_t most,
                 bool with_band);

std::string line_chart(const LineChart& chart);  // "" when no series has two points

std::vector<double> nice_ticks(double low, double high, int about);  // round numbers within [low, high]
std::string short_number(double value);                              // 12.5k, 3e-04

}  // namespace quern::report
