// SPDX-License-Identifier: MIT
#include "eval/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/cmmlu_subjects.h"
#include "eval/interval.h"
#include "eval/task_score.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const EvalTask& task_named(std::string_view name) {
  for (const EvalTask& t : eval_tasks())
    if (t.name == name) return t;
  throw Error(ErrorKind::Internal, "no task {}", name);
}

TaskQuestion question(std::string_view task, const char* row) {
  return task_named(task).read(Json::parse(row), {"rows.jsonl", 3});
}

// All of an item as lm-evaluation-harness would put it together: context, then each choice with its delimiter.
std::string prompt(std::string_view task, const char* row) {
  const auto choices = prompts_of(task_named(task), question(task, row), {});
  std::string out = choices[0].context;
  for (const Choice& c : choices) out += "|" + c.continuation;
  return out;
}

TEST(Tasks, ContextsAreThoseOfTheHarness) {
  EXPECT_EQ(prompt("hellaswag", R"({"context": "Roof: A man sits. he", "choices": ["rips  tiles.", "[title] sings."],
                                   "gold": 1})"),
            "Roof: A man sits. he| rips tiles.|  sings.");
  EXPECT_EQ(prompt("piqa", R"({"query": "Question: ice box\n", "choices": ["a", "b"], "gold": 0})"),
            "Question: ice box\nAnswer:| a| b");
  EXPECT_EQ(prompt("arc", R"({"query": "Question: Why?", "choices": ["x.", "y.", "z."], "gold": 2})"),
            "Question: Why?\nAnswer:| x.| y.| z.");
  EXPECT_EQ(prompt("boolq", R"({"query": "Passage: It is.\nQuestion: is it?", "choices": ["no", "yes"], "gold": 1})"),
            "It is.\nQuestion: is it?\nAnswer:| no| yes");
  EXPECT_EQ(prompt("copa", R"({"query": "He fell, because", "choices": ["it rained.", "he sang."], "gold": 0})"),
            "He fell because| it rained.| he sang.");
  EXPECT_EQ(prompt("commonsense_qa", R"({"query": "Question: Where?\nChoices:\nA. bank\nB. mall\nAnswer:",
                                        "choices": ["A", "B"], "gold": 0})"),
            "Question: Where?\nA. bank\nB. mall\nAnswer:| A| B");
  EXPECT_EQ(prompt("siqa", R"({"query": "Context: Sasha sang.\nQuestion: Why?\nChoices:\nA. joy\nB. wine\nAnswer:",
                              "choices": ["A", "B"], "gold": 0})"),
            "Q: Sasha sang. Why?\nA:| joy| wine");
  EXPECT_EQ(prompt("logiqa", R"({"query": "Context: P.\nQuestion: Q?\nChoices: A. one\nB. two\nC. three\n",
                                "choices": ["A", "B", "C"], "gold": 2})"),
            "Passage: P.\nQuestion: Q?\nChoices:\nA. one\nB. two\nC. three\nAnswer:| one| two| three");
  EXPECT_EQ(
      prompt("mmlu", R"({"question": "2+2? ", "type": "high_school_physics", "choices": ["1", "4"], "answer": 1})"),
      "The following are multiple choice questions (with answers) about high school physics.\n\n2+2?\nA. 1\nB. "
      "4\nAnswer:| A| B");
  EXPECT_EQ(prompt("cmmlu", R"({"question": "问", "subject": "agronomy", "choices": ["胸", "腹"], "answer": "B"})"),
            "以下是关于农学的单项选择题，请直接给出正确答案的选项。\n\n问\nA. 胸\nB. 腹\n答案：| A| B");
  EXPECT_EQ(prompt("lambada", R"({"text": "I don't care about signs"})"), "I don't care about| signs");
  EXPECT_EQ(prompt("arithmetic", R"({"context": "25-759=", "continuation": "-734"})"), "25-759=|-734");
  EXPECT_EQ(prompt("asdiv", R"-({"body": "Two.", "question": "How many?", "answer": "9 (apples)"})-"),
            "Two.\nQuestion:How many?\nAnswer:| 9");
}

TEST(Tasks, PublishedRowsGiveTheSamePromptsAsConvertedOnes) {
  EXPECT_EQ(prompt("hellaswag", R"({"activity_label": "Roof", "ctx_a": "A man sits.", "ctx_b": "he",
                                   "endings": ["[step] rips.", "sings."], "label": "1"})"),
            "Roof: A man sits. He|  rips.| sings.");
  EXPECT_EQ(prompt("arc", R"({"question": "Why?", "choices": {"text": ["x.", "y."], "label": ["1", "2"]},
                             "answerKey": "2"})"),
            "Question: Why?\nAnswer:| x.| y.");
  EXPECT_EQ(prompt("piqa", R"({"goal": "g", "sol1": "a", "sol2": "b", "label": 1})"), "Question: g\nAnswer:| a| b");
  const TaskQuestion w = question("winogrande", R"({"sentence": "Ann met Eve, but _ left early.", "option1": "Ann",
                                                "option2": "Eve", "answer": "2"})");
  EXPECT_EQ(w.gold, 1u);
  EXPECT_EQ(w.choices[0].context, "Ann met Eve, but Ann");
  EXPECT_EQ(w.choices[1].continuation, "left early.");
}

