// SPDX-License-Identifier: MIT
#include "data/sentences.h"

#include <algorithm>
#include <array>

#include "data/language.h"
#include "text/unicode.h"

namespace quern {

namespace {

std::string_view trimmed(std::string_view s) {
  const size_t begin = s.find_first_not_of(" \t\r\n");
  return begin == s.npos ? "" : s.substr(begin, s.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_han_or_wide(char32_t c) {
  return script_of(c) == CorpusStats::Han || (c >= 0x3000 && c <= 0x303F) || c >= 0xFF00;
}

bool wide_ends(std::string_view text) {
  return !text.empty() && is_han_or_wide(decode_utf8_before(text.data() + text.size()).value);
}
bool wide_begins(std::string_view text) { return !text.empty() && is_han_or_wide(decode_utf8(text.data()).value); }

constexpr std::array<std::string_view, 18> kAbbreviations = {"Mr",   "Mrs", "Ms",  "Dr",  "St",  "Prof",
                                                             "Capt", "Col", "Gen", "Rev", "Sr",  "Jr",
                                                             "vs",   "etc", "No",  "Esq", "Hon", "Lieut"};

bool ends_with_abbreviation(std::string_view text) {  // text before the full stop
  const size_t begin = text.find_last_of(" \t(\"'") + 1;
  const std::string_view word = text.substr(begin == std::string_view::npos + 1 ? 0 : begin);
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') return true;  // an initial
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
}

bool is_closer(char32_t c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == U'”' || c == U'’' || c == U'」' || c == U'』' ||
         c == U'）' || c == U'》';
}

}  // namespace

std::vector<std::string> paragraphs_of(std::string_view text) {
  std::vector<std::string_view> lines;
  size_t blank = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trimmed(text.substr(0, end)));
    blank += lines.back().empty();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const bool joined = blank * 20 >= lines.size() && blank > 0;
  std::vector<std::string> out(1);
  for (std::string_view line : lines) {
    std::string& now = out.back();
    if (line.empty() || !joined) {
      if (!now.empty()) out.emplace_back();
      if (!joined) out.back() = line;
      continue;
    }
    if (!now.empty() && !(wide_ends(now) && wide_begins(line))) now += ' ';
    now += line;
  }
  std::erase_if(out, [](const std::string& p) { return p.empty(); });
  return out;
}

std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  const auto end_at = [&](size_t end) {
    const std::string_view sentence = trimmed(text.substr(begin, end - begin));
    if (!sentence.empty()) out.push_back(sentence);
    begin = end;
  };
  for (size_t i = 0; i < text.size();) {
    const auto [c, length] = decode_utf8(text.data() + i);
    size_t next = i + size_t(length);
    const bool wide = c == U'。' || c == U'！' || c == U'？' || c == U'…' || c == U'．';
    if (wide || c == '.' || c == '!' || c == '?') {
      while (next < text.size()) {  // "?!", "...", closing quotes
        const auto [d, more] = decode_utf8(text.data() + next);
        if (!is_closer(d) && d != '.' && d != '!' && d != '?' && d != U'。' && d != U'！' && d != U'？' && d != U'…')
          break;
        next += size_t(more);
      }
      bool ends = wide;
      if (!wide) {
        const bool space = next >= text.size() || text[next] == ' ';
        size_t after = next;
        while (after < text.size() &&
               (text[after] == ' ' || text[after] == '"' || text[after] == '(' || text[after] == '\''))
          ++after;
        // A small letter goes on with the sentence: "No!" cried he.
        const bool small = after < text.size() && text[after] >= 'a' && text[after] <= 'z';
        ends = space && !small && !(c == '.' && next == i + 1 && ends_with_abbreviation(text.substr(begin, i - begin)));
      }
      if (ends) end_at(next);
    }
    i = next;
  }
  end_at(text.size());
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = std::string_view::npos;
  for (size_t i = 0; i <= text.size();) {
    bool inside = false;
    int length = 1;
    if (i < text.size()) {
      const auto step = decode_utf8(text.data() + i);
      length = step.length;
      const bool middle = (step.value == '\'' || step.value == '-' || step.value == U'’') && begin != text.npos;
      inside = script_of(step.value) != CorpusStats::kNumScripts || (step.value >= '0' && step.value <= '9') || middle;
    }
    if (inside && begin == text.npos) begin = i;
    if (!inside && begin != text.npos) {
      std::string_view word = text.substr(begin, i - begin);
      while (!word.empty() && (word.back() == '-' || word.back() == '\'')) word.remove_suffix(1);
      words.push_back(word);
      begin = text.npos;
    }
    i += size_t(length);
  }
  return words;
}

bool mostly_han(std::string_view text) {
  int64_t han = 0, other = 0;
  for (size_t i = 0; i < text.size();) {
    const auto [c, length] = decode_utf8(text.data() + i);
    const auto script = script_of(c);
    han += script == CorpusStats::Han;
    other += script != CorpusStats::Han && script != CorpusStats::kNumScripts;
    i += size_t(length);
  }
  return han * 2 > other;  // a Chinese character says as much as several letters
}

size_t count_characters(std::string_view utf8) { return count_code_points(utf8); }

}  // namespace quern
