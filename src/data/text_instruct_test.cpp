// SPDX-License-Identifier: MIT
#include "data/text_instruct.h"

#include <gtest/gtest.h>

#include <map>

#include "data/quotations.h"
#include "data/sentences.h"
#include "data/test_files.h"

namespace quern {
namespace {

std::vector<std::string> strings(const std::vector<std::string_view>& views) { return {views.begin(), views.end()}; }

TEST(Sentences, EndWhereAReaderWouldEndThem) {
  EXPECT_EQ(strings(sentences_of("Mr. Bennet paid 3.14 pounds. \"No!\" cried he. Was it J. Smith? \"Yes.\" Done")),
            (std::vector<std::string>{"Mr. Bennet paid 3.14 pounds.", "\"No!\" cried he.", "Was it J. Smith?",
                                      "\"Yes.\"", "Done"}));
  EXPECT_EQ(strings(sentences_of("宝玉笑道：“好！”黛玉不答。天晚了……")),
            (std::vector<std::string>{"宝玉笑道：“好！”", "黛玉不答。", "天晚了……"}));
}

TEST(Sentences, HardLineBreaksAreJoinedAndBlankLinesPart) {
  EXPECT_EQ(paragraphs_of("one\ntwo\n\nthree\n"), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(paragraphs_of("石磨\n转了\n\n面粉"), (std::vector<std::string>{"石磨转了", "面粉"}));
  EXPECT_EQ(paragraphs_of("one\ntwo\n"), (std::vector<std::string>{"one", "two"}));
}

std::vector<std::string> speakers(std::string_view text) {
  std::vector<std::string> out;
  for (const Quotation& q : quotations_of(text)) out.push_back(std::string(q.speaker) + ": " + std::string(q.words));
  return out;
}

TEST(Quotations, FindTheSpeakerOnEitherSide) {
  EXPECT_EQ(speakers("\"It is late,\" said Mr. Darcy, and left."),
            (std::vector<std::string>{"Mr. Darcy: It is late,"}));
  EXPECT_EQ(speakers("“Why?” Elizabeth asked. “Because,” he said."), (std::vector<std::string>{"Elizabeth: Why?"}));
  EXPECT_EQ(speakers("Then Ada Byron replied: \"We shall see.\""),
            (std::vector<std::string>{"Ada Byron: We shall see."}));
  EXPECT_EQ(speakers("宝玉听了笑道：“你也去罢。”众人笑道：“好。”凤姐儿忙又问道：“谁？”"),
            (std::vector<std::string>{"宝玉: 你也去罢。", "凤姐儿: 谁？"}));
  EXPECT_TRUE(speakers("\"Never,\" said she. The sign read \"Open\". He called it \"odd,\" and went.").empty());
}

std::vector<Document> some_text() {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    text += "The miller of house " + n +
            " woke early in the morning. He opened the sluice and listened to the wheel. "
            "\"The river is high today number " +
            n +
            ",\" said Martha Reed, who kept the books. Nobody answered her at first. "
            "Then the apprentice" +
            n + " carried a heavy sack upstairs and began to whistle.\n\n";
  }
  return {{.text = text, .source = "mill.txt"}};
}

TEST(TextInstruct, EveryAnswerStandsInTheText) {
  const auto documents = some_text();
  std::string flat = documents[0].text;
  const auto pairs = instructions_from_documents(documents, {.pairs_per_kilobyte = 20});
  std::map<TextInstruction::Kind, int> kinds;
  for (const TextInstruction& pair : pairs) {
    ++kinds[pair.kind];
    EXPECT_NE(flat.find(pair.answer), flat.npos) << pair.answer;
    EXPECT_EQ(pair.source, "mill.txt");
    switch (pair.kind) {
      case TextInstruction::FillGap:
        EXPECT_NE(pair.prompt.find("____"), std::string::npos);
        EXPECT_EQ(pair.prompt.find(" " + pair.answer + " "), std::string::npos);
        break;
      case TextInstruction::WhoSaid:
        EXPECT_EQ(pair.answer, "Martha Reed");
        [[fallthrough]];
      case TextInstruction::FindPassage:
        EXPECT_NE(pair.prompt.find(pair.answer), std::string::npos);
        break;
      default:
        EXPECT_EQ(pair.prompt.find(pair.answer), std::string::npos);
    }
  }
  EXPECT_EQ(kinds.size(), 4u);
}

TEST(TextInstruct, SameTextAndSeedGiveTheSamePairsWithinTheLimits) {
  const TextInstructOptions options{
      .seed = 3, .max_pairs = 40, .max_prompt_bytes = 300, .max_answer_bytes = 120, .pairs_per_kilobyte = 20};
  const auto a = instructions_from_documents(some_text(), options),
             b = instructions_from_documents(some_text(), options);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.size(), 40u);
  for (const auto& pair : a) {
    EXPECT_LE(pair.prompt.size(), 300u + 120);  // the question comes on top of the passage
    EXPECT_LE(pair.answer.size(), 120u);
  }
  TextInstructOptions other = options;
  other.seed = 4;
  EXPECT_NE(a, instructions_from_documents(some_text(), other));
}

TEST(TextInstruct, HeldOutTextIsNotAskedAbout) {
  auto documents = some_text();
  documents[0].split = DocumentSplit::Validation;
  EXPECT_TRUE(instructions_from_documents(documents).empty());
}

TEST(TextInstruct, RealBooksGiveEveryKind) {
  for (const char* book :
       {"data/pretrain/en/gutenberg/pride_and_prejudice.txt.gz", "data/pretrain/zh/hongloumeng.txt.gz"}) {
    const fs::path path = shared_data(book);
    if (path.empty()) GTEST_SKIP() << "no shared data";
    CorpusOptions options;
    options.max_total_bytes = 700000;
    std::map<TextInstruction::Kind, int> kinds;
    for (const auto& pair : instructions_from_text(open_corpus(path, options), {.max_pairs = 400})) ++kinds[pair.kind];
    for (int k = 0; k < TextInstruction::kNumKinds; ++k)
      EXPECT_GE(kinds[TextInstruction::Kind(k)], 20) << book << " " << k;
  }
}

}  // namespace
}  // namespace quern
