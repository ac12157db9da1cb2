// SPDX-License-Identifier: MIT
#include "data/stock_clean.h"

#include <algorithm>
#include <array>
#include <utility>

namespace quern {

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view without_margins(std::string_view s) {
  const size_t begin = s.find_first_not_of(" \t\n");
  return begin == s.npos ? "" : s.substr(begin, s.find_last_not_of(" \t\n") - begin + 1);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Takes off "[...]" notes that name sources or etymologies, and braces around cross references.
std::string without_notes(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kSources = {
      "Webster", "WordNet", "PJC", "Century", "Acronym", "GCIDE", "Obs.", "Formerly", "OED", "RDH", "AS", "MW"};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kLetters = {
      {{"[ae]", "ae"}, {"[oe]", "oe"}, {"[AE]", "AE"}, {"['e]", "e"}, {"[,c]", "c"}, {"[=e]", "e"}}};
  std::string out(text);
  for (const auto& [from, to] : kLetters) replace_all(out, from, to);
  for (size_t at = out.find('['); at != out.npos; at = out.find('[', at)) {
    const size_t end = out.find(']', at);
    if (end == out.npos) break;
    const std::string_view note = std::string_view(out).substr(at, end - at);
    const bool source =
        std::any_of(kSources.begin(), kSources.end(), [&](std::string_view s) { return note.find(s) != note.npos; });
    if (source || note.size() < 5 || note.starts_with("[L. ") || note.starts_with("[F. ") || note.starts_with("[OE.") ||
        note.starts_with("[See {"))
      out.erase(at, end + 1 - at);
    else
      ++at;
  }
  std::erase_if(out, [](char c) { return c == '{' || c == '}'; });
  replace_all(out, " ,", ",");
  out.erase(std::unique(out.begin(), out.end(), [](char a, char b) { return a == ' ' && b == ' '; }), out.end());
  return std::string(without_margins(out));
}

// "Aard-wolf \Aard"-wolf`\ ([aum]rd"w[oo^]lf), n. [D, earth-wolf] (Zool.)" -> "Aard-wolf"
std::string headword_of(std::string_view line) {
  const size_t end = std::min({line.find('\\'), line.find(" ("), line.find(" ["), line.find(", n."), line.size()});
  std::string_view word = without_margins(line.substr(0, end));
  while (!word.empty() && word.back() == ',') word.remove_suffix(1);
  return std::string(word);
}

bool ends_with_sentence(const std::string& text) {
  return !text.empty() && std::string_view(".!?:;\"'").find(text.back()) != std::string_view::npos;
}

}  // namespace

std::vector<std::string> dictd_entries(std::string_view text) {
  std::vector<std::string> entries;
  std::string entry, paragraph, head;
  bool in_head = false, in_etymology = false, skip = true;
  const auto end_paragraph = [&] {
    const std::string clean = without_notes(paragraph);
    paragraph.clear();
    if (clean.size() < 3) return;
    if (!entry.empty()) entry += entry.back() == ':' ? " " : "\n";
    entry += clean;
  };
  const auto end_entry = [&] {
    end_paragraph();
    // An entry that is only its headword, a reference or a scrap teaches nothing.
    if (!skip && entry.size() > head.size() + 25) entries.push_back(entry);
    entry.clear();
  };
  bool after_blank = true;
  for (std::string_view line : lines_of(text)) {
    if (without_margins(line).empty()) {
      end_paragraph();
      after_blank = true;
      in_head = in_etymology = false;
      continue;
    }
    const bool indented = line[0] == ' ' || line[0] == '\t';
    if (!indented && after_blank) {
      end_entry();
      // The preamble (copyright, sources) of a dictionary stands under entries of these names.
      skip = line.starts_with("00-database") || line.find("http://") != line.npos;
      head = headword_of(line);
      // "ABDOMEN, n.  The temple of the god Stomach, ...": the text begins on the line of the headword.
      const size_t begin = line.find(".  ");
      if (begin != line.npos && line.find('\\') == line.npos) {
        head = std::string(line.substr(0, std::min(line.find(','), begin)));
        entry = head + ":";
        paragraph = std::string(without_margins(line.substr(begin + 1)));
      } else {
        entry = head + ":";
        in_head = true;
        const size_t bracket = line.rfind('[');
        in_etymology = bracket != line.npos && line.find(']', bracket) == line.npos;
      }
    } else if (indented || !in_head) {
      // In a head, lines at the left margin go on with pronunciations; the first indented one begins the text.
      if (in_head && line.starts_with(" ") && !line.starts_with("  ")) continue;  // " /pronunciation/, n."
      in_head = false;
      std::string_view part = without_margins(line);
      if (in_etymology) {  // "[L. ...": goes on to its closing bracket
        const size_t end = part.find(']');
        in_etymology = end == part.npos;
        part = in_etymology ? "" : without_margins(part.substr(end + 1));
        if (part.empty()) continue;
      }
      if (!paragraph.empty() && paragraph.back() == '-' && paragraph.size() > 1 &&
          paragraph[paragraph.size() - 2] != '-')
        paragraph.pop_back();
      else if (!paragraph.empty())
        paragraph += ' ';
      paragraph += part;
    }
    after_blank = false;
  }
  end_entry();
  return entries;
}

std::vector<std::string> wordnet_senses(std::string_view text) {
  static constexpr std::array<std::pair<char, std::string_view>, 5> kKinds = {
      {{'n', "noun"}, {'v', "verb"}, {'a', "adjective"}, {'s', "adjective"}, {'r', "adverb"}}};
  std::vector<std::string> senses;
  for (std::string_view line : lines_of(text)) {
    if (line.size() < 20 || line[0] == ' ') continue;  // the licence stands in lines that begin with a blank
    const size_t bar = line.find(" | ");
    if (bar == line.npos) continue;
    // offset  file  kind  number of words (hexadecimal)  word  id  word  id ...
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.first == line[12]; });
    int words = 0;
    for (char c : line.substr(14, 2)) words = words * 16 + (c >= 'a' ? c - 'a' + 10 : c - '0');
    if (kind == kKinds.end() || words < 1) continue;
    std::string_view rest = line.substr(17);
    std::string out;
    for (int k = 0; k < words && k < 4; ++k) {
      const size_t end = rest.find(' ');
      if (end == rest.npos || end + 3 > rest.size()) break;
      std::string word(rest.substr(0, std::min(end, rest.find('('))));  // "galore(ip)": where it may stand
      std::replace(word.begin(), word.end(), '_', ' ');
      out += (k ? ", " : "") + word;
      rest.remove_prefix(end + 3);
    }
    std::string gloss(without_margins(line.substr(bar + 3)));
    replace_all(gloss, "`", "'");
    replace_all(gloss, "; \"", ". \"");
    senses.push_back(out + " (" + std::string(kind->second) + "): " + gloss + (ends_with_sentence(gloss) ? "" : "."));
  }
  return senses;
}

