// SPDX-License-Identifier: MIT
// Tasks whose answer the model writes, greedily, and which is then compared.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "eval/task.h"

namespace quern {

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// --- numbers ---

// Without thousands' commas, dollars and a full stop at the end.
std::string plain_number(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ',' && c != '$') out += c;
  if (out.ends_with('.')) out.pop_back();
  return out;
}

// What stands behind the first "#### ", as GSM8K's worked answers end; "" without one.
// lm-evaluation-harness's strict match, #### (\-?[0-9\.\,]+).
std::string marked_number(std::string_view text) {
  for (size_t at = text.find("#### "); at != std::string_view::npos; at = text.find("#### ", at + 1)) {
    size_t end = at + 5;
    if (end < text.size() && text[end] == '-') ++end;
    const size_t digits = end;
    while (end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == ',')) ++end;
    if (end > digits) return plain_number(text.substr(at + 5, end - at - 5));
  }
  return "";
}

// The last number anywhere: (-?[$0-9.,]{2,})|(-?[0-9]+).
std::string last_number(std::string_view text) {
  const auto part = [](char c) { return is_digit(c) || c == '$' || c == '.' || c == ','; };
  std::string last;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + (text[i] == '-');
    const size_t begin = end;
    while (end < text.size() && part(text[end])) ++end;
    const bool one_digit = end == begin + 1 && is_digit(text[begin]);
    if (end >= begin + 2 || one_digit) {
      last = text.substr(i, end - i);
      i = end;
    } else {
      ++i;
    }
  }
  return plain_number(last);
}

// As a number, so that 43 and 43.0 are the same; otherwise as it stands.
std::string as_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value)
             ? fmt::format("{:.10g}", value)
             : text;
}
std::string last_value(std::string_view text) { return as_number(last_number(text)); }

// --- readers ---

TaskQuestion written(std::string context, std::string worked, std::vector<std::string> answers) {
  TaskQuestion q;
  q.choices.push_back({std::move(context), std::move(worked)});
  q.answers = std::move(answers);
  return q;
}

// GSM8K. Cobbe et al. 2021, arXiv:2110.14168.
TaskQuestion gsm8k(const Json& row, const RowPlace& place) {
  const std::string answer = text_field(row, "answer", place), number = marked_number(answer);
  if (number.empty())
    throw Error(ErrorKind::InvalidData, "{}:{}: the answer has no '#### NUMBER'", place.file, place.line);
  return written("Question: " + text_field(row, "question", place) + "\nAnswer:", answer, {number});
}

// Word problems with a number as their answer: SVAMP, MAWPS, CMATH.
TaskQuestion word_problem(const Json& row, const RowPlace& place) {
  std::string problem, answer;
  if (row.is_object() && row.contains("Body")) {
    problem = text_field(row, "Body", place);
    if (!problem.empty() && is_digit(problem.back())) problem += '.';
    problem += " " + text_field(row, "Question", place);
    answer = text_field(row, "Answer", place);
  } else if (row.is_object() && row.contains("input")) {
    problem = text_field(row, "input", place);
    answer = text_field(row, "target", place);
  } else {
    problem = text_field(row, "question", place);
    answer = text_field(row, "answer", place);
  }
  answer = as_number(plain_number(answer));
  return written("Question: " + problem + "\nAnswer:", answer, {answer});
}

// Letters of ASCII small, its punctuation left out, as lm-evaluation-harness's ignore_case and ignore_punctuation.
std::string bare_words(std::string_view text) {
  std::string out;
  for (char c : trimmed(text)) {
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    const bool punctuation = c > ' ' && c < 127 && !is_digit(c) && !(c >= 'a' && c <= 'z');
    if (!punctuation) out += c;
  }
  return out;
}

// TriviaQA. Joshi et al. 2017, arXiv:1705.03551.
TaskQuestion triviaqa(const Json& row, const RowPlace& place) {
  std::vector<std::string> answers = text_list_field(row, "aliases", place, 0);
  const std::string answer = text_field(row, "answer", place);
  answers.push_back(answer);
  for (std::string& a : answers) a = bare_words(a);
  return written(text_field(row, "context", place), answer, std::move(answers));
}

// BIG-Bench Hard. Suzgun et al. 2022, arXiv:2210.09261.
TaskQuestion bbh(const Json& row, const RowPlace& place) {
  const std::string target = text_field(row, "target", place);
  return written("Q: " + text_field(row, "input", place) + "\nA:", target, {trimmed(target)});
}
}  // namespace

std::span<const EvalTask> generated_tasks() {
  static const std::vector<EvalTask> tasks = {
      {.name = "gsm8k",
       .about = "school mathematics, worked out; strict: the number after ####, flexible: the last number",
       .kind = TaskKind::generated,
       .fields = "question, answer",
       .read = gsm8k,
       .until = {"Question:", "</s>", "<|im_end|>"},
       .max_tokens = 256,
       .answer_of = marked_number,
       .flexible_answer_of = last_number},
      {.name = "word_problems",
       .about = "one number as the answer (SVAMP, MAWPS, CMATH); the last number counts",
       .kind = TaskKind::generated,
       .fields = "Body, Question, Answer; or input, target; or question, answer",
       .read = word_problem,
       .until = {"Question:", "\n\n"},
       .max_tokens = 128,
       .answer_of = last_value},
      {.name = "triviaqa",
       .about = "facts without a book, any alias is right",
       .kind = TaskKind::generated,
       .fields = "context, answer, aliases",
       .read = triviaqa,
       .until = {"\n", ".", ","},
       .max_tokens = 64,
       .answer_of = bare_words},
      {.name = "bbh",
       .about = "BIG-Bench Hard, answered at once",
       .kind = TaskKind::generated,
       .fields = "input, target",
       .read = bbh,
       .until = {"</s>", "Q:", "\n\n"},
       .max_tokens = 64,
       .answer_of = trimmed},
  };
  return tasks;
}

}  // namespace quern
