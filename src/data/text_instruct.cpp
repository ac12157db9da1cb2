// SPDX-License-Identifier: MIT
#include "data/text_instruct.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "data/quotations.h"
#include "data/sentences.h"

namespace quern {

namespace {

using PairKind = TextInstruction::Kind;

// Wordings. {0} is the passage, {1} what is asked for.
struct Wording {
  std::array<const char*, 4> en, zh;
};
constexpr std::array<Wording, PairKind::kNumKinds> kWordings = {{
    {{"Continue this text:\n\n{0}", "How does this go on?\n\n{0}", "{0}\n\nWrite what comes next.",
      "Here is a beginning. Go on.\n\n{0}"},
     {"请续写下面的文字：\n\n{0}", "下文是什么？\n\n{0}", "{0}\n\n请接着写。", "这是开头，请写下去。\n\n{0}"}},
    {{"Fill the gap:\n\n{0}", "Which word is missing?\n\n{0}", "{0}\n\nWhat belongs where the line is?",
      "One word was taken out. Name it.\n\n{0}"},
     {"请填空：\n\n{0}", "空白处缺了什么？\n\n{0}", "{0}\n\n横线处应填什么？", "下面少了几个字，请补上。\n\n{0}"}},
    {{"{0}\n\nWhich sentence mentions \"{1}\"?", "Find the sentence about \"{1}\" in this text:\n\n{0}",
      "Quote the sentence with \"{1}\".\n\n{0}", "{0}\n\nWhere does the text speak of \"{1}\"? Quote it."},
     {"{0}\n\n哪一句提到了“{1}”？", "请在下文中找出含有“{1}”的句子：\n\n{0}", "请引用提到“{1}”的那一句。\n\n{0}",
      "{0}\n\n文中哪里说到“{1}”？请照抄。"}},
    {{"{0}\n\nWho said \"{1}\"?", "Who speaks the words \"{1}\" here?\n\n{0}", "{0}\n\nWhose words are \"{1}\"?",
      "Read this and name the speaker of \"{1}\".\n\n{0}"},
     {"{0}\n\n“{1}”这句话是谁说的？", "下文中是谁说了“{1}”？\n\n{0}", "{0}\n\n谁说了“{1}”？",
      "读下文，说出“{1}”是谁的话。\n\n{0}"}},
}};

std::string fill(std::string_view wording, std::string_view passage, std::string_view asked) {
  return fmt::format(fmt::runtime(wording), passage, asked);
}

struct Candidate {
  TextInstruction pair;
  uint64_t rank;  // a draw; the lowest are kept
  std::string speaker;
};

class Maker {
 public:
  explicit Maker(const TextInstructOptions& options) : options_(options) {
    if (options.max_pairs < 0 || !(options.pairs_per_kilobyte >= 0))
      throw Error(ErrorKind::InvalidArgument, "the limits of instruction pairs are negative");
  }

  void add(const Document& document) {
    for (const std::string& paragraph : paragraphs_of(document.text)) {
      if (paragraph.size() < 40) continue;
      Rng rng = Rng(options_.seed, "data.instruct").split(stream_id(paragraph));
      const std::vector<Quotation> quotations = quotations_of(paragraph);
      for (const Quotation& q : quotations) ++speakers_[std::string(q.speaker)];
      const double wanted = double(paragraph.size()) / 1000 * options_.pairs_per_kilobyte;
      int tries = int(wanted) + rng.chance(wanted - double(int(wanted)));
      const std::vector<std::string_view> sentences = sentences_of(paragraph);
      for (; tries > 0; --tries) {
        // Speech is rarer than the rest, and asked about first where it occurs.
        const bool ask_who = !quotations.empty() && rng.chance(0.5);
        const PairKind first = ask_who ? TextInstruction::WhoSaid : PairKind(rng.below(PairKind::kNumKinds));
        for (int k = 0; k < PairKind::kNumKinds; ++k) {  // the first kind that this paragraph allows
          Candidate made;
          made.pair.kind = PairKind((first + k) % PairKind::kNumKinds);
          if (!make(made, sentences, quotations, rng)) continue;
          made.pair.source = document.source;
          made.rank = rng.u64();
          keep(std::move(made));
          break;
        }
      }
    }
  }

