// SPDX-License-Identifier: MIT
// Reading a model's answer leniently: what it says counts, not how it dresses it.
#include <algorithm>
#include <set>
#include <sstream>

#include "data/village/lexicon.h"
#include "data/village/village.h"

namespace quern {

namespace {

// Lower case, no punctuation (also Chinese), single spaces.
std::string normalize(std::string_view text) {
  static const std::set<std::string> kPunctuation = {"。", "，", "？", "！", "：", "；", "“",
                                                     "”",  "、", "「", "」", "’",  "‘"};
  std::string out;
  for (const std::string& c : village::characters(text)) {
    if (c.size() > 1) {
      if (!kPunctuation.count(c))
        out += c;
      else
        out += ' ';
      continue;
    }
    const auto b = static_cast<unsigned char>(c[0]);
    if (b == '\'') continue;
    if (std::isalnum(b))
      out += static_cast<char>(std::tolower(b));
    else
      out += ' ';
  }
  std::string squeezed;
  for (char c : out)
    if (c != ' ' || (!squeezed.empty() && squeezed.back() != ' ')) squeezed += c;
  while (!squeezed.empty() && squeezed.back() == ' ') squeezed.pop_back();
  return squeezed;
}

std::vector<std::string> words_of(const std::string& text, bool zh) {
  std::vector<std::string> words;
  if (zh) {
    for (const std::string& c : village::characters(text))
      if (c != " ") words.push_back(c);
    return words;
  }
  std::istringstream in(text);
  for (std::string w; in >> w;) words.push_back(w);
  return words;
}

std::string_view after_last(std::string_view text, std::string_view mark) {
  const size_t at = text.rfind(mark);
  return at == std::string_view::npos ? text : text.substr(at + mark.size());
}

// Words that may stand before the answer itself.
const std::set<std::string>& filler(bool zh) {
  static const std::set<std::string> en = {
      "the",  "a",      "an",    "it",    "is",     "was",     "are",    "he",      "she",   "they",   "his",  "her",
      "has",  "have",   "in",    "on",    "at",     "year",    "keeps",  "keep",    "likes", "like",   "can",  "lives",
      "live", "called", "there", "costs", "number", "because", "answer", "letters", "word",  "letter", "owns", "own",
      "of",   "that",   "you",   "we",    "count",  "pence",   "o",      "oclock",  "clock"};
  static const std::set<std::string> cn = {"是", "他", "她", "它", "在", "叫", "有", "会", "养", "住",
                                           "喜", "欢", "因", "为", "答", "案", "一", "个", "的", "这",
                                           "那", "共", "名", "字", "做", "文", "中", "现", "第", "最",
                                           "后", "前", "之", "得", "到", "了", "来", "自", "给"};
  return zh ? cn : en;
}

}  // namespace

bool Village::says_unknown(std::string_view model_answer) {
  const std::string said = normalize(model_answer);
  return said.find("dont know") != std::string::npos || said.find("do not know") != std::string::npos ||
         said.find("不知道") != std::string::npos;
}

bool Village::accepts(const Question& question, std::string_view model_answer) {
  if (question.source == AnswerSource::unknowable) return says_unknown(model_answer);
  if (says_unknown(model_answer)) {
    return std::any_of(question.accepted.begin(), question.accepted.end(),
                       [](const std::string& a) { return says_unknown(a); });
  }
  const bool zh = question.lang == "zh";
  const auto tail = [](std::string_view text) { return after_last(after_last(text, "Answer:"), "答案："); };
  const auto said = words_of(normalize(tail(model_answer)), zh);
  std::set<std::string> may_lead = filler(zh);
  for (const std::string& w : words_of(normalize(question.question), zh)) may_lead.insert(w);
  for (const std::string& accepted : question.accepted) {
    auto want = words_of(normalize(tail(accepted)), zh);
    std::vector<std::string> got = said;
    // A unit after a number may be there or not.
    const auto drop_unit = [&](std::vector<std::string>& words) {
      if (words.size() > 1 && (words.back() == "pence" || words.back() == "文")) words.pop_back();
    };
    drop_unit(want);
    drop_unit(got);
    if (want.empty() || got.size() < want.size()) continue;
    const auto start = got.end() - static_cast<std::ptrdiff_t>(want.size());
    if (!std::equal(want.begin(), want.end(), start)) continue;
    if (std::all_of(got.begin(), start, [&](const std::string& w) { return may_lead.count(w) > 0; })) return true;
  }
  return false;
}

}  // namespace quern
