// SPDX-License-Identifier: MIT
// Tasks with several choices. Each reader takes two shapes of row: the one of composer's evaluation sets (query,
// choices, gold: https://github.com/mosaicml/llm-foundry, scripts/eval/local_data) and, where it differs, the one in
// which the benchmark was published. The prompt is lm-evaluation-harness's from either.
#include <algorithm>

#include "eval/cmmlu_subjects.h"
#include "eval/task.h"

namespace quern {

namespace {
std::string stripped(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

bool drop_start(std::string& text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.erase(0, start.size());
  return true;
}

// One context before all continuations.
TaskQuestion same_context(const std::string& context, std::vector<std::string> continuations, size_t gold) {
  TaskQuestion q;
  q.gold = gold;
  for (std::string& c : continuations) q.choices.push_back({context, std::move(c)});
  return q;
}

std::vector<std::string> letters(size_t n) {
  std::vector<std::string> out;
  for (size_t i = 0; i < n; ++i) out.emplace_back(1, char('A' + i));
  return out;
}

// "A. first\nB. second\n"
std::string lettered(const std::vector<std::string>& choices) {
  std::string out;
  for (size_t i = 0; i < choices.size(); ++i) out += fmt::format("{}. {}\n", char('A' + i), choices[i]);
  return out;
}

TaskQuestion query_row(const Json& row, const RowPlace& place, const std::string& context) {
  std::vector<std::string> choices = text_list_field(row, "choices", place, 2);
  const size_t gold = index_field(row, "gold", place, choices.size());
  return same_context(context, std::move(choices), gold);
}

TaskQuestion multiple_choice(const Json& row, const RowPlace& place) {
  return query_row(row, place, text_field(row, "query", place));
}

// A query that ends with the question, to be followed by "Answer:".
TaskQuestion asked(const Json& row, const RowPlace& place, std::string query) {
  if (query.ends_with('\n')) query.pop_back();
  return query_row(row, place, query + "\nAnswer:");
}

// --- HellaSwag. Zellers et al. 2019, arXiv:1905.07830 ---

// WikiHow's part has marks such as "[title]" in it.
std::string without_marks(std::string text) {
  text = stripped(text);
  replace_all(text, " [title]", ". ");
  for (size_t open = text.find('['); open != std::string::npos; open = text.find('[', open)) {
    const size_t close = text.find(']', open), line = text.find('\n', open);
    if (close == std::string::npos) break;
    if (line < close)
      ++open;
    else
      text.erase(open, close - open + 1);
  }
  std::string out;  // pairs of spaces from the left, as Python's replace("  ", " ")
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == ' ' && i + 1 < text.size() && text[i + 1] == ' ') ++i;
  }
  return out;
}

// Python's str.capitalize() of ASCII text; other letters stay as they are.
std::string capitalized(std::string text) {
  for (size_t i = 0; i < text.size(); ++i) {
    char& c = text[i];
    if (i == 0 && c >= 'a' && c <= 'z') c = char(c - 'a' + 'A');
    if (i > 0 && c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  }
  return text;
}

TaskQuestion hellaswag(const Json& row, const RowPlace& place) {
  const bool published = row.is_object() && row.contains("endings");
  std::string context;
  if (published)
    context = text_field(row, "activity_label", place) + ": " + text_field(row, "ctx_a", place) + " " +
              capitalized(text_field(row, "ctx_b", place));
  else
    context = text_field(row, "context", place);
  std::vector<std::string> endings = text_list_field(row, published ? "endings" : "choices", place, 2);
  for (std::string& ending : endings) ending = without_marks(std::move(ending));
  const size_t gold = index_field(row, published ? "label" : "gold", place, endings.size());
  return same_context(without_marks(context), std::move(endings), gold);
}

// --- ARC, Clark et al. 2018, arXiv:1803.05457; OpenBookQA, Mihaylov et al. 2018, arXiv:1809.02789 ---

// {"choices": {"text": [..], "label": ["A", ..]}, "answerKey": "B"}
TaskQuestion published_key_row(const Json& row, const RowPlace& place, const std::string& context) {
  const Json& choices = field_of(row, "choices", place);
  std::vector<std::string> texts = text_list_field(choices, "text", place, 2),
                           labels = text_list_field(choices, "label", place, 2);
  const std::string key = text_field(row, "answerKey", place);
  const auto found = std::ranges::find(labels, key);
  if (found == labels.end() || labels.size() != texts.size())
    throw Error(ErrorKind::InvalidData, "{}:{}: answerKey '{}' is none of the choices", place.file, place.line, key);
  return same_context(context, std::move(texts), size_t(found - labels.begin()));
}

TaskQuestion arc(const Json& row, const RowPlace& place) {
  if (row.is_object() && row.contains("answerKey"))
    return published_key_row(row, place, "Question: " + text_field(row, "question", place) + "\nAnswer:");
  return asked(row, place, text_field(row, "query", place));
}

TaskQuestion openbookqa(const Json& row, const RowPlace& place) {
  if (row.is_object() && row.contains("answerKey"))
    return published_key_row(row, place, text_field(row, "question_stem", place));
  return multiple_choice(row, place);
}

// PIQA. Bisk et al. 2019, arXiv:1911.11641.
TaskQuestion piqa(const Json& row, const RowPlace& place) {
  if (row.is_object() && row.contains("goal"))
    return same_context("Question: " + text_field(row, "goal", place) + "\nAnswer:",
                        {text_field(row, "sol1", place), text_field(row, "sol2", place)},
                        index_field(row, "label", place, 2));
  return asked(row, place, text_field(row, "query", place));
}

// BoolQ. Clark et al. 2019, arXiv:1905.10044.
TaskQuestion boolq(const Json& row, const RowPlace& place) {
  if (row.is_object() && row.contains("passage")) {
    const char* name = row.contains("label") ? "label" : "answer";
    const Json& answer = field_of(row, name, place);
    const size_t gold = answer.is_boolean() ? size_t(answer.get<bool>()) : index_field(row, name, place, 2);
    return same_context(
        text_field(row, "passage", place) + "\nQuestion: " + text_field(row, "question", place) + "?\nAnswer:",
        {"no", "yes"}, gold);
  }
  std::string query = text_field(row, "query", place);
  drop_start(query, "Passage: ");
  return asked(row, place, std::move(query));
}

// --- choices that are listed in the question ---

// "BEFORE\nChoices:\nA. x\nB. y\nAnswer:" -> what stands before, and the choices' texts.
struct ListedChoices {
  std::string before;
  std::vector<std::string> choices;
};
ListedChoices listed_choices(const std::string& query, const RowPlace& place) {
  const size_t at = query.rfind("\nChoices:");
  if (at == std::string::npos)
    throw Error(ErrorKind::InvalidData, "{}:{}: the query lists no 'Choices:'", place.file, place.line);
  ListedChoices out{query.substr(0, at), {}};
  std::string rest = query.substr(at + 9);
  if (const size_t end = rest.rfind("\nAnswer:"); end != std::string::npos) rest.resize(end);
  for (size_t i = 0; i < 26; ++i) {  // a choice runs up to the next letter, whatever lines it has
    const size_t begin = rest.find(fmt::format("{}. ", char('A' + i)));
    if (begin == std::string::npos || (begin > 0 && rest[begin - 1] != '\n' && rest[begin - 1] != ' ')) break;
    if (i > 0) out.choices.back() = stripped(rest.substr(0, begin));
    rest.erase(0, begin + 3);
    out.choices.emplace_back();
  }
  if (out.choices.size() < 2)
    throw Error(ErrorKind::InvalidData, "{}:{}: fewer than two choices are listed", place.file, place.line);
  out.choices.back() = stripped(rest);
  return out;
}

size_t gold_of(const Json& row, const RowPlace& place, const ListedChoices& listed) {
  return index_field(row, "gold", place, listed.choices.size());
}

// CommonsenseQA. Talmor et al. 2018, arXiv:1811.00937.
TaskQuestion commonsense_qa(const Json& row, const RowPlace& place) {
  const ListedChoices l = listed_choices(text_field(row, "query", place), place);
  return same_context(stripped(l.before) + "\n" + lettered(l.choices) + "Answer:", letters(l.choices.size()),
                      gold_of(row, place, l));
}

// LogiQA. Liu et al. 2020, arXiv:2007.08124.
TaskQuestion logiqa(const Json& row, const RowPlace& place) {
  const ListedChoices l = listed_choices(text_field(row, "query", place), place);
  std::string before = l.before;
  if (drop_start(before, "Context: ")) before.insert(0, "Passage: ");
  return same_context(before + "\nChoices:\n" + lettered(l.choices) + "Answer:", l.choices, gold_of(row, place, l));
}

// Social IQa. Sap et al. 2019, arXiv:1904.09728.
TaskQuestion siqa(const Json& row, const RowPlace& place) {
  const ListedChoices l = listed_choices(text_field(row, "query", place), place);
  std::string before = l.before;
  drop_start(before, "Context: ");
  const size_t question = before.find("\nQuestion: ");
  if (question == std::string::npos)
    throw Error(ErrorKind::InvalidData, "{}:{}: the query has no line 'Question:'", place.file, place.line);
  before.replace(question, 11, " ");
  return same_context("Q: " + before + "\nA:", l.choices, gold_of(row, place, l));
}

// COPA. Roemmele et al. 2011, "Choice of plausible alternatives".
TaskQuestion copa(const Json& row, const RowPlace& place) {
  std::string query = text_field(row, "query", place);
  for (const std::string_view word : {", because", ", therefore"})
    if (query.ends_with(word)) query.erase(query.size() - word.size(), 1);
  return query_row(row, place, query);
}

// --- contexts that differ, one continuation: Trinh & Le 2018, arXiv:1806.02847 ---

TaskQuestion winogrande(const Json& row, const RowPlace& place) {
  TaskQuestion q;
  if (row.is_object() && row.contains("sentence")) {  // WinoGrande. Sakaguchi et al. 2019, arXiv:1907.10641
    const std::string sentence = text_field(row, "sentence", place), answer = text_field(row, "answer", place);
    const size_t gap = sentence.find('_');
    if (gap == std::string::npos || (answer != "1" && answer != "2"))
      throw Error(ErrorKind::InvalidData, "{}:{}: no gap '_' in the sentence, or the answer is neither 1 nor 2",
                  place.file, place.line);
    for (const char* option : {"option1", "option2"})
      q.choices.push_back(
          {sentence.substr(0, gap) + text_field(row, option, place), stripped(sentence.substr(gap + 1))});
    q.gold = answer == "2";
    return q;
  }
  for (std::string& context : text_list_field(row, "context_options", place, 2))
    q.choices.push_back({std::move(context), text_field(row, "continuation", place)});
  q.gold = index_field(row, "gold", place, q.choices.size());
  return q;
}

// --- MMLU, Hendrycks et al. 2020, arXiv:2009.03300; CMMLU, Li et al. 2023, arXiv:2306.09212 ---

TaskQuestion lettered_row(const Json& row, const RowPlace& place, const char* subject, std::string_view answer) {
  const std::vector<std::string> choices = text_list_field(row, "choices", place, 2);
  TaskQuestion q =
      same_context(stripped(text_field(row, "question", place)) + "\n" + lettered(choices) + std::string(answer),
                   letters(choices.size()), index_field(row, "answer", place, choices.size()));
  if (row.contains(subject)) q.group = text_field(row, subject, place);
  return q;
}

TaskQuestion mmlu(const Json& row, const RowPlace& place) {
  if (row.is_object() && row.contains("prompt")) {  // with its examples already
    std::vector<std::string> options = text_list_field(row, "options", place, 2);
    for (std::string& option : options) option = stripped(option);
    const size_t gold = index_field(row, "input_label", place, options.size());
    TaskQuestion q = same_context(text_field(row, "prompt", place), std::move(options), gold);
    if (row.contains("topic")) q.group = text_field(row, "topic", place);
    return q;
  }
  return lettered_row(row, place, row.contains("type") ? "type" : "subject", "Answer:");
}

TaskQuestion mmlu_ready(const Json& row, const RowPlace& place) {
  field_of(row, "prompt", place);
  return mmlu(row, place);
}

TaskQuestion cmmlu(const Json& row, const RowPlace& place) { return lettered_row(row, place, "subject", "答案："); }

std::string mmlu_description(const std::string& subject) {
  if (subject.empty()) return "The following are multiple choice questions (with answers).\n\n";
  std::string words = subject;
  replace_all(words, "_", " ");
  return fmt::format("The following are multiple choice questions (with answers) about {}.\n\n", words);
}

std::string cmmlu_description(const std::string& subject) {
  return fmt::format("以下是关于{}的单项选择题，请直接给出正确答案的选项。\n\n", cmmlu_subject(subject));
}
}  // namespace

std::span<const EvalTask> choice_tasks() {
  static const std::vector<EvalTask> tasks = {
      {.name = "hellaswag",
       .about = "how does the story go on?",
       .fields = "context, choices, gold; or activity_label, ctx_a, ctx_b, endings, label",
       .read = hellaswag,
       .normalised = true},
      {.name = "arc",
       .about = "school science, easy or challenge by the file",
       .fields = "query, choices, gold; or question, choices {text, label}, answerKey",
       .read = arc,
       .normalised = true},
      {.name = "openbookqa",
       .about = "science that follows from a book of facts",
       .fields = "query, choices, gold; or question_stem, choices {text, label}, answerKey",
       .read = openbookqa,
       .normalised = true},
      {.name = "piqa",
       .about = "how does one do it? everyday physics",
       .fields = "query, choices, gold; or goal, sol1, sol2, label",
       .read = piqa,
       .normalised = true},
      {.name = "boolq",
       .about = "yes or no, by a passage",
       .fields = "query, choices, gold; or passage, question, label",
       .read = boolq},
      {.name = "commonsense_qa",
       .about = "everyday knowledge",
       .fields = "query (with its choices listed), choices, gold",
       .read = commonsense_qa},
      {.name = "siqa",
       .about = "what people feel and do",
       .fields = "query (with its choices listed), choices, gold",
       .read = siqa},
      {.name = "logiqa",
       .about = "logical reading",
       .fields = "query (with its choices listed), choices, gold",
       .read = logiqa,
       .normalised = true},
      {.name = "copa", .about = "cause and effect", .fields = "query, choices, gold", .read = copa},
      {.name = "winogrande",
       .about = "who is meant? the rest of the sentence is scored",
       .fields = "context_options, continuation, gold; or sentence, option1, option2, answer",
       .read = winogrande},
      {.name = "winograd",
       .about = "the same, Winograd's own schemas",
       .fields = "context_options, continuation, gold",
       .read = winogrande},
      {.name = "mmlu",
       .about = "exam questions by subject",
       .fields = "question, choices, answer, type or subject",
       .read = mmlu,
       .description = mmlu_description},
      {.name = "mmlu_ready",
       .about = "exam questions with their examples in the prompt",
       .fields = "prompt, options, input_label, topic",
       .read = mmlu_ready},
      {.name = "cmmlu",
       .about = "Chinese exam questions by subject",
       .fields = "question, choices, answer, subject",
       .read = cmmlu,
       .description = cmmlu_description,
       .normalised = true},
      {.name = "multiple_choice",
       .about = "any questions: the query as it stands, then each choice",
       .fields = "query, choices, gold",
       .read = multiple_choice,
       .normalised = true},
  };
  return tasks;
}

}  // namespace quern
