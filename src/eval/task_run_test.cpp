// SPDX-License-Identifier: MIT
#include "eval/task_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/item_log.h"
#include "infer/tiny_models.h"
#include "text/tokenizer_train.h"

namespace quern {
namespace {

using testing::HasSubstr;

Tokenizer words() {
  bool given = false;
  const DocumentSource text = [&](std::string& next) {
    next = "Question: the miller's bees hum. Answer: the mill hums by the bees, and the bees hum by the mill.\n";
    for (int i = 0; i < 4; ++i) next += next;
    return !std::exchange(given, true);
  };
  return train_bpe(text, {.vocab_size = 300, .split = SplitKind::Gpt2, .threads = 1});
}

const EvalTask& task_called(std::string_view name) {
  for (const EvalTask& t : eval_tasks())
    if (t.name == name) return t;
  throw Error(ErrorKind::Internal, "no task {}", name);
}

class TaskRun : public testing::Test {
 protected:
  Tokenizer tokenizer = words();
  std::shared_ptr<const CausalLm> model =
      testing_models::tiny_model(testing_models::tiny_llama_config(tokenizer.vocab_size(), 256));

  // Each text alone, token by token: the definition.
  double slow_logprob(const std::vector<int32_t>& ids, size_t begin) {
    const Tensor logits = model->logits(model->forward(Batch::of(ids)));
    double sum = 0;
    for (size_t i = begin; i < ids.size(); ++i)
      sum += logits.span()[(i - 1) * size_t(model->shape().V) + size_t(ids[i])] -
             log_sum_exp(logits.span().subspan((i - 1) * size_t(model->shape().V), size_t(model->shape().V)));
    return sum;
  }

  std::vector<ItemOutcome> run(const EvalTask& task, const std::vector<TaskQuestion>& questions, TaskRunOptions o = {},
                               EngineOptions engine_options = {}) {
    Engine engine(model, tokenizer, engine_options);
    std::vector<ItemOutcome> out;
    o.on_outcome = [&](size_t item, const ItemOutcome& outcome) {
      EXPECT_EQ(item, o.first + out.size());
      out.push_back(outcome);
      return true;
    };
    run_task(engine, task, questions, o);
    return out;
  }

