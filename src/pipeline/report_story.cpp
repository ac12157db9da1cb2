// SPDX-License-Identifier: MIT
// What the model says: samples over time, questions and answers, what it learned first.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "pipeline/report_sections.h"

namespace quern::report {

namespace {

constexpr size_t kMostAnswers = 400;

struct ClassText {
  QuestionClass kind_class;
  const char *name, *about;
};
constexpr std::array<ClassText, 6> kClasses = {{
    {QuestionClass::FromPrompt, "Answer stands in the prompt", "can be read off, by anyone who can read"},
    {QuestionClass::TaughtOften, "Taught often", "told many times in the text it was trained on"},
    {QuestionClass::Sums, "Sums", "numbers it has not seen together"},
    {QuestionClass::TaughtRarely, "Taught rarely", "told once or twice; remembering it is luck and memory"},
    {QuestionClass::Unknowable, "Nobody can know", "right is to say “I don't know”"},
    {QuestionClass::Other, "Other", ""},
}};

// Wilson's 95 % interval of a share (E. B. Wilson 1927, "Probable inference"): honest at small n and near 0 and 1.
std::pair<double, double> wilson(int64_t right, int64_t asked) {
  const double z = 1.96, n = double(asked), p = double(right) / n;
  const double center = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

std::string bar_row(const std::string& name, int64_t right, int64_t asked, int64_t declined, const Labels& tr,
                    bool total) {
  right = std::clamp<int64_t>(right, 0, asked);
  const double share = double(right) / double(asked);
  const auto [low, high] = wilson(right, asked);
  const std::string shy = declined > 0
                              ? fmt::format("<span class=shy>{} {}</span>", percent(double(declined) / double(asked)),
                                            tr("said “I don't know”"))
                              : "";
  return fmt::format(
      "<div class=\"bar{}\"><span class=name>{}</span><span class=track><i class=fill style=\"width:{:.1f}%\"></i>"
      "<i class=whisker style=\"left:{:.1f}%;width:{:.1f}%\"></i></span><span class=value>{}</span>"
      "<span class=count>{} / {}{}</span></div>\n",
      total ? " total" : "", name, 100 * share, 100 * low, 100 * (high - low), percent(share), grouped(right),
      grouped(asked), shy);
}

std::string answer_rows(const std::vector<ReportAnswer>& answers, size_t most, const Labels& tr) {
  std::string rows;
  for (size_t i = 0; i < std::min(answers.size(), most); ++i) {
    const ReportAnswer& a = answers[i];
    rows += fmt::format(
        "<tr class={} data-kind=\"{}\"><td class=q>{}{}</td><td class=a><b>{}</b> {}</td>"
        "<td class=t>{}</td></tr>\n",
        a.right ? "right" : "wrong", escape(a.kind, 100),
        a.kind.empty() ? "" : fmt::format("<small>{}</small>", escape(a.kind, 100)), escape(a.question, 1200),
        a.right ? "✓" : "✗", a.answer.empty() ? "<i>–</i>" : escape(a.answer, 600), escape(a.truth, 600));
  }
  return fmt::format(
      "<table class=answers><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>\n{}</tbody></table>\n",
      tr("Question"), tr("The model says"), tr("The ledger says"), rows);
}

}  // namespace

double right_share(const ReportQuestions& questions) {
  int64_t right = 0, asked = 0;
  for (const ReportQuestionKind& kind : questions.kinds) right += kind.right, asked += kind.asked;
  return asked > 0 ? double(right) / double(asked) : std::numeric_limits<double>::quiet_NaN();
}

std::string samples_section(const ReportData& data, const Labels& tr) {
  std::vector<std::string> prompts;
  std::vector<double> times;
  for (const ReportSample& s : data.samples) {
    if (std::ranges::find(prompts, s.prompt) == prompts.end() && prompts.size() < 12) prompts.push_back(s.prompt);
    if (std::isfinite(s.minutes) && std::ranges::find(times, s.minutes) == times.end()) times.push_back(s.minutes);
  }
  if (prompts.empty() || times.empty()) return "";
  std::ranges::sort(times);
  if (times.size() > 6) {  // the first, the last and four between
    std::vector<double> some;
    for (size_t i = 0; i < 6; ++i) some.push_back(times[i * (times.size() - 1) / 5]);
    times = some;
  }
  std::string out;
  for (const std::string& prompt : prompts) {
    std::string cells;
    for (const double minutes : times) {
      const auto s = std::ranges::find_if(
          data.samples, [&](const ReportSample& s) { return s.prompt == prompt && s.minutes == minutes; });
      if (s == data.samples.end()) continue;
      const std::string bits =
          s->bits_per_byte > 0 ? fmt::format(" · {} {}", fixed(s->bits_per_byte, 2), tr("bits per byte")) : "";
      cells += fmt::format("<div class=sample><h4>{}{}</h4><p><span class=prompt>{}</span>{}</p></div>\n",
                           minutes_text(minutes, tr), bits, escape(prompt, 600), escape(s->text, 1500));
    }
    out += fmt::format("<div class=samples>{}</div>\n", cells);
  }
  return fmt::format("<p class=lead>{}</p>\n{}", tr("The same beginnings, continued by the model as it grew."), out);
}

std::string questions_section(const ReportData& data, const Labels& tr) {
  std::string out;
  for (const ReportQuestions& set : data.questions) {
    std::string groups;
    for (const ClassText& c : kClasses) {
      std::string rows;
      const bool shy = c.kind_class != QuestionClass::Unknowable;  // where "I don't know" is worth a remark
      int64_t right = 0, asked = 0, declined = 0, kinds = 0;
      for (const ReportQuestionKind& kind : set.kinds) {
        if (kind.kind_class != c.kind_class || kind.asked <= 0) continue;
        rows += bar_row(escape(kind.name, 100), kind.right, kind.asked, shy ? kind.declined : 0, tr, false);
        right += kind.right, asked += kind.asked, declined += kind.declined, ++kinds;
      }
      if (rows.empty()) continue;
      if (kinds > 1) rows = bar_row(tr("together"), right, asked, shy ? declined : 0, tr, true) + rows;
      groups += fmt::format("<h4>{} <small>{}</small></h4>\n<div class=bars>{}</div>\n", tr(c.name),
                            *c.about ? tr(c.about) : "", rows);
    }
    if (groups.empty()) continue;
    out += fmt::format("<div class=card><h3>{}</h3>{}{}</div>\n", escape(set.name, 200),
                       set.about.empty() ? "" : fmt::format("<p class=lead>{}</p>", escape(set.about, 600)), groups);
  }
  if (out.empty()) return "";
  return fmt::format("<div class=sets>{}</div><p class=note>{}</p>\n", out,
                     tr("The thin line at each bar's end is the 95 % interval: how far chance alone could move it."));
}

std::string answers_section(const ReportData& data, const Labels& tr) {
  std::string out;
  for (const ReportQuestions& set : data.questions) {
    if (set.answers.empty()) continue;
    std::vector<std::string> kinds;
    for (const ReportAnswer& a : set.answers)
      if (std::ranges::find(kinds, a.kind) == kinds.end() && kinds.size() < 24) kinds.push_back(a.kind);
    std::string chips =
        fmt::format("<button data-show=all aria-pressed=true>{}</button><button data-show=wrong>{}</button>", tr("all"),
                    tr("wrong ones"));
    for (const std::string& kind : kinds)
      if (!kind.empty()) chips += fmt::format("<button data-kind=\"{0}\">{0}</button>", escape(kind, 100));
    const size_t shown = std::min(set.answers.size(), kMostAnswers);
    out += fmt::format(
        "<details class=filtered{}><summary>{} <small>{} / {}</small></summary><div class=chips>{}</div>{}</details>\n",
        out.empty() ? " open" : "", escape(set.name, 200), grouped(int64_t(shown)),
        grouped(int64_t(set.answers.size())), chips, answer_rows(set.answers, kMostAnswers, tr));
  }
  return out;
}

std::string learned_section(const ReportData& data, const Labels& tr) {
  const ReportLearned& learned = data.learned;
  const size_t times = learned.minutes.size();
  if (times == 0 || learned.kinds.empty()) return "";
  struct Row {
    const std::string* name;
    const std::vector<double>* accuracy;
    double first_half;  // minutes until half of the answers were right
    double last;
  };
  std::vector<Row> rows;
  for (const auto& [name, accuracy] : learned.kinds) {
    if (accuracy.size() != times) continue;
    Row row{&name, &accuracy, std::numeric_limits<double>::infinity(), accuracy.back()};
    for (size_t t = times; t-- > 0;)
      if (accuracy[t] >= 0.5) row.first_half = learned.minutes[t];
    rows.push_back(row);
  }
  std::ranges::stable_sort(rows, [](const Row& a, const Row& b) {
    return a.first_half != b.first_half ? a.first_half < b.first_half : a.last > b.last;
  });
  std::string head, body;
  for (const double minutes : learned.minutes) head += fmt::format("<th>{}</th>", minutes_text(minutes, tr));
  for (const Row& row : rows) {
    std::string cells;
    for (const double a : *row.accuracy) {
      const double share = std::isfinite(a) ? std::clamp(a, 0.0, 1.0) : 0.0;
      cells += fmt::format("<td class={} style=\"--share:{:.0f}%\">{}</td>", share > 0.6 ? "full" : "part", 100 * share,
                           std::isfinite(a) ? fmt::format("{:.0f}", 100 * share) : "–");
    }
    body += fmt::format("<tr><th>{}</th>{}</tr>\n", escape(*row.name, 100), cells);
  }
  if (rows.empty()) return "";
  return fmt::format(
      "<p class=lead>{}</p><div class=scroll><table "
      "class=heat><thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table></div>\n",
      tr("Percent right at each time; what reached one half first stands on top."), head, body);
}

std::string planted_section(const ReportData& data, const Labels& tr) {
  std::string out;
  for (const ReportPlanted& planted : data.planted) {
    std::string talk;
    for (const ReportAnswer& a : planted.answers)
      talk += fmt::format("<p class=ask>{}</p><p class=\"reply {}\">{}{}</p>\n", escape(a.question, 600),
                          a.truth.empty() ? ""
                          : a.right       ? "right"
                                          : "wrong",
                          escape(a.answer, 1200),
                          a.truth.empty() || a.right
                              ? ""
                              : fmt::format("<small>{}: {}</small>", tr("The ledger says"), escape(a.truth, 600)));
    out += fmt::format("<div class=\"card talk\"><h3>{}</h3>{}</div>\n", escape(planted.person, 300), talk);
  }
  if (out.empty()) return "";
  return fmt::format("<p class=lead>{}</p><div class=sets>{}</div>\n",
                     tr("Somebody you put into the village, and what the model says of them."), out);
}

}  // namespace quern::report
