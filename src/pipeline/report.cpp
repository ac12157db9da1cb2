// SPDX-License-Identifier: MIT
#include "pipeline/report.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/terminal.h"
#include "pipeline/report_html.h"
#include "pipeline/report_sections.h"

namespace quern {

namespace {

constexpr std::string_view kStyle =
#include "pipeline/assets/report.css.inc"
    ;
constexpr std::string_view kScript =
#include "pipeline/assets/report.js.inc"
    ;
constexpr std::string_view kStone =
#include "pipeline/assets/stone.svg.inc"
    ;

using report::escape;
using report::Labels;

std::string about_sentence(const ReportData& data, const Labels& tr) {
  if (!data.about.empty() || data.model.parameters <= 0) return escape(data.about, 1000);
  const auto part = [&](std::string_view text, const std::string& value) {
    return fmt::format(fmt::runtime(tr(text)), value);
  };
  std::string out = part("A language model of {} parameters", format_count(double(data.model.parameters)));
  if (data.corpus.bytes > 0) out += part(", grown from {} of text", format_size(uint64_t(data.corpus.bytes)));
  double seconds = 0;
  for (const ReportStage& stage : data.stages) seconds += stage.seconds > 0 ? stage.seconds : 0;
  if (seconds > 0) out += part(" in {}", format_duration(seconds));
  if (data.machine.cores > 0) out += part(" on {} cores", std::to_string(data.machine.cores));
  return out + tr(".");
}

}  // namespace

std::string render_report(const ReportData& data) {
  const Labels tr(data.language);
  struct Section {
    const char *id, *title;
    std::string (*body)(const ReportData&, const Labels&);
    bool half;  // two of them share a row on a wide page
  };
  const Section sections[] = {
      {"samples", "From babble to speech", report::samples_section, false},
      {"bits", "Prediction beside fact", report::bits_section, false},
      {"questions", "What it can answer", report::questions_section, false},
      {"planted", "Somebody you planted", report::planted_section, false},
      {"answers", "Answers beside the truth", report::answers_section, false},
      {"learned", "What it learned first", report::learned_section, false},
      {"curves", "How it learned", report::curves_section, false},
      {"map", "The village", report::map_section, false},
      {"families", "Families", report::families_section, false},
      {"text", "The text", report::corpus_section, true},
      {"tokens", "The tokens", report::tokenizer_section, true},
      {"model", "The model", report::model_section, true},
      {"machine", "The machine", report::machine_section, true},
      {"time", "Where the time went", report::timeline_section, false},
      {"lineage", "Lineage", report::lineage_section, false},
      {"recipe", "Recipe", report::recipe_section, false},
  };
  std::string body, links;
  for (const Section& section : sections) {
    const std::string inner = section.body(data, tr);
    if (inner.empty()) continue;
    body += fmt::format("<section id={}{}><h2>{}</h2>\n{}</section>\n", section.id, section.half ? " class=half" : "",
                        tr(section.title), inner);
    links += fmt::format("<a href=\"#{}\">{}</a>", section.id, tr(section.title));
  }
  const std::string title = escape(data.title.empty() ? "quern" : data.title, 200);
  const std::string about = about_sentence(data, tr), date = escape(data.date, 100);
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<header>{}<div><p class=brand>quern <span>石磨</span></p><h1>{}</h1><p class=about>{}</p>{}</div></header>\n"
      "{}<nav>{}</nav>\n<main>\n{}</main>\n<footer><p>{}{}</p></footer>\n<script>{}</script>\n</body>\n</html>\n",
      tr.chinese() ? "zh-Hans" : "en", title, kStyle, kStone, title, about,
      date.empty() ? "" : fmt::format("<p class=date>{}</p>", date), report::tiles_section(data, tr), links, body,
      tr("Made with quern, which needs no network and no Python."),
      data.version.empty() ? "" : " quern " + escape(data.version, 100), kScript);
}

}  // namespace quern
