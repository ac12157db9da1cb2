// SPDX-License-Identifier: MIT
#include "data/language.h"

#include <algorithm>
#include <array>

#include "text/unicode.h"

namespace quern {

namespace {

struct Language {
  std::string_view code;
  std::array<std::string_view, 10> words;  // frequent, and not words of the other languages here
};
constexpr std::array<Language, 8> kLatin = {{
    {"en", {"the", "and", "of", "that", "with", "his", "which", "from", "this", "was"}},
    {"de", {"der", "und", "das", "nicht", "ist", "ein", "auf", "mit", "sich", "dem"}},
    {"fr", {"les", "des", "est", "dans", "une", "qui", "pour", "pas", "vous", "elle"}},
    {"es", {"los", "las", "del", "con", "una", "por", "pero", "muy", "como", "y"}},
    {"it", {"il", "che", "di", "della", "gli", "sono", "questo", "nel", "anche", "ed"}},
    {"pt", {"os", "uma", "não", "dos", "em", "ao", "mais", "são", "seu", "foi"}},
    {"nl", {"het", "een", "niet", "zijn", "voor", "ook", "maar", "naar", "werd", "aan"}},
    {"sv", {"och", "att", "det", "som", "inte", "till", "av", "jag", "hade", "han"}},
}};

}  // namespace

std::string_view latin_language_code(size_t index) { return index < kLatin.size() ? kLatin[index].code : "unknown"; }

CorpusStats::Script script_of(char32_t c) {
  using S = CorpusStats;
  const auto in = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
  if (in('a', 'z') || in('A', 'Z') || (in(0xC0, 0x24F) && c != 0xD7 && c != 0xF7) || in(0x1E00, 0x1EFF))
    return S::Latin;
  if (c < 0x370) return S::kNumScripts;
  if (in(0x4E00, 0x9FFF) || in(0x3400, 0x4DBF) || in(0x20000, 0x323AF) || in(0xF900, 0xFAFF)) return S::Han;
  if (in(0x3041, 0x30FF) || in(0x31F0, 0x31FF) || in(0xFF66, 0xFF9F)) return S::Kana;
  if (in(0xAC00, 0xD7A3) || in(0x1100, 0x11FF) || in(0x3130, 0x318F)) return S::Hangul;
  if (in(0x400, 0x52F)) return S::Cyrillic;
  if (in(0x620, 0x6D3) || in(0x750, 0x77F)) return S::Arabic;
  if (in(0x370, 0x3FF) || in(0x1F00, 0x1FFF)) return S::Greek;
  if (in(0x900, 0x97F)) return S::Devanagari;
  if (in(0x531, 0x5F4) || in(0x980, 0x10FF) || in(0x1200, 0x1CFF) || in(0xA000, 0xABFF)) return S::Other;
  return S::kNumScripts;
}

void count_language(std::string_view s, CorpusStats& stats) {
  stats.small_words.resize(kLatin.size());
  std::string word;
  const auto end_word = [&] {
    if (word.size() <= 8 && !word.empty())
      for (size_t k = 0; k < kLatin.size(); ++k)
        if (std::find(kLatin[k].words.begin(), kLatin[k].words.end(), word) != kLatin[k].words.end())
          ++stats.small_words[k];
    word.clear();
  };
  while (!s.empty()) {
    const Utf8Step step = step_utf8(s);
    if (!step.valid) break;  // a sample may end inside a character
    const size_t n = size_t(step.length);
    const char32_t c = decode_utf8(s.data()).value;
    const CorpusStats::Script script = script_of(c);
    if (script != CorpusStats::kNumScripts) ++stats.letters[script];
    if (script == CorpusStats::Latin) {
      if (word.size() <= 16) word += c < 0x80 ? std::string(1, char(c | 0x20)) : std::string(s.substr(0, n));
    } else {
      end_word();
    }
    s.remove_prefix(n);
  }
  end_word();
}

}  // namespace quern
