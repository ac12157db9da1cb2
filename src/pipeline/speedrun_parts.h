// SPDX-License-Identifier: MIT
#pragma once
// What the stages of a speedrun leave for its report, and the pieces that need no state.

#include <map>

#include "data/chat_reader.h"
#include "pipeline/minutes.h"
#include "pipeline/speedrun.h"

namespace quern {

struct SpeedrunStory {
  CorpusStats hygiene;
  uint64_t text_bytes = 0;
  int64_t documents = 0, bytes = 0;
  double epochs = 0;
  std::map<std::string, double> kinds;  // bytes
  std::vector<std::string> notes;
  MinutesPlan plan;
  std::vector<ReportStage> stages;
  std::vector<ReportSample> samples;
  ReportLearned learned;
  std::map<std::string, std::vector<double>> learned_by_kind;
  std::vector<ReportPlanted> planted;
  std::vector<std::pair<std::string, std::string>> text_pairs;  // questions and answers cut from the user's own text
};

// Questions and answers for instruction tuning: the village's, and with a text of the user's own also some cut from it.
std::vector<Conversation> instruction_talks(const SpeedrunOptions& options, const Village& village,
                                            const SpeedrunStory& story, size_t count);
std::vector<ReportPlanted> ask_planted(Engine& engine, const Village& village, const std::vector<std::string>& plants);
std::string describe_quiz(const SpeedrunResult& result);
ReportData report_data(const SpeedrunOptions& options, const SpeedrunResult& result, const SpeedrunStory& story,
                       const Tokenizer& tokenizer, const Village& village);

}  // namespace quern
