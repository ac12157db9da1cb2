// SPDX-License-Identifier: MIT
// What was measured: tiles, bits per byte beside prediction and baselines, curves, the timeline.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/files.h"
#include "base/terminal.h"
#include "pipeline/report_charts.h"
#include "pipeline/report_sections.h"

namespace quern::report {

namespace {

constexpr size_t kMostPoints = 400;
constexpr size_t kSmoothPoints = 120;  // of the large chart, each a mean within a band from lowest to highest

std::string tile(const std::string& value, const std::string& label) {
  return fmt::format("<div class=tile><b>{}</b><span>{}</span></div>", value, label);
}

double total_seconds(const ReportData& data) {
  double end = 0, clock = 0;
  for (const ReportStage& stage : data.stages) {
    const double start = stage.start_s >= 0 ? stage.start_s : clock;
    clock = start + std::max(0.0, stage.seconds);
    end = std::max(end, clock);
  }
  return end;
}

double last_validation_bits(const ReportData& data) {
  for (const ReportCurves& curves : data.curves)
    for (size_t i = curves.history.evals.size(); i-- > 0;)
      if (curves.history.evals[i].bpb > 0) return curves.history.evals[i].bpb;
  return 0;
}

std::string one_run(const ReportCurves& curves, const ReportData& data, size_t index, const Labels& tr) {
  const std::vector<StepEvent>& steps = curves.history.steps;
  std::vector<double> x;
  for (const StepEvent& e : steps) x.push_back(double(e.step));
  const auto values = [&](auto get) {
    std::vector<double> y;
    for (const StepEvent& e : steps) y.push_back(get(e));
    return y;
  };
  const std::string group = fmt::format("run{}", index), x_label = tr("step");
  const auto any = [](const std::vector<double>& y) {
    return std::ranges::any_of(y, [](double v) { return std::isfinite(v) && v != 0; });
  };

  // The times at which samples were taken, as steps: the page's story and its curves share one clock.
  std::vector<std::pair<double, std::string>> marks;
  if (index == 0) {
    std::vector<double> times;
    for (const ReportSample& s : data.samples)
      if (std::ranges::find(times, s.minutes) == times.end()) times.push_back(s.minutes);
    std::ranges::sort(times);
    for (const double minutes : times) {
      const auto after = std::ranges::find_if(steps, [&](const StepEvent& e) { return e.seconds >= 60 * minutes; });
      if (after != steps.end() && times.size() <= 8) marks.emplace_back(double(after->step), minutes_text(minutes, tr));
    }
  }

  std::vector<std::string> eval_names;
  for (const EvalEvent& e : curves.history.evals)
    if (std::ranges::find(eval_names, e.data) == eval_names.end()) eval_names.push_back(e.data);
  const auto chart_of = [&](const std::string& title, auto of_step, auto of_eval, bool large) {
    LineChart chart{
        .title = title, .marks = large ? marks : decltype(marks){}, .x_label = x_label, .large = large, .group = group};
    if (const auto y = values(of_step); any(y))
      chart.series.push_back(condensed(
          tr("training"), x, y, large ? std::clamp<size_t>(x.size() / 6, 30, kSmoothPoints) : kMostPoints, large));
    for (const std::string& name : eval_names) {
      Series s{.label = name == "validation" ? tr("validation") : escape(name, 60), .dots = true};
      for (const EvalEvent& e : curves.history.evals)
        if (e.data == name && of_eval(e) != 0) s.x.push_back(double(e.step)), s.y.push_back(of_eval(e));
      if (!s.x.empty()) chart.series.push_back(std::move(s));
    }
    return line_chart(chart);
  };
  const bool has_bits = any(values([](const StepEvent& e) { return e.bpb; })) ||
                        std::ranges::any_of(curves.history.evals, [](const EvalEvent& e) { return e.bpb > 0; });
  std::string large, small;
  if (has_bits)
    large = chart_of(
        tr("Bits per byte"), [](const StepEvent& e) { return e.bpb; }, [](const EvalEvent& e) { return e.bpb; }, true);
  (has_bits ? small : large) += chart_of(
      tr("Loss (nats per token)"), [](const StepEvent& e) { return e.loss; }, [](const EvalEvent& e) { return e.loss; },
      !has_bits);

  const auto one = [&](const char* title, auto get, bool from_zero, bool is_share = false) {
    const auto y = values(get);
    if (!any(y)) return std::string();
    return line_chart({.title = tr(title),
                       .series = {condensed("", x, y, kMostPoints, false)},
                       .x_label = x_label,
                       .from_zero = from_zero,
                       .is_share = is_share,
                       .group = group});
  };
  small += one("Learning rate", [](const StepEvent& e) { return e.lr; }, true);
  small += one("Gradient norm", [](const StepEvent& e) { return e.grad_norm; }, true);
  small += one("Tokens per second", [](const StepEvent& e) { return e.tokens_per_s; }, true);
  small += one("Share of the machine's peak", [](const StepEvent& e) { return e.peak_share; }, true, true);
  small += one("Memory (bytes)", [](const StepEvent& e) { return double(e.memory_bytes); }, true);
  if (large.empty() && small.empty()) return "";

  int64_t skipped = 0;
  for (const StepEvent& e : steps) skipped += e.skipped;
  const std::string note = skipped > 0 ? fmt::format("<p class=note>{}: {}</p>",
                                                     tr("Steps skipped because a number was not finite"), skipped)
                                       : "";
  return fmt::format("{}{}<div class=multiples>{}</div>{}",
                     data.curves.size() > 1 ? fmt::format("<h3>{}</h3>", escape(curves.name, 100)) : "", large, small,
                     note);
}

}  // namespace

std::string tiles_section(const ReportData& data, const Labels& tr) {
  std::string out;
  if (data.model.parameters > 0) out += tile(format_count(double(data.model.parameters)), tr("parameters"));
  if (data.corpus.tokens_seen > 0) out += tile(format_count(double(data.corpus.tokens_seen)), tr("tokens seen"));
  if (const double seconds = total_seconds(data); seconds > 0)
    out += tile(format_duration(seconds), tr("from text to chat"));
  const double bits = data.prediction.measured > 0 ? data.prediction.measured : last_validation_bits(data);
  if (bits > 0) out += tile(fixed(bits, 3), tr("bits per byte, held-out text"));
  if (!data.questions.empty() && std::isfinite(right_share(data.questions[0])))
    out += tile(percent(right_share(data.questions[0])), tr("questions answered rightly"));
  int64_t memory = data.machine.peak_memory_bytes;
  for (const ReportStage& stage : data.stages) memory = std::max(memory, stage.peak_memory_bytes);
  if (memory > 0) out += tile(format_size(uint64_t(memory)), tr("memory at most"));
  return out.empty() ? "" : "<div class=tiles>" + out + "</div>\n";
}

std::string bits_section(const ReportData& data, const Labels& tr) {
  const ReportPrediction& p = data.prediction;
  struct Row {
    std::string name;
    double value;
    bool ours;
  };
  std::vector<Row> rows;
  for (const ReportBaseline& b : data.baselines)
    if (b.bits_per_byte > 0 && std::isfinite(b.bits_per_byte))
      rows.push_back({escape(b.name, 100), b.bits_per_byte, false});
  const double measured = p.measured > 0 ? p.measured : rows.empty() ? 0.0 : last_validation_bits(data);
  const bool predicted = p.predicted > 0 && std::isfinite(p.predicted);
  if (rows.empty() && !predicted) return "";
  if (measured > 0 && std::isfinite(measured)) rows.push_back({tr("this model"), measured, true});
  std::ranges::stable_sort(rows, [](const Row& a, const Row& b) { return a.value > b.value; });
  double high = predicted ? std::max(p.predicted, p.high) : 0;
  for (const Row& row : rows) high = std::max(high, row.value);
  high *= 1.08;

  std::string out;
  for (const Row& row : rows)
    out += fmt::format(
        "<div class=\"bar{}\"><span class=name>{}</span><span class=track><i class=fill style=\"width:{:.2f}%\">"
        "</i></span><span class=value>{}</span></div>\n",
        row.ours ? " ours" : " other", row.name, 100 * row.value / high, fixed(row.value, 3));
  std::string verdict;
  if (predicted) {
    const bool interval = p.low > 0 && p.high >= p.low;
    const std::string range = interval ? fmt::format("<i class=interval style=\"left:{:.2f}%;width:{:.2f}%\"></i>",
                                                     100 * p.low / high, 100 * (p.high - p.low) / high)
                                       : "";
    out += fmt::format(
        "<div class=\"bar predicted\"><span class=name>{}</span><span class=track>{}<i class=point "
        "style=\"left:{:.2f}%\">"
        "</i></span><span class=value>{}</span></div>\n",
        tr("predicted"), range, 100 * p.predicted / high, fixed(p.predicted, 3));
    if (interval && measured > 0) {
      const bool inside = measured >= p.low && measured <= p.high;
      verdict = fmt::format("<p class=\"verdict {}\">{} {}: {} – {}, {} {}.</p>", inside ? "right" : "wrong",
                            inside ? "✓" : "✗", tr("Predicted before training"), fixed(p.low, 3), fixed(p.high, 3),
                            tr("measured"), fixed(measured, 3));
    }
  }
  const std::string note = p.note.empty() ? "" : fmt::format("<p class=note>{}</p>", escape(p.note, 600));
  return fmt::format(
      "<p class=lead>{}</p><div class=\"bars wide\">{}</div>{}{}\n",
      tr("How many bits it takes to write down a byte of text that was never trained on. Less is better."), out,
      verdict, note);
}

std::string curves_section(const ReportData& data, const Labels& tr) {
  std::string out;
  for (size_t i = 0; i < data.curves.size(); ++i) out += one_run(data.curves[i], data, i, tr);
  return out;
}

std::string timeline_section(const ReportData& data, const Labels& tr) {
  const double total = total_seconds(data);
  if (!(total > 0) || !std::isfinite(total)) return "";
  std::string rows;
  double clock = 0;
  for (const ReportStage& stage : data.stages) {
    const double start = stage.start_s >= 0 ? stage.start_s : clock, seconds = std::max(0.0, stage.seconds);
    clock = start + seconds;
    const std::string memory =
        stage.peak_memory_bytes > 0 ? " · " + format_size(uint64_t(stage.peak_memory_bytes)) : "";
    rows += fmt::format(
        "<div class=\"bar stage\"><span class=name>{}{}</span><span class=track><i class=fill style=\"left:{:.2f}%;"
        "width:max(2px,{:.2f}%)\"></i></span><span class=value>{}{}</span></div>\n",
        escape(stage.name, 100), stage.note.empty() ? "" : fmt::format("<small>{}</small>", escape(stage.note, 200)),
        100 * start / total, 100 * seconds / total, format_duration(seconds), memory);
  }
  return fmt::format(
      "<div class=\"bars wide\">{}<div class=\"bar total\"><span class=name>{}</span><span class=track></span>"
      "<span class=value>{}</span></div></div>\n",
      rows, tr("together"), format_duration(total));
}

}  // namespace quern::report
