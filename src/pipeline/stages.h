// SPDX-License-Identifier: MIT
#pragma once
// Stages: a recipe becomes a corpus, a tokenizer, a model and a run. `quern train` and `quern sft` are one stage each;
// `quern speedrun` is several in a row.

#include <optional>

#include "data/chat_reader.h"
#include "data/reader.h"
#include "data/token_file.h"
#include "data/village/village.h"
#include "infer/chat.h"
#include "text/tokenizer.h"
#include "train/estimate.h"
#include "train/run.h"

namespace quern {

// Opens what a recipe names as data.source: the village (written on the fly), the stock corpus, a file or folder.
Corpus open_source(const Recipe& recipe);
VillageOptions village_options(const Recipe& recipe);

// The tokenizer a recipe names: read from a file, or trained on the data.
Tokenizer make_tokenizer(const Recipe& recipe);

// tokenizer.json, tokenizer_config.json with the chat template, generation_config.json and lineage.json of a model.
ModelFiles model_files(const Tokenizer& tokenizer, bool chat, int64_t context, const Json& lineage);

struct StageOptions {
  bool resume = false, overwrite = false, dry_run = false, quiet = false;
};

struct StageResult {
  Recipe recipe;  // resolved
  CostEstimate cost;
  RunResult run;
  CorpusStats corpus;
  fs::path dir;
  ModelConfig config;
};

// Pre-training from a recipe. Writes runs/NAME/ as DESIGN says: recipe.toml, log.jsonl, tensorboard/, checkpoints/.
StageResult pretrain(Recipe recipe, const StageOptions& options);
// Instruction tuning of model.init_from on data.chat (JSONL).
StageResult instruct(Recipe recipe, const StageOptions& options);

// The first rows that a recipe would train on, with what is learned told from what is only read.
struct DataPreview {
  Tokenizer tokenizer;
  std::vector<std::vector<PreviewSpan>> rows;
  double fill = 0;  // share of positions that hold tokens
  int64_t total_rows = 0;
};
DataPreview preview_data(Recipe recipe, int64_t rows);

fs::path run_directory(const Recipe& recipe);
std::string describe(const StageResult& result);  // for people
Json to_json(const StageResult& result);

// A conversation as ids, with the loss on what the assistant says and its stop token, or on all of it.
ChatExample render_example(const Tokenizer& tokenizer, const std::vector<Turn>& turns, bool train_all = false);
std::vector<ChatExample> render_examples(const Tokenizer& tokenizer, const std::vector<Conversation>& conversations);

}  // namespace quern
