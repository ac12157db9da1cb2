// SPDX-License-Identifier: MIT
#include "eval/task.h"

#include <algorithm>

namespace quern {

std::span<const EvalTask> eval_tasks() {
  static const std::vector<EvalTask> all = [] {
    std::vector<EvalTask> tasks;
    for (const auto part : {choice_tasks(), cloze_tasks(), generated_tasks()})
      tasks.insert(tasks.end(), part.begin(), part.end());
    std::ranges::sort(tasks, std::ranges::less{}, &EvalTask::name);
    return tasks;
  }();
  return all;
}

std::vector<Choice> prompts_of(const EvalTask& task, const TaskQuestion& question,
                               std::span<const TaskQuestion> examples) {
  std::string before = task.description ? task.description(question.group) : "";
  for (const TaskQuestion& q : examples) {
    const Choice& right = q.choices.at(q.gold);
    before.append(right.context).append(task.delimiter).append(right.continuation).append("\n\n");
  }
  std::vector<Choice> prompts = question.choices;
  for (Choice& c : prompts) {
    c.context.insert(0, before);
    c.continuation.insert(0, task.delimiter);
  }
  return prompts;
}

// --- fields of a row ---

const Json& field_of(const Json& row, const char* name, const RowPlace& place) {
  if (!row.is_object()) throw Error(ErrorKind::InvalidData, "{}:{}: the row is no object", place.file, place.line);
  const auto found = row.find(name);
  if (found == row.end()) {
    std::string names;
    for (const auto& [key, value] : row.items()) names += (names.empty() ? "" : ", ") + key;
    throw Error(ErrorKind::InvalidData, "{}:{}: the row has no field '{}'", place.file, place.line, name)
        .hint("it has: {}", names.empty() ? "none" : names);
  }
  return *found;
}

std::string text_field(const Json& row, const char* name, const RowPlace& place) {
  const Json& value = field_of(row, name, place);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  throw Error(ErrorKind::InvalidData, "{}:{}: '{}' is {}, not a text", place.file, place.line, name, value.type_name());
}

std::vector<std::string> text_list_field(const Json& row, const char* name, const RowPlace& place, size_t at_least) {
  const Json& value = field_of(row, name, place);
  std::vector<std::string> texts;
  if (value.is_array())
    for (const Json& item : value)
      if (item.is_string()) texts.push_back(item.get<std::string>());
  if (!value.is_array() || texts.size() != value.size() || texts.size() < at_least)
    throw Error(ErrorKind::InvalidData, "{}:{}: '{}' is no list of {} or more texts", place.file, place.line, name,
                at_least);
  return texts;
}

size_t index_field(const Json& row, const char* name, const RowPlace& place, size_t size) {
  const Json& value = field_of(row, name, place);
  if (value.is_number_integer() && value.get<int64_t>() >= 0 && value.get<int64_t>() < int64_t(size))
    return size_t(value.get<int64_t>());
  if (value.is_string()) {  // a letter, or a number written as a text
    const auto text = value.get<std::string>();
    if (text.size() == 1 && text[0] >= 'A' && size_t(text[0] - 'A') < size) return size_t(text[0] - 'A');
    if (text.size() == 1 && text[0] >= '0' && size_t(text[0] - '0') < size) return size_t(text[0] - '0');
  }
  throw Error(ErrorKind::InvalidData, "{}:{}: '{}' is {}, which is none of the {} choices", place.file, place.line,
              name, to_line(value), size);
}

}  // namespace quern
