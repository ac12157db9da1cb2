// SPDX-License-Identifier: MIT
// Where it all happened: the map and the family trees.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "pipeline/report_sections.h"

namespace quern::report {

namespace {

constexpr size_t kMostPlaces = 3000, kMostPeople = 300, kMostFamilies = 12;

struct Box {
  double x0 = std::numeric_limits<double>::infinity(), y0 = x0, x1 = -x0, y1 = -x0;
  void add(double x, double y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    x0 = std::min(x0, x), y0 = std::min(y0, y), x1 = std::max(x1, x), y1 = std::max(y1, y);
  }
};

// One family, left to right: a column a generation, a row for each who has no children. Children point to parents by
// index; a parent that comes later in the list (or is the person) would be a circle, and counts as none.
class Tree {
 public:
  explicit Tree(const std::vector<ReportPerson>& people)
      : people_(people.data(), people.data() + std::min(people.size(), kMostPeople)) {
    children_.resize(people_.size());
    column_.resize(people_.size());
    row_.resize(people_.size());
    for (size_t i = 0; i < people_.size(); ++i) {
      const int64_t parent = people_[i].parent;
      if (parent >= 0 && parent < int64_t(i)) {
        children_[size_t(parent)].push_back(i);
        column_[i] = column_[size_t(parent)] + 1;
      }
    }
    for (size_t i = 0; i < people_.size(); ++i)
      if (column_[i] == 0) place(i);
  }

  std::string svg() const {
    int columns = 0;
    for (const int c : column_) columns = std::max(columns, c);
    std::string lines, boxes;
    for (size_t i = 0; i < people_.size(); ++i) {
      const double x = column_[i] * kColumn + 8, y = row_[i] * kRow + kRow / 2;
      for (const size_t child : children_[i]) {
        const double x1 = x + kColumn, y1 = row_[child] * kRow + kRow / 2, middle = x1 - kGap / 2;
        lines += fmt::format("<path d=\"M{:.0f} {:.1f}C{:.0f} {:.1f} {:.0f} {:.1f} {:.0f} {:.1f}\"/>", x1 - kGap, y,
                             middle, y, middle, y1, x1, y1);
      }
      const ReportPerson& p = people_[i];
      const std::string partner = p.partner.empty() ? "" : "∞ " + escape(p.partner, 26);
      const std::string note = p.note.empty() ? "" : escape(p.note, 34);
      const std::string second = partner.empty() ? note : partner;
      std::string title = escape(p.name, 100) + (note.empty() ? "" : " · " + escape(p.note, 200));
      if (!partner.empty())
        title += " ∞ " + escape(p.partner, 100) + (p.partner_note.empty() ? "" : " · " + escape(p.partner_note, 200));
      boxes += fmt::format(
          "<g{}><title>{}</title><rect x={:.0f} y={:.1f} width={:.0f} height={:.0f} rx=6 />"
          "<text x={:.0f} y={:.1f}>{}</text><text class=soft x={:.0f} y={:.1f}>{}</text></g>\n",
          p.marked ? " class=marked" : "", title, x, y - kBox / 2, kColumn - kGap, kBox, x + 9,
          second.empty() ? y + 4 : y - 3, escape(p.name, 26), x + 9, y + 12, second);
    }
    return fmt::format(
        "<svg class=tree width={0:.0f} height={1:.0f} viewBox=\"0 0 {0:.0f} {1:.0f}\"><g class=lines>{2}</g>{3}</svg>",
        (columns + 1) * kColumn, std::max(next_row_, 1.0) * kRow, lines, boxes);
  }

 private:
  static constexpr double kColumn = 216, kGap = 36, kRow = 46, kBox = 38;
  std::span<const ReportPerson> people_;
  std::vector<std::vector<size_t>> children_;
  std::vector<int> column_;
  std::vector<double> row_;
  double next_row_ = 0;

