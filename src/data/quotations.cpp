// SPDX-License-Identifier: MIT
#include "data/quotations.h"

#include <algorithm>
#include <array>

#include "data/language.h"
#include "text/unicode.h"

namespace quern {

namespace {

constexpr std::array<std::string_view, 24> kVerbs = {
    "said",     "asked",  "cried",    "replied",   "answered", "exclaimed", "whispered", "returned",
    "observed", "added",  "murmured", "shouted",   "remarked", "continued", "repeated",  "muttered",
    "inquired", "called", "began",    "responded", "says",     "declared",  "explained", "sighed"};
constexpr std::array<std::string_view, 10> kTitles = {"Mr.", "Mrs.", "Ms.",  "Miss",   "Dr.",
                                                      "Sir", "Lady", "Lord", "Prince", "Princess"};
constexpr std::array<std::string_view, 16> kNoNames = {"He",  "She", "I",    "They", "We",  "You", "It", "The",
                                                       "And", "But", "Then", "His",  "Her", "Who", "So", "When"};

template <size_t N>
bool is_among(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_name_word(std::string_view word) {
  return word.size() >= 2 && word[0] >= 'A' && word[0] <= 'Z' && !is_among(word, kNoNames) &&
         std::all_of(word.begin() + 1, word.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || c >= 0x80 || c == '\'' || c == '-' || (c >= 'A' && c <= 'Z');
         });
}

// The word at the start of `text`, with a full stop when it is a title.
std::string_view first_word(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && (std::isalpha(static_cast<unsigned char>(text[n])) ||
                             static_cast<unsigned char>(text[n]) >= 0x80 || text[n] == '\'' || text[n] == '-'))
    ++n;
  if (n < text.size() && text[n] == '.' && is_among(text.substr(0, n + 1), kTitles)) ++n;
  return text.substr(0, n);
}

// "Mr. Darcy", "Ada Lovelace": one to three capitalised words at the start of `text`; empty: none.
std::string_view name_at_start(std::string_view text) {
  size_t end = 0, at = 0;
  for (int k = 0; k < 3; ++k) {
    const std::string_view word = first_word(text.substr(at));
    const bool title = is_among(word, kTitles);
    if (!title && !is_name_word(word)) break;
    at += word.size();
    if (!title) end = at;
    if (at >= text.size() || text[at] != ' ') break;
    ++at;
  }
  return text.substr(0, end);
}

std::string_view after_space(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

// What follows a closing quotation mark: "said Ada" or "Ada said".
std::string_view speaker_after(std::string_view text, size_t& used) {
  const std::string_view rest = after_space(text);
  const size_t skipped = text.size() - rest.size();
  const std::string_view verb = first_word(rest);
  if (is_among(verb, kVerbs)) {
    const std::string_view tail = after_space(rest.substr(verb.size()));
    const std::string_view name = name_at_start(tail);
    used = name.empty() ? 0 : size_t(name.data() + name.size() - text.data());
    return name;
  }
  const std::string_view name = name_at_start(rest);
  if (name.empty()) return "";
  const std::string_view next = first_word(after_space(rest.substr(name.size())));
  if (!is_among(next, kVerbs)) return "";
  used = skipped + size_t(next.data() + next.size() - rest.data());
  return name;
}

// What stands before an opening quotation mark: "Ada said, " or "Ada said: ".
std::string_view speaker_before(std::string_view text) {
  size_t end = text.find_last_not_of(' ');
  if (end == text.npos || (text[end] != ',' && text[end] != ':')) return "";
  text = text.substr(0, end);
  const size_t space = text.find_last_of(' ');
  if (space == text.npos || !is_among(text.substr(space + 1), kVerbs)) return "";
  // The name: the longest run of capitalised words that ends here and begins after a blank, a stop or the paragraph's
  // start.
  std::string_view best;
  const std::string_view before = text.substr(0, space);
  size_t at = before.size();
  for (int k = 0; k < 3 && at > 0; ++k) {
    const size_t blank = before.find_last_of(' ', at - 1);
    const size_t begin = blank == before.npos ? 0 : blank + 1;
    const std::string_view candidate = before.substr(begin);
    if (name_at_start(candidate).size() != candidate.size()) break;
    best = candidate;
    if (blank == before.npos || blank == 0) break;
    at = blank;
  }
  return best;
}

// Chinese: the clause before "：" ends in a verb of speech; what is left of it, without adverbs, is the speaker.
std::string_view speaker_before_zh(std::string_view text) {
  constexpr std::string_view kColon = "：";
  if (text.ends_with(kColon))
    text.remove_suffix(kColon.size());
  else if (text.ends_with(":"))
    text.remove_suffix(1);
  else
    return "";
  size_t begin = text.size();
  while (begin > 0) {
    const auto before = decode_utf8_before(text.data() + begin);
    if (script_of(before.value) != CorpusStats::Han) break;
    begin -= size_t(before.length);
  }
  std::string_view clause = text.substr(begin);
  static constexpr std::array<std::string_view, 4> kSpeech = {"道", "说", "曰", "问"};
  static constexpr std::array<std::string_view, 42> kAround = {
      "道", "说",   "曰", "问", "答", "笑", "忙", "又",   "便", "因", "冷", "喝", "叹", "哭",
      "怒", "急",   "方", "也", "只", "都", "就", "回",   "应", "叫", "骂", "劝", "大", "听",
      "了", "点头", "高", "低", "声", "陪", "向", "起身", "乃", "遂", "亦", "复", "悄", "连"};
  if (std::none_of(kSpeech.begin(), kSpeech.end(), [&](std::string_view v) { return clause.ends_with(v); })) return "";
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::string_view word : kAround)
      if (clause.ends_with(word)) {
        clause.remove_suffix(word.size());
        shorter = true;
      }
  }
  const size_t characters = count_code_points(clause);
  if (characters < 2 || characters > 4) return "";
  for (std::string_view pronoun :
       {"众人", "他", "她", "我", "你", "那人", "二人", "这", "心里", "心中", "心想", "自己", "大家", "一人"})
    if (clause.starts_with(pronoun)) return "";
  return clause;
}

}  // namespace

std::vector<Quotation> quotations_of(std::string_view text) {
  std::vector<Quotation> out;
  size_t open = std::string_view::npos;
  char32_t closer = 0;
  for (size_t i = 0; i < text.size();) {
    const auto [c, length] = decode_utf8(text.data() + i);
    const size_t next = i + size_t(length);
    if (open == text.npos) {
      closer = c == '"' ? U'"' : c == U'“' ? U'”' : c == U'「' ? U'」' : 0;
      if (closer) open = next;
    } else if (c == closer) {
      const std::string_view words = text.substr(open, i - open);
      const size_t mark = open - (closer == U'"' ? 1 : 3);
      const std::string_view before = text.substr(0, mark);
      size_t used = 0;
      std::string_view speaker;
      const bool comma =
          !words.empty() && (words.back() == ',' || words.back() == '!' || words.back() == '?' || words.back() == '-');
      if (comma) speaker = speaker_after(text.substr(next), used);
      size_t begin = mark, end = next + used;
      if (speaker.empty()) {
        end = next;
        speaker = speaker_before_zh(before);
        if (speaker.empty()) speaker = speaker_before(before);
        if (!speaker.empty()) begin = size_t(speaker.data() - text.data());
      }
      if (!speaker.empty())
        out.push_back({.words = words, .speaker = speaker, .whole = text.substr(begin, end - begin)});
      open = text.npos;
    }
    i = next;
  }
  return out;
}

}  // namespace quern
