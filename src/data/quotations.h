// SPDX-License-Identifier: MIT
#pragma once
// Quoted speech and who speaks it, where the text says so.

#include <string>
#include <string_view>
#include <vector>

namespace quern {

struct Quotation {
  std::string_view words;    // inside the quotation marks
  std::string_view speaker;  // as the text names it
  std::string_view whole;    // from the first to the last character of quotation and attribution together
};

// Of one paragraph. English: "...," said Ada / Ada replied; Ada said: "...". Chinese: 宝玉笑道：“……”. Pronouns are no
// speakers.
std::vector<Quotation> quotations_of(std::string_view paragraph);

}  // namespace quern