  void place(size_t i) {  // at most kMostPeople deep
    if (children_[i].empty()) {
      row_[i] = next_row_++;
      return;
    }
    for (const size_t child : children_[i]) place(child);
    row_[i] = (row_[children_[i].front()] + row_[children_[i].back()]) / 2;
  }
};

}  // namespace

std::string map_section(const ReportData& data, const Labels& tr) {
  const ReportMap& map = data.map;
  Box box;
  for (const ReportPlace& p : map.places) box.add(p.x, p.y);
  for (const ReportPath& path : map.paths)
    for (const auto& [x, y] : path.points) box.add(x, y);
  if (!(box.x1 > box.x0) || map.places.empty()) return "";
  const double margin = 0.05 * std::max(box.x1 - box.x0, box.y1 - box.y0);
  box.x0 -= margin, box.y0 -= margin, box.x1 += margin, box.y1 += margin;
  const double width = box.x1 - box.x0, height = std::max(box.y1 - box.y0, 0.3 * width), scale = 1000 / width;
  const double view_height = height * scale;
  const auto sx = [&](double x) { return (x - box.x0) * scale; };
  const auto sy = [&](double y) { return (y - box.y0) * scale; };

  std::string paths, houses, dots, labels;
  for (const ReportPath& path : map.paths) {
    std::string d;
    size_t n = 0;
    double first_x = 0, first_y = 0;
    for (const auto& [x, y] : path.points) {
      if (!std::isfinite(x) || !std::isfinite(y) || n > 500) continue;
      d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? 'M' : 'L', sx(x), sy(y));
      if (n++ == 0) first_x = x, first_y = y;
    }
    if (n < 2) continue;
    const bool river = path.kind == "river";
    paths += fmt::format("<path class={} d=\"{}\"><title>{}</title></path>", river ? "river" : "street", d,
                         escape(path.name, 100));
    labels += fmt::format("<span class=\"road{}\" style=\"left:{:.2f}%;top:{:.2f}%\">{}</span>", river ? " water" : "",
                          100 * (first_x - box.x0) / width, 100 * (first_y - box.y0) / height, escape(path.name, 60));
  }
  size_t house_count = 0;
  for (size_t i = 0; i < std::min(map.places.size(), kMostPlaces); ++i) {
    const ReportPlace& p = map.places[i];
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    if (p.kind == "house" || p.kind == "planted house") {
      ++house_count;
      houses += fmt::format("<rect class=\"house{}\" x={:.1f} y={:.1f} width=9 height=9><title>{}</title></rect>",
                            p.kind == "house" ? "" : " planted", sx(p.x) - 4.5, sy(p.y) - 4.5, escape(p.name, 200));
    } else {
      dots += fmt::format("<circle class=place cx={:.1f} cy={:.1f} r=8><title>{}</title></circle>", sx(p.x), sy(p.y),
                          escape(p.name, 200));
      labels += fmt::format("<span style=\"left:{:.2f}%;top:{:.2f}%\">{}</span>", 100 * (p.x - box.x0) / width,
                            100 * (p.y - box.y0) / height, escape(p.name, 60));
    }
  }
  return fmt::format(
      "<div class=map style=\"aspect-ratio:1000/{0:.0f};max-width:{8:.0f}px\"><svg viewBox=\"0 0 1000 "
      "{0:.0f}\">{1}{2}{3}</svg>{4}</div>"
      "<p class=note>{5}: {6}. {7}</p>\n",
      view_height, paths, houses, dots, labels, tr("Houses"), grouped(int64_t(house_count)),
      tr("Point at a house to see who lives there."), std::min(1080.0, 800'000 / view_height));
}

std::string families_section(const ReportData& data, const Labels& tr) {
  std::string out;
  for (size_t i = 0; i < std::min(data.families.size(), kMostFamilies); ++i) {
    const ReportFamily& family = data.families[i];
    if (family.people.empty()) continue;
    out += fmt::format("<details{}><summary>{} <small>{} {}</small></summary><div class=scroll>{}</div></details>\n",
                       out.empty() ? " open" : "", escape(family.name, 100), grouped(int64_t(family.people.size())),
                       tr("people"), Tree(family.people).svg());
  }
  return out;
}

}  // namespace quern::report
