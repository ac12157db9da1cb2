// SPDX-License-Identifier: MIT
#pragma once
// The readable text of an HTML page: paragraphs, headings, lists and tables of the main part; navigation, adverts,
// comment forms and footers are left out by their link density, length and place.

#include <string>
#include <string_view>

namespace quern {

struct HtmlOptions {
  bool whole_page = false;  // keep everything readable: for documentation, where there is little else
  bool keep_title = true;   // the page's title as first line, when no heading says the same
};

// Never throws on bad markup; an empty result means that nothing readable was found. The encoding is UTF-8 where the
// bytes are valid UTF-8, else what the page declares, else UTF-8 with U+FFFD.
std::string html_to_text(std::string_view html, const HtmlOptions& options = {});

}  // namespace quern