TEST(Tasks, ExamplesStandBeforeTheQuestionWithTheirRightAnswers) {
  const char* rows[] = {R"({"query": "Question: One?", "choices": ["a", "b"], "gold": 1})",
                        R"({"query": "Question: Two?", "choices": ["c", "d"], "gold": 0})"};
  const std::vector<TaskQuestion> examples = {question("arc", rows[0])};
  const auto prompts = prompts_of(task_named("arc"), question("arc", rows[1]), examples);
  EXPECT_EQ(prompts[1].context, "Question: One?\nAnswer: b\n\nQuestion: Two?\nAnswer:");
  EXPECT_EQ(prompts[1].continuation, " d");
}

TEST(Tasks, AnswersThatAreWrittenAreReadAsTheHarnessDoes) {
  const EvalTask& gsm = task_named("gsm8k");
  EXPECT_EQ(gsm.answer_of("so 16 - 3 = $1,234.\n#### 1,234.\nQ: 5"), "1234");
  EXPECT_EQ(gsm.answer_of("#### -7 apples"), "-7");
  EXPECT_EQ(gsm.answer_of("it is 18"), "");
  EXPECT_EQ(gsm.flexible_answer_of("it is $18.50, not 7."), "7");
  EXPECT_EQ(gsm.flexible_answer_of("at -3 degrees"), "-3");
  EXPECT_THAT(question("gsm8k", R"({"question": "q", "answer": "x\n#### 18"})").answers, ElementsAre("18"));
  const EvalTask& word = task_named("word_problems");
  EXPECT_EQ(word.answer_of("That is 43 shells."), "43");
  EXPECT_THAT(question("word_problems", R"({"input": "q", "target": 43.0})").answers, ElementsAre("43"));
  EXPECT_EQ(task_named("triviaqa").answer_of(" The \"Onion\"!"), "the onion");
}

TEST(Tasks, ARowThatDoesNotFitIsNamed) {
  const auto refused = [](std::string_view task, const char* row) -> std::string {
    try {
      question(task, row);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(refused("arc", R"({"text": "x"})"), testing::AllOf(HasSubstr("rows.jsonl:3"), HasSubstr("query")));
  EXPECT_THAT(refused("arc", R"([1])"), HasSubstr("no object"));
  EXPECT_THAT(refused("arc", R"({"query": "q", "choices": ["a", "b"], "gold": 2})"), HasSubstr("2 choices"));
  EXPECT_THAT(refused("arc", R"({"query": "q", "choices": ["a", 5], "gold": 0})"), HasSubstr("choices"));
  EXPECT_THAT(refused("gsm8k", R"({"question": "q", "answer": "18"})"), HasSubstr("####"));
  EXPECT_THAT(refused("siqa", R"({"query": "Context: a", "choices": ["A", "B"], "gold": 0})"), HasSubstr("Choices"));
}

TEST(Tasks, EveryTaskSaysWhatItNeeds) {
  for (const EvalTask& t : eval_tasks()) {
    EXPECT_FALSE(t.fields.empty() || t.about.empty()) << t.name;
    EXPECT_NE(t.read, nullptr) << t.name;
    EXPECT_EQ(t.kind == TaskKind::generated, t.answer_of != nullptr && t.max_tokens > 0) << t.name;
    EXPECT_THROW(t.read(Json::parse("{}"), {"f", 1}), Error) << t.name;
    EXPECT_THROW(t.read(Json::parse("5"), {"f", 1}), Error) << t.name;
  }
}

TEST(TaskScore, TheChoiceIsTheLikeliestAsSuchAndPerCharacter) {
  ItemOutcome o;
  o.logprobs = {-10, -9, -12};
  o.gold = 2;
  const size_t lengths[] = {10, 3, 30};
  settle_choice(o, lengths);
  EXPECT_EQ(o.choice, 1u);
  EXPECT_EQ(o.choice_normalised, 2u);
  EXPECT_FALSE(o.right);
  EXPECT_TRUE(o.right_otherwise);
  EXPECT_EQ(code_points("é中a"), 3u);
}

TEST(TaskScore, OutcomesSurviveTheFile) {
  ItemOutcome o;
  o.group = "anatomy";
  o.logprobs = {-10.123456789, -1e-9};
  o.gold = 1, o.choice = 1, o.choice_normalised = 0, o.right = true, o.tokens = 17, o.cut = true;
  const Json json = Json::parse(to_line(o.to_json(5, TaskKind::choices)));
  EXPECT_EQ(json["item"], 5);
  const ItemOutcome back = ItemOutcome::from_json(json, TaskKind::choices, "f");
  EXPECT_EQ(back.logprobs, o.logprobs);
  EXPECT_EQ(back.to_json(5, TaskKind::choices), o.to_json(5, TaskKind::choices));
  EXPECT_THROW(ItemOutcome::from_json(Json{{"item", 1}}, TaskKind::choices, "f"), Error);
}

// Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3 (Wilson).
TEST(Interval, WilsonsIsThatOfTheTable) {
  const auto is = [](int64_t right, int64_t n, double low, double high) {
    const Interval i = wilson_interval(right, n);
    EXPECT_NEAR(i.low, low, 5e-5) << right << " of " << n;
    EXPECT_NEAR(i.high, high, 5e-5) << right << " of " << n;
  };
  is(81, 263, 0.2553, 0.3662);
  is(15, 148, 0.0624, 0.1605);
  is(0, 20, 0.0, 0.1611);
  is(1, 29, 0.0061, 0.1718);
}

}  // namespace
}  // namespace quern
