// SPDX-License-Identifier: MIT
#pragma once
// What the village hands out: documents to read, pairs to be taught by, and questions to be measured with.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace quern {

// train: nothing held out. held_out_fact: tells (or asks for) facts no training text tells. held_out_template: in
// wording no training text uses.
enum class Split { train = 0, held_out_fact = 1, held_out_template = 2 };

struct VillageDocument {
  std::string text;
  std::string kind;
  std::vector<int64_t> facts;  // ids of the ledger's facts it tells
  int split = 0;               // as Split
  std::string lang;            // "en" or "zh"
  int64_t template_id = -1;
};

struct InstructPair {
  std::string kind;
  std::string prompt, answer;
  std::vector<std::pair<std::string, std::string>> more;  // further questions on the same passage, with their answers
  std::vector<int64_t> facts;
  int64_t template_id = -1;
  bool knowable = true;
  std::string lang;
};

// Where the answer must come from: the prompt (or common knowledge of the language), facts taught often, facts taught
// rarely, facts never told, nowhere ("I don't know."), or a two-digit sum.
enum class AnswerSource { from_prompt, often, rare, never, unknowable, sum };

const char* answer_source_name(AnswerSource source);

struct Question {
  std::string kind;
  AnswerSource source = AnswerSource::from_prompt;
  std::string prompt;
  std::string question;               // the part of the prompt that asks; the words of a lenient reading
  std::vector<std::string> accepted;  // the first is the answer as it is taught
  std::vector<int64_t> facts;
  int64_t template_id = -1;
  bool portable = true;  // can be answered without having read about this village
  std::string lang;
};

}  // namespace quern
