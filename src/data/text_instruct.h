// SPDX-License-Identifier: MIT
#pragma once
// Questions and answers out of plain text, so that a model trained on somebody's own documents also learns to be asked.
// All answers are words of the text itself:
//   Continue   the next sentences after some sentences
//   FillGap    the word (Chinese: the clause) that was blanked out of a sentence
//   FindPassage  the one sentence of a passage that mentions something
//   WhoSaid    the speaker of a quotation, where the text says so ("...," said Ada; Ada said: "..."; 宝玉笑道：“……”)

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/reader.h"

namespace quern {

struct TextInstruction {
  enum Kind : uint8_t { Continue, FillGap, FindPassage, WhoSaid, kNumKinds } kind = Continue;
  std::string prompt, answer;
  std::string source;  // of the document
  bool operator==(const TextInstruction&) const = default;
};
std::string_view name_of(TextInstruction::Kind kind);  // "continue", "fill_gap", "find_passage", "who_said"

struct TextInstructOptions {
  uint64_t seed = 0;
  int64_t max_pairs = 2000;       // in all; kinds get near-equal shares while they last
  size_t max_prompt_bytes = 900;  // longer passages are not used
  size_t max_answer_bytes = 400;
  double pairs_per_kilobyte = 1.0;  // of text, at most: a short text is not asked about endlessly
};

// Deterministic: the same documents and options give the same pairs in the same order. Validation documents are left
// out.
std::vector<TextInstruction> instructions_from_text(Corpus corpus, const TextInstructOptions& options = {});
std::vector<TextInstruction> instructions_from_documents(const std::vector<Document>& documents,
                                                         const TextInstructOptions& options = {});

}  // namespace quern