std::vector<std::string> fortune_sayings(std::string_view text) {
  std::vector<std::string> sayings;
  std::string saying;
  const auto end_saying = [&] {
    size_t letters = 0;
    for (unsigned char c : saying) letters += std::isalpha(c) || c >= 0x80 || c == ' ';
    const std::string_view body = without_margins(saying);
    if (body.size() >= 20 && letters * 10 >= saying.size() * 7 && body.find("   |") == body.npos)
      sayings.emplace_back(body);
    saying.clear();
  };
  for (std::string_view line : lines_of(text)) {
    if (line == "%") {
      end_saying();
      continue;
    }
    for (size_t i = 0; i < line.size(); ++i) {  // tabs begin attributions; letters struck over are undone
      if (line[i] == '\t')
        saying += saying.empty() || saying.back() == '\n' ? "    " : " ";
      else if (line[i] == '\b' && !saying.empty())
        saying.pop_back();
      else
        saying += line[i];
    }
    saying += '\n';
  }
  end_saying();
  return sayings;
}

std::string prose_only(std::string_view text) {
  std::string out, heading;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("\n\n", at), text.size());
    const std::string_view paragraph = without_margins(text.substr(at, end - at));
    at = end + 2;
    if (paragraph.empty()) continue;
    size_t letters = 0, wide_letters = 0, spaces = 0, newlines = 0;
    for (unsigned char c : paragraph) {
      letters += std::isalpha(c) || c >= 0x80;
      wide_letters += c >= 0x80;
      spaces += c == ' ';
      newlines += c == '\n';
    }
    const bool wordy = (letters + spaces) * 100 >= paragraph.size() * 88;
    const bool wide = paragraph.size() >= 60 * (newlines + 1) || (paragraph.size() > 80 && paragraph.starts_with("- "));
    const bool han = wide_letters * 10 >= paragraph.size() * 7;  // no blanks in Chinese
    if (wordy && (wide || han) && (spaces * 12 > paragraph.size() || han)) {
      if (!out.empty()) out += "\n";
      if (!heading.empty()) out += heading + "\n\n";
      heading.clear();
      out += paragraph;
      out += "\n";
    } else if (newlines == 0 && paragraph.size() < 80 && letters * 10 > paragraph.size() * 6 &&
               !paragraph.starts_with("- ")) {
      heading = paragraph;
    } else {
      heading.clear();
    }
  }
  return out;
}

std::vector<std::string> pages_of(const std::vector<std::string>& texts, size_t bytes) {
  std::vector<std::string> pages;
  std::string page;
  for (const std::string& text : texts) {
    if (!page.empty()) page += "\n\n";
    page += text;
    if (page.size() >= bytes) pages.push_back(std::exchange(page, {}) + "\n");
  }
  if (!page.empty()) pages.push_back(page + "\n");
  return pages;
}

}  // namespace quern
