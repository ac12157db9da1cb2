// SPDX-License-Identifier: MIT
#pragma once
// From raw text to a model that answers, in minutes: text -> tokenizer -> pre-training -> instruction tuning ->
// measurement -> report.

#include <optional>

#include "pipeline/quiz.h"
#include "pipeline/report.h"
#include "pipeline/stages.h"

namespace quern {

struct SpeedrunOptions {
  std::string text;     // "" the village, "stock", or a file or folder
  double minutes = 10;  // of everything after the build
  fs::path out = "runs/speedrun";
  uint64_t seed = 7;                         // of the village and of every draw
  int64_t depth = 0;                         // 0: chosen to fit the minutes
  std::optional<VillageOptions::Lang> lang;  // of the village; left out: English, or the language of the text
  std::vector<std::string> plants;
  std::string precision;               // "" chosen
  std::vector<std::string> overrides;  // section.key=value on the pre-training recipe
  bool go_on = false;                  // --continue: the run in `out` goes on for `minutes` more
  bool overwrite = false;              // start again where a run lies
  int threads = 0;
  bool quiet = false;
};

struct Prediction {
  double bits_per_byte = 0, low = 0, high = 0;  // of the final model on held-out text
  double measured = 0;
  std::string how;
};

struct SpeedrunResult {
  fs::path dir, model, report;
  StageResult pretrain, sft;
  QuizResult own, own_held_out, own_unseen_wording, other;  // empty without a village
  Prediction prediction;
  double ngram_bits_per_byte = 0, xz_bits_per_byte = 0;
  double bits_per_byte = 0;
  double seconds = 0;
  uint64_t peak_memory = 0;
  bool stopped = false;
};

SpeedrunResult speedrun(const SpeedrunOptions& options);
Json to_json(const SpeedrunResult& result);
std::string describe(const SpeedrunResult& result);

}  // namespace quern