  static std::vector<TaskQuestion> some_questions(const EvalTask& task, int n) {
    std::vector<TaskQuestion> questions;
    for (int i = 0; i < n; ++i)
      questions.push_back(task.read(Json{{"query", fmt::format("Question: {} bees hum by mill {}?", i, i * 7)},
                                         {"choices", {"the mill", fmt::format("by the {} bees", i), "hums"}},
                                         {"gold", i % 3}},
                                    {"f", i}));
    return questions;
  }
};

TEST_F(TaskRun, APairIsCutWhereTheEncodedContextEnds) {
  const EncodedPair p = encode_pair(tokenizer, "the mill  ", "hums", -1);
  EXPECT_EQ(p.ids, tokenizer.encode("the mill  hums"));
  EXPECT_EQ(p.begin, tokenizer.encode("the mill").size());
  const EncodedPair empty = encode_pair(tokenizer, "", "bees", 5);
  EXPECT_EQ(empty.ids[0], 5);
  EXPECT_EQ(empty.begin, 1u);
  EXPECT_THROW(encode_pair(tokenizer, "the mill", "", -1), Error);
}

TEST_F(TaskRun, OutcomesAreThoseOfEachTextAlone) {
  const EvalTask& task = task_called("arc");
  const auto questions = some_questions(task, 9);
  const auto outcomes = run(task, questions);
  ASSERT_EQ(outcomes.size(), 9u);
  for (size_t i = 0; i < 9; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const EncodedPair p =
          encode_pair(tokenizer, questions[i].choices[c].context, " " + questions[i].choices[c].continuation, -1);
      EXPECT_NEAR(outcomes[i].logprobs[c], slow_logprob(p.ids, p.begin), 1e-3) << i << ", " << c;
    }
  }
  EXPECT_EQ(run(task, questions, {}, {.max_sequences = 3, .max_step_tokens = 5})[4].logprobs, outcomes[4].logprobs);
}

TEST_F(TaskRun, ContextsThatDifferAreScoredOnWhatFollows) {
  const EvalTask& task = task_called("winogrande");
  const std::vector<TaskQuestion> questions = {
      task.read(Json{{"context_options", {"the bees by the mill", "the bees by the miller"}},
                     {"continuation", "hum."},
                     {"gold", 1}},
                {"f", 1})};
  const auto outcome = run(task, questions)[0];
  for (size_t c = 0; c < 2; ++c) {
    const EncodedPair p = encode_pair(tokenizer, questions[0].choices[c].context, " hum.", -1);
    EXPECT_NEAR(outcome.logprobs[c], slow_logprob(p.ids, p.begin), 1e-3);
  }
}

TEST_F(TaskRun, ExamplesAreTheFirstOthers) {
  const EvalTask& task = task_called("arc");
  const auto questions = some_questions(task, 4);
  const auto outcomes = run(task, questions, {.shots = 2, .examples = questions, .examples_are_the_questions = true});
  for (size_t i = 0; i < 4; ++i) {
    std::vector<TaskQuestion> examples;
    for (size_t j = 0; j < 4 && examples.size() < 2; ++j)
      if (j != i) examples.push_back(questions[j]);
    const Choice c = prompts_of(task, questions[i], examples)[0];
    const EncodedPair p = encode_pair(tokenizer, c.context, c.continuation, -1);
    EXPECT_NEAR(outcomes[i].logprobs[0], slow_logprob(p.ids, p.begin), 1e-3) << i;
  }
}

TEST_F(TaskRun, ATooLongContextLosesItsBeginningAndSaysSo) {
  const EvalTask& task = task_called("multiple_choice");
  std::string query = "the bees";
  for (int i = 0; i < 600; ++i) query += " " + std::to_string(i * 37);
  const std::vector<TaskQuestion> questions = {
      task.read(Json{{"query", query}, {"choices", {"the mill", "hums"}}, {"gold", 0}}, {"f", 1})};
  const auto outcome = run(task, questions)[0];
  EXPECT_TRUE(outcome.cut);
  EncodedPair p = encode_pair(tokenizer, query, " hums", -1);
  const size_t over = p.ids.size() - 1 - 256;
  p.ids.erase(p.ids.begin(), p.ids.begin() + int64_t(over));
  EXPECT_NEAR(outcome.logprobs[1], slow_logprob(p.ids, p.begin - over), 1e-3);
}

TEST_F(TaskRun, WrittenAnswersAreCompared) {
  const EvalTask& task = task_called("bbh");
  std::vector<TaskQuestion> questions;
  for (int i = 0; i < 3; ++i)
    questions.push_back(task.read(Json{{"input", fmt::format("{} bees?", i)}, {"target", "x"}}, {"f", i}));
  auto outcomes = run(task, questions);
  EXPECT_FALSE(outcomes[1].right);
  questions[1].answers = {task.answer_of(outcomes[1].given)};
  outcomes = run(task, questions);
  EXPECT_TRUE(outcomes[1].right);
}

TEST_F(TaskRun, ARunGoesOnWhereItStoppedAndMixesNothing) {
  const TemporaryDirectory dir("quern-items");
  const fs::path file = dir.path() / "items.jsonl";
  const EvalTask& task = task_called("arc");
  const auto questions = some_questions(task, 6);
  const Json header{{"task", "arc"}, {"model", "abc"}};
  const auto all = run(task, questions);
  {
    ItemLog log(file, header);
    for (size_t i = 0; i < 3; ++i) log.add(all[i].to_json(i, task.kind));
  }
  append_file(file, R"({"item":3,"gol)");  // cut off in the middle
  ItemLog log(file, header);
  ASSERT_EQ(log.items().size(), 3u);
  const auto rest = run(task, questions, {.first = log.items().size()});
  for (size_t i = 0; i < rest.size(); ++i) log.add(rest[i].to_json(3 + i, task.kind));
  const ItemLog whole(file, header);
  ASSERT_EQ(whole.items().size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(whole.items()[i], all[i].to_json(i, task.kind)) << i;
  try {
    const ItemLog other(file, Json{{"task", "arc"}, {"model", "xyz"}});
    FAIL() << "another model's items were taken";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("model"), HasSubstr("xyz")));
  }
  append_file(file, "{\"item\":9}\n");
  EXPECT_THROW(ItemLog(file, header), Error);
}

TEST_F(TaskRun, ADamagedRowIsNamed) {
  const TemporaryDirectory dir("quern-items");
  const fs::path file = dir.path() / "rows.jsonl";
  write_file(file, "{\"query\": \"q\", \"choices\": [\"a\", \"b\"], \"gold\": 1}\n{\"query\": \n");
  EXPECT_EQ(read_questions(task_called("arc"), file, 1).size(), 1u);
  try {
    read_questions(task_called("arc"), file);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("line 2"));
  }
  write_file(file, "\n");
  EXPECT_THROW(read_questions(task_called("arc"), file), Error);
}

}  // namespace
}  // namespace quern
