// SPDX-License-Identifier: MIT
#pragma once
// Puts a task's questions to a model.

#include <functional>

#include "base/files.h"
#include "eval/task_score.h"
#include "infer/engine.h"

namespace quern {

// The rows of a JSONL file (also .gz; also one JSON array) as the task reads them; `limit` 0: all. Throws InvalidData
// naming the line.
std::vector<TaskQuestion> read_questions(const EvalTask& task, const fs::path& file, int64_t limit = 0);

// Ids of context + continuation, of which those from `begin` on are the continuation's: the whole text is encoded at
// once and cut where the encoded context ends, after white space at the end of the context has moved to the
// continuation. So does lm-evaluation-harness (lm_eval/api/model.py, _encode_pair).
struct EncodedPair {
  std::vector<int32_t> ids;
  size_t begin = 0;
};
// `start_id` stands for an empty context; -1: none, then a first token of the continuation is not scored.
EncodedPair encode_pair(const Tokenizer& tokenizer, std::string context, std::string continuation, int32_t start_id);

struct TaskRunOptions {
  // Worked examples before each question: the first `shots` of `examples` with the question's group (of all, if none
  // of them has it), leaving out the question itself.
  int64_t shots = 0;
  std::span<const TaskQuestion> examples;
  bool examples_are_the_questions = false;  // the same list
  int32_t start_id = -1;
  std::vector<int32_t> stop_ids;
  size_t first = 0;  // items before it are done
  // In the order of the items. False: stop.
  std::function<bool(size_t item, const ItemOutcome& outcome)> on_outcome;
};

// Choices of one question share what their prompts have in common; questions run side by side. The outcome of an item
// depends on it and the model alone. Ends early after Ctrl-C (stop_requested()).
void run_task(Engine& engine, const EvalTask& task, std::span<const TaskQuestion> questions,
              const TaskRunOptions& options);

}  // namespace quern
