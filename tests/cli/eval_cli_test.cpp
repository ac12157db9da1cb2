// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace quern {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class EvalCli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TemporaryDirectory("quern-cli-eval");
    write_tiny_model(path("model"), 1);
    write_tiny_model(path("other"), 2);
    std::string rows;
    for (int i = 0; i < 12; ++i)
      rows += fmt::format(
          "{{\"query\": \"Question {} bees?\", \"choices\": [\"a mill\", \"bees, {}\", \"c\"], \"gold\": {}}}\n", i,
          i * i, i % 3);
    write_file(path("rows.jsonl"), rows);
    write_file(path("facts.jsonl"), "{\"context\": \"Which bees?\", \"answer\": \"all\", \"aliases\": [\"both\"]}\n");
  }
  static void TearDownTestSuite() {
    delete dir_;
    dir_ = nullptr;
  }
  static std::string path(const std::string& name) { return (dir_->path() / name).string(); }
  static Outcome choose(std::vector<std::string> more) {
    std::vector<std::string> args = {"eval", "multiple_choice", path("model"), "--file", path("rows.jsonl")};
    args.insert(args.end(), more.begin(), more.end());
    return run_quern(args);
  }

 private:
  static inline TemporaryDirectory* dir_ = nullptr;
};

TEST_F(EvalCli, EveryTaskIsListedAndExplainsItself) {
  const Outcome help = run_quern({"eval", "--help"});
  for (const char* task :
       {"hellaswag", "arc", "piqa", "mmlu", "winogrande", "boolq", "openbookqa", "gsm8k", "lambada"}) {
    EXPECT_THAT(help.out, HasSubstr(task));
    const Outcome r = run_quern({"eval", task, "--help"});
    EXPECT_EQ(r.status, 0);
    EXPECT_THAT(r.out, AllOf(HasSubstr("Examples:"), HasSubstr("--items"), HasSubstr("--shots"))) << task;
  }
  const Outcome r = run_quern({"eval", "helaswag"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("hellaswag"));
}

TEST_F(EvalCli, SharesHaveIntervalsAndDoNotDependOnThreadsOrPieces) {
  const Json whole = choose({"--json"}).json();
  EXPECT_EQ(whole["items"], 12);
  const Json& acc = whole["metrics"]["acc"];
  EXPECT_LE(acc["interval"][0], acc["value"]);
  EXPECT_GE(acc["interval"][1], acc["value"]);
  EXPECT_TRUE(whole["metrics"].contains("acc_norm"));
  choose({"--json", "--items", path("one.jsonl"), "--threads", "1"});
  choose({"--json", "--items", path("two.jsonl"), "--threads", "2", "--chunk", "7"});
  EXPECT_EQ(read_file(path("one.jsonl")), read_file(path("two.jsonl")));
  EXPECT_THAT(choose({}).out, AllOf(HasSubstr("acc_norm"), HasSubstr("95 %"), HasSubstr("12 items")));
}

TEST_F(EvalCli, AnInterruptedRunIsGoneOnWithAndNothingIsMixed) {
  const Json whole = choose({"--json", "--items", path("whole.jsonl")}).json();
  choose({"--json", "--items", path("parts.jsonl"), "--limit", "5"});
  const Json rest = choose({"--json", "--items", path("parts.jsonl")}).json();
  EXPECT_EQ(rest["resumed_items"], 5);
  EXPECT_EQ(rest["metrics"], whole["metrics"]);
  EXPECT_EQ(read_file(path("parts.jsonl")), read_file(path("whole.jsonl")));
  EXPECT_EQ(choose({"--json", "--items", path("parts.jsonl"), "--limit", "3"}).json()["items"], 3);
  const Outcome other = run_quern(
      {"eval", "multiple_choice", path("other"), "--file", path("rows.jsonl"), "--items", path("parts.jsonl")});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, AllOf(HasSubstr("parts.jsonl"), HasSubstr("model")));
  EXPECT_EQ(choose({"--items", path("parts.jsonl"), "--shots", "1"}).status, 2);
  EXPECT_EQ(read_file(path("parts.jsonl")), read_file(path("whole.jsonl")));
}

TEST_F(EvalCli, WrittenAnswersAreMeasuredToo) {
  const Json r = run_quern({"eval", "triviaqa", path("model"), "--file", path("facts.jsonl"), "--json"}).json();
  EXPECT_EQ(r["items"], 1);
  EXPECT_TRUE(r["metrics"].contains("exact_match"));
}

TEST_F(EvalCli, AFileOfAnotherShapeIsNamedWithItsLine) {
  const Outcome r = run_quern({"eval", "multiple_choice", path("model"), "--file", path("facts.jsonl")});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, AllOf(HasSubstr("facts.jsonl:1"), HasSubstr("query")));
  EXPECT_EQ(run_quern({"eval", "multiple_choice", path("model"), "--file", path("none.jsonl")}).status, 2);
}

TEST_F(EvalCli, PerplexityNamesItsProtocol) {
  write_file(path("held.txt"), std::string(700, 'a') + "\n");
  const auto measure = [&](std::vector<std::string> more) {
    std::vector<std::string> args = {"eval",   "perplexity", path("model"), path("held.txt"),
                                     "--json", "--context",  "64"};
    args.insert(args.end(), more.begin(), more.end());
    return run_quern(args).json();
  };
  const Json halves = measure({"--protocol", "llama.cpp"});
  EXPECT_EQ(halves["protocol"], "llama.cpp");
  EXPECT_EQ(halves["tokens"], 10 * 31);  // 700 characters fill ten windows of 64
  EXPECT_EQ(halves["documents"], 10);
  EXPECT_EQ(measure({})["stride"], 32);
  EXPECT_EQ(measure({"--protocol", "windows"})["stride"], 64);
  const Outcome r =
      run_quern({"eval", "perplexity", path("model"), path("held.txt"), "--protocol", "llama.cpp", "--stride", "5"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("--stride"));
}

TEST_F(EvalCli, BenchTimesWhatItIsAsked) {
  const std::vector<std::string> args = {"bench", path("model"), "--prefill", "8,30",      "--batch",
                                         "1,3",   "--tokens",    "5",         "--repeats", "2"};
  auto json = args;
  json.push_back("--json");
  const Json r = run_quern(json).json();
  ASSERT_EQ(r["results"].size(), 4u);
  EXPECT_EQ(r["results"][1]["tokens"], 30);
  EXPECT_EQ(r["results"][3]["batch"], 3);
  EXPECT_GT(r["results"][3]["read_gb_per_s"].get<double>(), 0);
  EXPECT_GT(r["first_token_s"].get<double>(), 0);
  for (const Json& row : r["results"]) {
    EXPECT_LE(row["low"].get<double>(), row["tokens_per_second"].get<double>());
    EXPECT_GE(row["high"].get<double>(), row["tokens_per_second"].get<double>());
  }
  auto csv = args;
  csv.push_back("--csv");
  const std::string table = run_quern(csv).out;
  EXPECT_EQ(std::ranges::count(table, '\n'), 5);
  EXPECT_THAT(table, HasSubstr("tokens_per_second"));
  EXPECT_THAT(run_quern(args).out, AllOf(HasSubstr("prefill 30"), HasSubstr("decode 5 x 3"), HasSubstr("first token")));
  const Outcome long_prompt = run_quern({"bench", path("model"), "--prefill", "4096"});
  EXPECT_EQ(long_prompt.status, 2);
  EXPECT_THAT(long_prompt.err, HasSubstr("128"));
}

}  // namespace
}  // namespace quern