  std::vector<TextInstruction> finish() {
    // A speaker named once is often no name at all.
    auto& said = kept_[TextInstruction::WhoSaid];
    std::erase_if(said, [&](const Candidate& c) { return speakers_[c.speaker] < 2; });
    std::vector<Candidate> chosen;
    int64_t left = options_.max_pairs;
    std::array<size_t, PairKind::kNumKinds> take{};
    for (auto& list : kept_)
      std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
    for (bool any = true; any && left > 0;) {  // one of each in turn
      any = false;
      for (size_t k = 0; k < kept_.size() && left > 0; ++k)
        if (take[k] < kept_[k].size()) ++take[k], --left, any = true;
    }
    for (size_t k = 0; k < kept_.size(); ++k)
      for (size_t i = 0; i < take[k]; ++i) chosen.push_back(std::move(kept_[k][i]));
    std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
    std::vector<TextInstruction> out;
    for (Candidate& c : chosen) out.push_back(std::move(c.pair));
    return out;
  }

 private:
  const TextInstructOptions& options_;
  std::array<std::vector<Candidate>, PairKind::kNumKinds> kept_;
  std::map<std::string, int> speakers_;

  void keep(Candidate&& candidate) {
    auto& list = kept_[candidate.pair.kind];
    list.push_back(std::move(candidate));
    // Never more than a multiple of what can be needed.
    if (int64_t(list.size()) > 4 * options_.max_pairs + 1000) {
      const auto middle = list.begin() + 2 * options_.max_pairs + 500;
      std::nth_element(list.begin(), middle, list.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
      list.erase(middle, list.end());
    }
  }

  bool make(Candidate& out, const std::vector<std::string_view>& sentences, const std::vector<Quotation>& quotations,
            Rng& rng) const {
    std::string passage, asked, answer;
    bool good = false;
    switch (out.pair.kind) {
      case TextInstruction::Continue:
        good = go_on(sentences, rng, passage, answer);
        break;
      case TextInstruction::FillGap:
        good = gap(sentences, rng, passage, answer);
        break;
      case TextInstruction::FindPassage:
        good = find(sentences, rng, passage, asked, answer);
        break;
      case TextInstruction::WhoSaid:
        good = who(sentences, quotations, rng, passage, asked, answer);
        break;
      case TextInstruction::kNumKinds:
        break;
    }
    if (!good || answer.size() > options_.max_answer_bytes || passage.size() > options_.max_prompt_bytes) return false;
    const Wording& wording = kWordings[out.pair.kind];
    out.pair.prompt = fill(rng.pick(mostly_han(passage) ? wording.zh : wording.en), passage, asked);
    if (out.pair.kind == TextInstruction::WhoSaid) out.speaker = answer;
    out.pair.answer = std::move(answer);
    return true;
  }

  // Sentences [first, last) as they stand in the paragraph.
  static std::string_view span(const std::vector<std::string_view>& sentences, size_t first, size_t last) {
    return {sentences[first].data(),
            size_t(sentences[last - 1].data() + sentences[last - 1].size() - sentences[first].data())};
  }

  bool go_on(const std::vector<std::string_view>& sentences, Rng& rng, std::string& passage,
             std::string& answer) const {
    if (sentences.size() < 2) return false;
    const size_t split = size_t(rng.between(1, int64_t(sentences.size()) - 1));
    const size_t first = split - size_t(rng.between(1, std::min<int64_t>(3, int64_t(split))));
    const size_t last = std::min(sentences.size(), split + size_t(rng.between(1, 2)));
    passage = span(sentences, first, split);
    answer = span(sentences, split, last);
    return passage.size() >= 30 && answer.size() >= 15;
  }

  bool gap(const std::vector<std::string_view>& sentences, Rng& rng, std::string& passage, std::string& answer) const {
    if (sentences.empty()) return false;
    const size_t s = rng.below(sentences.size());
    const std::string_view sentence = sentences[s];
    if (sentence.size() < 40 || sentence.size() > 400) return false;
    const bool han = mostly_han(sentence);
    std::vector<std::string_view> choices;
    const auto words = words_of(sentence);
    for (size_t k = 1; k < words.size(); ++k) {
      const std::string_view word = words[k];
      const size_t characters = count_characters(word);
      if (sentence.find(word) != sentence.rfind(word)) continue;
      if (han ? characters >= 3 && characters <= 9 : characters >= 4 && word[0] >= 'a') choices.push_back(word);
    }
    if (choices.empty()) return false;
    answer = rng.pick(choices);
    const size_t first = s - (s > 0 ? rng.below(2) : 0);
    passage = span(sentences, first, s + 1);
    const size_t at = passage.rfind(answer);
    passage.replace(at, answer.size(), "____");
    return passage.find(answer) == passage.npos;  // else the sentence before gives it away
  }

  bool find(const std::vector<std::string_view>& sentences, Rng& rng, std::string& passage, std::string& asked,
            std::string& answer) const {
    if (sentences.size() < 3) return false;
    const size_t n = size_t(rng.between(3, std::min<int64_t>(6, int64_t(sentences.size()))));
    const size_t first = rng.below(sentences.size() - n + 1);
    const std::string_view text = span(sentences, first, first + n);
    const std::string_view sentence = sentences[first + rng.below(n)];
    const bool han = mostly_han(sentence);
    std::vector<std::string_view> choices;
    for (std::string_view word : words_of(sentence)) {
      const size_t characters = count_characters(word);
      if (text.find(word) != text.rfind(word)) continue;
      if (han ? characters >= 2 && characters <= 6 : characters >= 6) choices.push_back(word);
    }
    if (choices.empty() || sentence.size() < 20) return false;
    passage = text;
    asked = rng.pick(choices);
    answer = sentence;
    return true;
  }

  bool who(const std::vector<std::string_view>& sentences, const std::vector<Quotation>& quotations, Rng& rng,
           std::string& passage, std::string& asked, std::string& answer) const {
    if (quotations.empty()) return false;
    const Quotation& q = rng.pick(quotations);
    if (q.words.size() < 12 || q.words.size() > 240) return false;
    // The sentences that hold quotation and attribution, and some around them.
    const char* const end = q.whole.data() + q.whole.size();
    size_t first = 0, last = sentences.size();
    for (size_t s = 0; s < sentences.size(); ++s) {
      if (sentences[s].data() <= q.whole.data()) first = s;
      if (last == sentences.size() && sentences[s].data() + sentences[s].size() >= end) last = s + 1;
    }
    if (last <= first) return false;
    if (first > 0 && rng.chance(0.5)) --first;
    if (last < sentences.size() && rng.chance(0.5)) ++last;
    passage = span(sentences, first, last);
    asked = q.words;
    while (!asked.empty() && (asked.back() == ',' || asked.back() == ' ')) asked.pop_back();
    answer = q.speaker;
    return true;
  }
};

}  // namespace

std::string_view name_of(TextInstruction::Kind kind) {
  constexpr std::array<std::string_view, PairKind::kNumKinds> kNames = {"continue", "fill_gap", "find_passage",
                                                                        "who_said"};
  return kNames[kind];
}

std::vector<TextInstruction> instructions_from_text(Corpus corpus, const TextInstructOptions& options) {
  Maker maker(options);
  Document document;
  while (corpus.next(document))
    if (document.split == DocumentSplit::Train) maker.add(document);
  return maker.finish();
}

std::vector<TextInstruction> instructions_from_documents(const std::vector<Document>& documents,
                                                         const TextInstructOptions& options) {
  Maker maker(options);
  for (const Document& document : documents)
    if (document.split == DocumentSplit::Train) maker.add(document);
  return maker.finish();
}

}  // namespace quern
