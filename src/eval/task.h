// SPDX-License-Identifier: MIT
#pragma once
// Benchmark tasks: how a row of a JSONL file becomes a question to a model. Prompts are those of lm-evaluation-harness
// (https://github.com/EleutherAI/lm-evaluation-harness, lm_eval/tasks), so that scores can be compared.
//
// Three kinds of task:
//   choices    several continuations, scored by log-likelihood; the likeliest is the model's choice
//   cloze      one continuation: would greedy decoding have written it, and how likely was it
//   generated  the model writes an answer, which is compared with the right ones

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace quern {

enum class TaskKind : uint8_t { choices, cloze, generated };

struct Choice {
  std::string context, continuation;  // the task's delimiter stands between them
};

struct TaskQuestion {
  std::vector<Choice> choices;       // cloze and generated: one; what follows its context is the (worked) answer
  size_t gold = 0;                   // of choices, the right one
  std::vector<std::string> answers;  // of generated, as answer_of() reads them: each of them is right
  std::string group;                 // a subject, whose share is also told; "" for none
};

// Where a row stands, for errors.
struct RowPlace {
  std::string file;
  int64_t line = 0;
};

struct EvalTask {
  std::string_view name, about;
  TaskKind kind = TaskKind::choices;
  std::string_view fields;  // what a row holds, for people
  // Throws InvalidData naming file, line and field.
  TaskQuestion (*read)(const Json& row, const RowPlace& place) = nullptr;
  std::string_view delimiter = " ";  // between context and continuation
  // What stands before everything, by group; none for most.
  std::string (*description)(const std::string& group) = nullptr;
  bool normalised = false;  // the choice by log-likelihood per character is told too
  // Of generated answers: where they end, how long they may be, and what counts of what was given.
  std::vector<std::string> until = {};
  int64_t max_tokens = 0;
  std::string (*answer_of)(std::string_view given) = nullptr;
  // A second, more forgiving reading of what was given; none for most.
  std::string (*flexible_answer_of)(std::string_view given) = nullptr;
};

// All tasks, by name.
std::span<const EvalTask> eval_tasks();

// Description, worked examples and the question's own context, as a prompt for each choice.
//   description + example_1 + "\n\n" + ... + "\n\n" + context;  example = context + delimiter + right continuation
std::vector<Choice> prompts_of(const EvalTask& task, const TaskQuestion& question,
                               std::span<const TaskQuestion> examples);

// --- what the readers of rows share (task_rows.cpp) ---

const Json& field_of(const Json& row, const char* name, const RowPlace& place);
std::string text_field(const Json& row, const char* name, const RowPlace& place);
std::vector<std::string> text_list_field(const Json& row, const char* name, const RowPlace& place, size_t at_least);
// A place in a list of `size`.
size_t index_field(const Json& row, const char* name, const RowPlace& place, size_t size);

// The tasks of each file.
std::span<const EvalTask> choice_tasks();
std::span<const EvalTask> cloze_tasks();
std::span<const EvalTask> generated_tasks();

}  // namespace quern
