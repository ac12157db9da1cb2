// SPDX-License-Identifier: MIT
#pragma once
// The sections of the report; each is the HTML of its body, or "" when there is nothing to show.

#include <string>

#include "pipeline/report.h"
#include "pipeline/report_html.h"

namespace quern::report {

// report_story.cpp: what the model says and knows
std::string samples_section(const ReportData& data, const Labels& tr);
std::string questions_section(const ReportData& data, const Labels& tr);
std::string answers_section(const ReportData& data, const Labels& tr);
std::string learned_section(const ReportData& data, const Labels& tr);
std::string planted_section(const ReportData& data, const Labels& tr);

// report_numbers.cpp: what was measured
std::string tiles_section(const ReportData& data, const Labels& tr);
std::string bits_section(const ReportData& data, const Labels& tr);
std::string curves_section(const ReportData& data, const Labels& tr);
std::string timeline_section(const ReportData& data, const Labels& tr);

// report_village.cpp: where it all happened
std::string map_section(const ReportData& data, const Labels& tr);
std::string families_section(const ReportData& data, const Labels& tr);

// report_cards.cpp: what it was made of
std::string corpus_section(const ReportData& data, const Labels& tr);
std::string tokenizer_section(const ReportData& data, const Labels& tr);
std::string model_section(const ReportData& data, const Labels& tr);
std::string machine_section(const ReportData& data, const Labels& tr);
std::string lineage_section(const ReportData& data, const Labels& tr);
std::string recipe_section(const ReportData& data, const Labels& tr);

// Shares of right answers over all kinds of a set.
double right_share(const ReportQuestions& questions);

}  // namespace quern::report
