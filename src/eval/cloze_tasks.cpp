// SPDX-License-Identifier: MIT
// Tasks with one right continuation: how likely is it, and would greedy decoding have written it?
#include "eval/task.h"

namespace quern {

namespace {
TaskQuestion cloze(const Json& row, const RowPlace& place) {
  TaskQuestion q;
  q.choices.push_back({text_field(row, "context", place), text_field(row, "continuation", place)});
  if (row.contains("category")) q.group = text_field(row, "category", place);
  return q;
}

// LAMBADA, the last word of a passage. Paperno et al. 2016, arXiv:1606.06031.
TaskQuestion lambada(const Json& row, const RowPlace& place) {
  if (row.is_object() && row.contains("continuation")) return cloze(row, place);
  const std::string text = text_field(row, "text", place);
  const size_t last = text.rfind(' ');
  if (last == std::string::npos)
    throw Error(ErrorKind::InvalidData, "{}:{}: a text of one word has nothing before its last", place.file,
                place.line);
  TaskQuestion q;
  q.choices.push_back({text.substr(0, last), text.substr(last + 1)});
  return q;
}

// ASDiv. Miao et al. 2020, arXiv:2106.15772. The answer is "9 (apples)".
TaskQuestion asdiv(const Json& row, const RowPlace& place) {
  const std::string answer = text_field(row, "answer", place);
  TaskQuestion q;
  q.choices.push_back(
      {text_field(row, "body", place) + "\nQuestion:" + text_field(row, "question", place) + "\nAnswer:",
       answer.substr(0, answer.find(" ("))});
  return q;
}

TaskQuestion jeopardy(const Json& row, const RowPlace& place) {
  TaskQuestion q = cloze(row, place);
  q.choices[0].context += "\nAnswer:";
  return q;
}
}  // namespace

std::span<const EvalTask> cloze_tasks() {
  static const std::vector<EvalTask> tasks = {
      {.name = "lambada",
       .about = "the last word of a passage",
       .kind = TaskKind::cloze,
       .fields = "context, continuation; or text",
       .read = lambada},
      {.name = "jeopardy",
       .about = "facts without a book",
       .kind = TaskKind::cloze,
       .fields = "context, continuation, category",
       .read = jeopardy},
      {.name = "asdiv",
       .about = "word problems, their number alone",
       .kind = TaskKind::cloze,
       .fields = "body, question, answer",
       .read = asdiv},
      {.name = "cloze",
       .about = "any context with its one continuation",
       .kind = TaskKind::cloze,
       .fields = "context, continuation, category",
       .read = cloze},
      {.name = "arithmetic",
       .about = "the same, with nothing between the two: 25-759=",
       .kind = TaskKind::cloze,
       .fields = "context, continuation",
       .read = cloze,
       .delimiter = ""},
  };
  return tasks;
}

}  // namespace quern
