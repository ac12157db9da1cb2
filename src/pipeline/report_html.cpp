// SPDX-License-Identifier: MIT
#include "pipeline/report_html.h"

#include <fmt/format.h>

#include <cmath>

namespace quern::report {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The code point at the start of `text` and its length; {-1, 1} for a byte that is not valid UTF-8 there.
// Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
std::pair<int32_t, size_t> decode(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned b = byte(0);
  if (b < 0x80) return {int32_t(b), 1};
  if (b >= 0xC2 && b <= 0xDF && continues(1)) return {int32_t((b & 0x1F) << 6 | (byte(1) & 0x3F)), 2};
  if ((b & 0xF0) == 0xE0 && continues(1) && continues(2)) {
    const int32_t c = int32_t((b & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F));
    if (c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) return {c, 3};
  }
  if (b >= 0xF0 && b <= 0xF4 && continues(1) && continues(2) && continues(3)) {
    const int32_t c = int32_t((b & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F));
    if (c >= 0x10000 && c <= 0x10FFFF) return {c, 4};
  }
  return {-1, 1};
}

bool is_unsafe(int32_t c) {
  const bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
  const bool turns_direction = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return c < 0 || control || turns_direction || (c & 0xFFFE) == 0xFFFE;
}

}  // namespace

std::string escape(std::string_view text, size_t most_characters) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == most_characters) return out + "…";
    const auto [c, length] = decode(text);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else if (is_unsafe(c))
      out += kReplacement;
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out;
}

std::string grouped(int64_t n) {
  std::string digits = std::to_string(n);
  for (int at = int(digits.size()) - 3; at > (n < 0 ? 1 : 0); at -= 3) digits.insert(size_t(at), ",");
  return digits;
}

std::string fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "–";
}

std::string percent(double share) {
  if (!std::isfinite(share)) return "–";
  return fmt::format("{:.{}f} %", 100 * share, share > 0 && share < 1 ? 1 : 0);
}

std::string minutes_text(double minutes, const Labels& tr) {
  const double rounded = std::round(minutes * 10) / 10;
  return fmt::format("{} {}", rounded, tr("min"));
}

std::string fact_list(const std::vector<ReportFact>& facts) {
  std::string rows;
  for (const ReportFact& fact : facts)
    if (!fact.value.empty())
      rows += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(fact.label, 200), escape(fact.value, 1000));
  return rows.empty() ? "" : "<dl class=facts>\n" + rows + "</dl>\n";
}

std::string figure(std::string_view title, std::string_view body, std::string_view about) {
  return fmt::format("<figure><figcaption>{}{}</figcaption>{}</figure>\n", title,
                     about.empty() ? "" : fmt::format("<small>{}</small>", about), body);
}

}  // namespace quern::report
