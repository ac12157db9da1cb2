// SPDX-License-Identifier: MIT
#include "eval/task_run.h"

#include <algorithm>
#include <deque>

#include "base/terminal.h"
#include "data/json_rows.h"

namespace quern {

namespace {
constexpr size_t kMostRowBytes = size_t{16} << 20;
constexpr size_t kItemsAhead = 64;  // under way at once

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::vector<TaskQuestion> examples_for(const TaskRunOptions& o, std::span<const TaskQuestion> questions, size_t item) {
  const std::string& group = questions[item].group;
  const auto same_group = [&](const TaskQuestion& q) { return q.group == group; };
  const bool grouped = !group.empty() && std::ranges::any_of(o.examples, same_group);
  std::vector<TaskQuestion> out;
  for (size_t i = 0; i < o.examples.size() && int64_t(out.size()) < o.shots; ++i) {
    if (o.examples_are_the_questions && i == item) continue;
    if (!grouped || same_group(o.examples[i])) out.push_back(o.examples[i]);
  }
  return out;
}

// A question under way.
struct Asked {
  size_t item;
  ItemOutcome outcome;
  std::vector<size_t> lengths;  // of its continuations, code points
  std::vector<std::shared_ptr<Generation>> generations;

  bool done() const {
    return std::ranges::all_of(generations, [](const auto& g) { return g->done(); });
  }
};

// Cuts ids from the left so that the model can read them: all but the last are read.
void fit(EncodedPair& pair, int64_t context, bool& cut) {
  const int64_t over = int64_t(pair.ids.size()) - 1 - context;
  if (over <= 0) return;
  if (int64_t(pair.begin) <= over)
    throw Error(ErrorKind::InvalidData, "a continuation has {} tokens, the model's context holds {}",
                pair.ids.size() - pair.begin, context);
  pair.ids.erase(pair.ids.begin(), pair.ids.begin() + over);
  pair.begin -= size_t(over);
  cut = true;
}

// One request for all pairs, if they begin alike; else one for each.
std::vector<Request> scoring_requests(const std::vector<EncodedPair>& pairs) {
  size_t common = pairs[0].begin;
  for (const EncodedPair& p : pairs) {
    common = std::min(common, p.begin);
    const auto differ = std::mismatch(p.ids.begin(), p.ids.begin() + int64_t(common), pairs[0].ids.begin());
    common = size_t(differ.first - p.ids.begin());
  }
  std::vector<Request> requests;
  for (const EncodedPair& p : pairs) {
    const size_t prompt = common > 0 ? common : p.begin;
    if (common == 0 || requests.empty()) {
      requests.emplace_back();
      requests.back().max_new_tokens = 0;
      requests.back().prompt.assign(p.ids.begin(), p.ids.begin() + int64_t(prompt));
    }
    requests.back().continuations.push_back(
        {.ids = {p.ids.begin() + int64_t(prompt), p.ids.end()}, .first_counted = int64_t(p.begin - prompt)});
  }
  return requests;
}

void submit_scoring(Engine& engine, const std::vector<Choice>& prompts, int32_t start_id, Asked& asked) {
  std::vector<EncodedPair> pairs;
  for (const Choice& c : prompts) {
    pairs.push_back(encode_pair(engine.tokenizer(), c.context, c.continuation, start_id));
    fit(pairs.back(), engine.context(), asked.outcome.cut);
  }
  for (Request& request : scoring_requests(pairs)) {
    asked.outcome.tokens += int64_t(request.prompt.size());
    for (const PromptContinuation& c : request.continuations) asked.outcome.tokens += int64_t(c.ids.size()) - 1;
    asked.generations.push_back(engine.submit(std::move(request)));
  }
}

void submit_generated(Engine& engine, const EvalTask& task, const Choice& prompt, const TaskRunOptions& o,
                      Asked& asked) {
  Request request;
  request.prompt = engine.tokenizer().encode(prompt.context, {.add_special = true, .parse_special = true});
  if (request.prompt.empty() && o.start_id >= 0) request.prompt.push_back(o.start_id);
  request.max_new_tokens = std::min(task.max_tokens, engine.context() - 1);
  const int64_t over = int64_t(request.prompt.size()) + request.max_new_tokens - engine.context();
  if (over > 0) request.prompt.erase(request.prompt.begin(), request.prompt.begin() + over), asked.outcome.cut = true;
  request.sampling.temperature = 0;
  request.stop = task.until;
  request.stop_ids = o.stop_ids;
  asked.outcome.tokens = int64_t(request.prompt.size());
  asked.generations.push_back(engine.submit(std::move(request)));
}

void read_scores(const EvalTask& task, Asked& asked) {
  ItemOutcome& o = asked.outcome;
  bool greedy = true;
  for (const auto& generation : asked.generations)
    for (const ContinuationScore& score : generation->result().continuations) {
      o.logprobs.push_back(score.logprob);
      greedy = greedy && score.greedy;
    }
  if (task.kind == TaskKind::choices)
    settle_choice(o, asked.lengths);
  else
    o.right = o.right_otherwise = greedy;
}

void read_given(const EvalTask& task, const TaskQuestion& q, Asked& asked) {
  ItemOutcome& o = asked.outcome;
  o.given = asked.generations[0]->result().text;
  o.tokens += int64_t(asked.generations[0]->result().ids.size());
  const auto among = [&](const std::string& answer) { return std::ranges::find(q.answers, answer) != q.answers.end(); };
  o.right = among(task.answer_of(o.given));
  o.right_otherwise = task.flexible_answer_of ? among(task.flexible_answer_of(o.given)) : o.right;
}
}  // namespace

std::vector<TaskQuestion> read_questions(const EvalTask& task, const fs::path& file, int64_t limit) {
  JsonRows rows(file, kMostRowBytes);
  std::vector<TaskQuestion> questions;
  for (std::string row; (limit == 0 || int64_t(questions.size()) < limit) && rows.next(row);) {
    const RowPlace place{file.string(), rows.line()};
    if (rows.oversized())
      throw Error(ErrorKind::InvalidData, "{}:{}: a row of more than {}", place.file, place.line,
                  format_size(kMostRowBytes));
    questions.push_back(task.read(parse_json(row, fmt::format("{}, line {}", place.file, place.line)), place));
  }
  if (questions.empty()) throw Error(ErrorKind::InvalidData, "{}: there is no question in it", file.string());
  return questions;
}

EncodedPair encode_pair(const Tokenizer& tokenizer, std::string context, std::string continuation, int32_t start_id) {
  const EncodeOptions options{.add_special = true, .parse_special = true};
  EncodedPair pair;
  if (context.empty()) {
    pair.ids = tokenizer.encode(continuation, {.add_special = false, .parse_special = true});
    if (start_id >= 0) pair.ids.insert(pair.ids.begin(), start_id);
    pair.begin = 1;
  } else {
    size_t end = context.size();
    while (end > 0 && is_space(context[end - 1])) --end;
    continuation.insert(0, context, end);
    context.resize(end);
    pair.ids = tokenizer.encode(context + continuation, options);
    pair.begin = tokenizer.encode(context, options).size();
  }
  if (pair.begin == 0 || pair.begin >= pair.ids.size())
    throw Error(ErrorKind::InvalidData, "'{}' adds no token to what stands before it, so it can't be scored",
                continuation);
  return pair;
}

void run_task(Engine& engine, const EvalTask& task, std::span<const TaskQuestion> questions, const TaskRunOptions& o) {
  std::deque<Asked> under_way;
  std::string before;  // the common beginning of the questions under way
  bool alone = false;  // the first question with its examples reads them for those that follow
  size_t next = o.first;
  const auto submit = [&] {
    const TaskQuestion& q = questions[next];
    const std::vector<TaskQuestion> examples = examples_for(o, questions, next);
    const std::vector<Choice> prompts = prompts_of(task, q, examples);
    std::string beginning;
    if (!examples.empty()) beginning = q.group + "\n" + examples[0].choices[0].context;
    alone = beginning != before && !beginning.empty();
    before = std::move(beginning);
    Asked& asked = under_way.emplace_back(Asked{.item = next++, .outcome = {}, .lengths = {}, .generations = {}});
    asked.outcome.group = q.group;
    asked.outcome.gold = q.gold;
    for (const Choice& c : q.choices) asked.lengths.push_back(code_points(c.continuation));
    if (task.kind == TaskKind::generated)
      submit_generated(engine, task, prompts[0], o, asked);
    else
      submit_scoring(engine, prompts, o.start_id, asked);
  };
  while (next < questions.size() || !under_way.empty()) {
    if (alone && (under_way.empty() || under_way.back().done())) alone = false;
    while (next < questions.size() && under_way.size() < kItemsAhead && !alone) submit();
    engine.step();
    for (; !under_way.empty() && under_way.front().done(); under_way.pop_front()) {
      Asked& asked = under_way.front();
      if (task.kind == TaskKind::generated)
        read_given(task, questions[asked.item], asked);
      else
        read_scores(task, asked);
      if (o.on_outcome && !o.on_outcome(asked.item, asked.outcome)) {
        for (const Asked& a : under_way)
          for (const auto& g : a.generations) g->cancel();
        return;
      }
    }
    if (stop_requested()) {
      for (const Asked& a : under_way)
        for (const auto& g : a.generations) g->cancel();
      return;
    }
  }
}

}  // namespace quern
