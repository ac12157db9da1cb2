// SPDX-License-Identifier: MIT
#include "pipeline/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "pipeline/report_html.h"

namespace quern::report {

namespace {

constexpr double kUnit = 1000;  // side of the drawing's own square of coordinates

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double v) {
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  }
  bool empty() const { return !(low <= high); }
  void widen() {
    if (low == high) low -= std::max(1e-9, std::abs(low) * 0.05), high += std::max(1e-9, std::abs(high) * 0.05);
  }
  double at(double v) const { return (v - low) / (high - low); }  // 0 to 1
};

// The first steps of a run fall from a great height; the scale starts where 3 % of the run is over.
Range y_range(const LineChart& chart, const Range& x) {
  Range y;
  if (chart.y_low < chart.y_high) return {chart.y_low, chart.y_high};
  const double settled = x.low + 0.03 * (x.high - x.low);
  for (const Series& s : chart.series)
    for (size_t i = 0; i < s.x.size(); ++i)
      if (!chart.large || s.x[i] >= settled || s.x.size() < 30) y.add(s.y[i]);
  if (y.empty()) return y;
  if (chart.from_zero) y.add(0);
  y.widen();
  const double margin = 0.06 * (y.high - y.low);
  if (!(chart.from_zero && y.low == 0)) y.low -= margin;
  y.high += margin;
  return y;
}

std::string coordinate(double share) { return fmt::format("{:.1f}", kUnit * std::clamp(share, -2.0, 3.0)); }

std::string line_path(const Series& s, const Range& x, const Range& y) {
  std::string d;
  bool pen_down = false;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!std::isfinite(s.y[i])) {
      pen_down = false;
      continue;
    }
    d += fmt::format("{}{} {}", pen_down ? 'L' : 'M', coordinate(x.at(s.x[i])), coordinate(1 - y.at(s.y[i])));
    pen_down = true;
  }
  return d;
}

std::string band_path(const Series& s, const Range& x, const Range& y) {
  if (s.low.size() != s.x.size() || s.high.size() != s.x.size()) return "";
  std::string forth, back;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!std::isfinite(s.low[i]) || !std::isfinite(s.high[i])) continue;
    const std::string at = coordinate(x.at(s.x[i]));
    forth += fmt::format("{}{} {}", forth.empty() ? 'M' : 'L', at, coordinate(1 - y.at(s.high[i])));
    back = fmt::format("L{} {}", at, coordinate(1 - y.at(s.low[i]))) + back;
  }
  return forth.empty() ? "" : forth + back + "Z";
}

std::string json_numbers(const std::vector<double>& values) {
  std::string out = "[";
  for (const double v : values) {
    if (out.size() > 1) out += ',';
    out += std::isfinite(v) ? fmt::format("{:.5g}", v) : "null";
  }
  return out + "]";
}

}  // namespace

std::string short_number(double value) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size >= 1e9) return fmt::format("{:.3g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  if (size < 1e-3) return fmt::format("{:.0e}", value);
  return fmt::format("{:.4g}", value);
}

std::vector<double> nice_ticks(double low, double high, int about) {
  std::vector<double> ticks;
  if (!(high > low) || !std::isfinite(low) || !std::isfinite(high)) return ticks;
  const double raw = (high - low) / about, power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power < raw) continue;
    step = factor * power;
    break;
  }
  for (double i = std::ceil(low / step); i * step <= high + 1e-9 * step && ticks.size() < 50; ++i)
    ticks.push_back(i * step);
  return ticks;
}

Series condensed(const std::string& label, const std::vector<double>& x, const std::vector<double>& y, size_t most,
                 bool with_band) {
  Series s{.label = label};
  const size_t n = std::min(x.size(), y.size()), groups = std::min(n, most);
  for (size_t g = 0; g < groups; ++g) {
    const size_t begin = g * n / groups, end = (g + 1) * n / groups;
    double x_sum = 0, y_sum = 0;
    size_t count = 0;
    Range range;
    for (size_t i = begin; i < end; ++i) {
      x_sum += x[i];
      if (!std::isfinite(y[i])) continue;
      y_sum += y[i], ++count;
      range.add(y[i]);
    }
    s.x.push_back(x_sum / double(end - begin));
    s.y.push_back(count ? y_sum / double(count) : std::numeric_limits<double>::quiet_NaN());
    if (with_band && groups < n) s.low.push_back(range.low), s.high.push_back(range.high);
  }
  return s;
}

