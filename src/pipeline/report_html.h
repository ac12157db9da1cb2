// SPDX-License-Identifier: MIT
#pragma once
// Small pieces of HTML for the report.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/report.h"

namespace quern::report {

// Text for HTML content and quoted attributes: & < > " ' become entities, broken UTF-8, NUL, control characters and
// those that turn the direction of writing become U+FFFD. At most `most_characters`, then an ellipsis.
std::string escape(std::string_view text, size_t most_characters = 4000);

// The page's own words, in the language of the report. The key is the English label.
class Labels {
 public:
  explicit Labels(std::string_view language) : chinese_(language.starts_with("zh")) {}
  std::string operator()(std::string_view english) const;  // our own words: safe in HTML as they are
  bool chinese() const { return chinese_; }

 private:
  bool chinese_;
};

std::string grouped(int64_t n);                 // 12,345,678
std::string fixed(double value, int decimals);  // "–" when not finite
std::string percent(double share);              // 0.934 -> "93.4 %"
std::string minutes_text(double minutes, const Labels& tr);

// <dl> of labels and values; rows with an empty value are left out, "" when none remains. Labels and values are
// escaped.
std::string fact_list(const std::vector<ReportFact>& facts);

std::string figure(std::string_view title, std::string_view body, std::string_view about = "");  // parts are HTML

}  // namespace quern::report