std::string line_chart(const LineChart& chart) {
  Range x;
  size_t longest = 0;
  for (const Series& s : chart.series) {
    for (const double v : s.x) x.add(v);
    longest = std::max(longest, s.x.size());
  }
  const Range y = y_range(chart, x);
  if (longest < 2 || x.empty() || y.empty() || x.low == x.high) return "";
  const auto shown = [&](double v) { return chart.is_share ? fmt::format("{:.3g}%", 100 * v) : short_number(v); };

  std::string grid, y_labels, x_labels, lines, legend, data;
  for (const double t : nice_ticks(y.low, y.high, chart.large ? 6 : 3)) {
    grid += fmt::format("<path class=grid d=\"M0 {0}H1000\"/>", coordinate(1 - y.at(t)));
    y_labels += fmt::format("<span style=\"top:{:.2f}%\">{}</span>", 100 * (1 - y.at(t)), shown(t));
  }
  for (const double t : nice_ticks(x.low, x.high, chart.large ? 5 : 3))
    if (x.at(t) < (chart.large ? 0.94 : 0.84))  // the name of the axis stands at its end
      x_labels += fmt::format("<span style=\"left:{:.2f}%\">{}</span>", 100 * x.at(t), short_number(t));
  std::string marks;
  for (const auto& [at, text] : chart.marks) {
    if (!(at >= x.low && at <= x.high)) continue;
    grid += fmt::format("<path class=mark d=\"M{} 0V1000\"/>", coordinate(x.at(at)));
    marks += fmt::format("<span class=mark style=\"{}:{:.2f}%\">{}</span>", x.at(at) < 0.8 ? "left" : "right",
                         100 * (x.at(at) < 0.8 ? x.at(at) : 1 - x.at(at)), text);
  }
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& s = chart.series[i];
    const size_t color = i % 4 + 1;
    if (const std::string band = band_path(s, x, y); !band.empty())
      lines += fmt::format("<path class=\"band c{}\" d=\"{}\"/>", color, band);
    lines += fmt::format("<path class=\"line{} c{}\" d=\"{}\"/>", s.dots ? " thin" : "", color, line_path(s, x, y));
    if (s.dots)  // a stroke of no length with round ends is a dot that does not stretch
      for (size_t k = 0; k < s.x.size(); ++k)
        if (std::isfinite(s.y[k]))
          lines += fmt::format("<path class=\"dot c{}\" d=\"M{} {}h0\"/>", color, coordinate(x.at(s.x[k])),
                               coordinate(1 - y.at(s.y[k])));
    const auto last = std::find_if(s.y.rbegin(), s.y.rend(), [](double v) { return std::isfinite(v); });
    legend += fmt::format("<span class=\"key c{}\">{} <b>{}</b></span>", color, s.label,
                          last == s.y.rend() ? "–" : shown(*last));
    data += fmt::format("{}{{\"x\":{},\"y\":{}}}", data.empty() ? "" : ",", json_numbers(s.x), json_numbers(s.y));
  }
  return fmt::format(
      "<figure class=\"chart{}\" data-group=\"{}\"{}>"
      "<figcaption>{}{}<span class=legend>{}</span></figcaption>"
      "<div class=plot><div class=ys>{}</div><div class=area><svg viewBox=\"0 0 1000 1000\" "
      "preserveAspectRatio=none aria-hidden=true>{}{}</svg>{}<i class=cursor hidden></i></div>"
      "<div class=xs>{}<em>{}</em></div></div>"
      "<script type=\"application/json\">{{\"low\":{:.8g},\"high\":{:.8g},\"series\":[{}]}}</script></figure>\n",
      chart.large ? " large" : "", escape(chart.group), chart.is_share ? " data-share" : "", chart.title,
      chart.about.empty() ? "" : fmt::format("<small>{}</small>", chart.about), legend, y_labels, grid, lines, marks,
      x_labels, chart.x_label, x.low, x.high, data);
}

}  // namespace quern::report
