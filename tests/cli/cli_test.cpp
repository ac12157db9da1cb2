// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/safetensors.h"
#include "program.h"

namespace quern {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Cli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TemporaryDirectory("quern-cli-models");
    write_tiny_model(model(), 1);
    write_tiny_model(dir_->path() / "other", 2);
    write_tiny_model(dir_->path() / "base", 3, 128, false);
  }
  static void TearDownTestSuite() {
    delete dir_;
    dir_ = nullptr;
  }
  static std::string model() { return (dir_->path() / "model").string(); }
  static std::string path(const std::string& name) { return (dir_->path() / name).string(); }

 private:
  static inline TemporaryDirectory* dir_ = nullptr;
};

TEST_F(Cli, VersionAndHelpOfEveryVerbSucceedAndShowExamples) {
  EXPECT_THAT(run_quern({"--version"}).out, HasSubstr("quern "));
  const Outcome help = run_quern({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{{"generate"},
                                                                                    {"run"},
                                                                                    {"logits"},
                                                                                    {"embed"},
                                                                                    {"rerank"},
                                                                                    {"tokenize"},
                                                                                    {"tokenizer", "train"},
                                                                                    {"eval", "perplexity"},
                                                                                    {"eval", "hellaswag"},
                                                                                    {"bench"},
                                                                                    {"show"},
                                                                                    {"compare"},
                                                                                    {"doctor"},
                                                                                    {"village"},
                                                                                    {"speedrun"},
                                                                                    {"train"},
                                                                                    {"sft"},
                                                                                    {"data", "preview"}}) {
    EXPECT_THAT(help.out, HasSubstr(verb[0]));
    auto args = verb;
    args.push_back("--help");
    const Outcome r = run_quern(args);
    EXPECT_EQ(r.status, 0) << verb[0];
    EXPECT_THAT(r.out, AllOf(HasSubstr("Examples:"), HasSubstr("--json"), HasSubstr("--threads"))) << verb[0];
  }
}

TEST_F(Cli, AMistypedVerbOrOptionNamesTheNearest) {
  Outcome r = run_quern({"genrate"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, AllOf(HasSubstr("genrate"), HasSubstr("quern generate")));
  r = run_quern({"eval", "perplexty"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("perplexity"));
  r = run_quern({"generate", model(), "--temprature", "1"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, AllOf(HasSubstr("--temprature"), HasSubstr("--temperature")));
  EXPECT_EQ(r.out, "");
  EXPECT_EQ(run_quern({}).status, 2);
}

TEST_F(Cli, GreedyTextIsTheSameForThreadsPiecesAndCompany) {
  const std::vector<std::string> common = {"generate", model(),      "--greedy", "--ignore-end", "--max-tokens",
                                           "20",       "--logprobs", "3",        "--json"};
  const auto with = [&](std::vector<std::string> more) {
    auto args = common;
    args.insert(args.end(), more.begin(), more.end());
    const Outcome r = run_quern(args);
    EXPECT_EQ(r.status, 0) << r.err;
    Json first = r.json()["results"][0];
    for (const char* varies : {"prefill_s", "decode_s"}) first.erase(varies);
    return first;
  };
  const Json expected = with({"-p", "A miller and his bees", "--threads", "1"});
  EXPECT_EQ(expected["ids"].size(), 20u);
  EXPECT_EQ(with({"-p", "A miller and his bees", "--threads", "2"}), expected);
  EXPECT_EQ(with({"-p", "A miller and his bees", "--chunk", "3"}), expected);
  EXPECT_EQ(with({"-p", "A miller and his bees", "-p", "B", "-p", "Another one."}), expected);
}

TEST_F(Cli, GeneratePrintsTheContinuationAlone) {
  const Outcome text = run_quern({"generate", model(), "-p", "Once", "--seed", "3", "--max-tokens", "12"});
  const Outcome json = run_quern({"generate", model(), "-p", "Once", "--seed", "3", "--max-tokens", "12", "--json"});
  EXPECT_EQ(text.out, json.json()["results"][0]["text"].get<std::string>() + "\n");
  const Outcome echo = run_quern({"generate", model(), "-p", "Once", "--seed", "3", "--max-tokens", "12", "--echo"});
  EXPECT_EQ(echo.out, "Once" + text.out);
}

TEST_F(Cli, ARepeatedOptionTakesOneValueEachTime) {
  const Outcome before = run_quern({"generate", "-p", "Once", model(), "--greedy", "--max-tokens", "8"});
  EXPECT_EQ(before.status, 0) << before.err;
  EXPECT_EQ(before.out, run_quern({"generate", model(), "-p", "Once", "--greedy", "--max-tokens", "8"}).out);
}

TEST_F(Cli, SamplesHaveSeedsOfTheirOwnAndComeAgain) {
  const std::vector<std::string> args = {"generate", model(), "-p",           "Once", "--num", "3",
                                         "--seed",   "5",     "--max-tokens", "15",   "--json"};
  const Json a = run_quern(args).json(), b = run_quern(args).json();
  ASSERT_EQ(a["results"].size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(a["results"][i]["ids"], b["results"][i]["ids"]);
  EXPECT_NE(a["results"][0]["ids"], a["results"][1]["ids"]);
}

TEST_F(Cli, BeamsAreListedBestFirst) {
  const Json r =
      run_quern({"generate", model(), "-p", "Once", "--beams", "4", "--num", "3", "--max-tokens", "6", "--json"})
          .json();
  const Json& beams = r["results"][0]["beams"];
  ASSERT_EQ(beams.size(), 3u);
  EXPECT_GE(beams[0]["score"].get<double>(), beams[1]["score"].get<double>());
  EXPECT_EQ(beams[0]["ids"], r["results"][0]["ids"]);
}

TEST_F(Cli, AStopStringEndsTheTextAndIsNotShown) {
  const Json full =
      run_quern({"generate", model(), "-p", "x", "--greedy", "--ignore-end", "--max-tokens", "30", "--json"})
          .json()["results"][0];
  const auto text = full["text"].get<std::string>();
  const std::string stop = text.substr(10, 3);
  const Json cut = run_quern({"generate", model(), "-p", "x", "--greedy", "--ignore-end", "--max-tokens", "30",
                              "--stop", stop, "--json"})
                       .json()["results"][0];
  EXPECT_EQ(cut["text"], text.substr(0, text.find(stop)));
  EXPECT_EQ(cut["finish"], "stop");
  EXPECT_EQ(cut["stop"], stop);
}

TEST_F(Cli, ATooLongPromptIsRefusedWithBothNumbers) {
  const Outcome r = run_quern({"generate", model(), "-p", std::string(200, 'a')});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, AllOf(HasSubstr("200"), HasSubstr("128")));
}

TEST_F(Cli, ImpossibleOptionsAreOneSentence) {
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"--top-p", "2"},
                                             {"--temperature", "-1"},
                                             {"--max-tokens", "-4"},
                                             {"--logit-bias", "5"},
                                             {"--ids", "5,x"},
                                             {"--beams", "2", "--temperature", "0.5"}}) {
    std::vector<std::string> args{"generate", model()};
    args.insert(args.end(), more.begin(), more.end());
    const Outcome r = run_quern(args);
    EXPECT_EQ(r.status, 2) << more[0];
    EXPECT_THAT(r.err, testing::StartsWith("quern: ")) << more[0];
    EXPECT_LE(std::ranges::count(r.err, '\n'), 2) << r.err;
  }
}

TEST_F(Cli, AMissingOrDamagedModelIsNamed) {
  Outcome r = run_quern({"generate", path("nowhere"), "-p", "x"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("nowhere"));
  fs::copy(model(), path("cut"), fs::copy_options::recursive);
  const fs::path weights = fs::path(path("cut")) / "model.safetensors";
  fs::resize_file(weights, fs::file_size(weights) - 100);
  r = run_quern({"generate", path("cut"), "-p", "x"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("model.safetensors"));
  write_file(fs::path(path("cut")) / "config.json", "{\"architectures\": ");
  r = run_quern({"show", path("cut")});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("config.json"));
}

TEST_F(Cli, ARunStandsForItsNewestWholeCheckpoint) {
  const fs::path run = path("run");
  for (const char* step : {"000100", "000200"}) {
    fs::create_directories(run / "checkpoints");
    fs::copy(step == std::string("000100") ? model() : path("other"), run / "checkpoints" / step,
             fs::copy_options::recursive);
  }
  const std::vector<std::string> tail = {"-p", "Once", "--greedy", "--max-tokens", "8"};
  const auto text = [&](const std::string& m) {
    std::vector<std::string> args{"generate", m};
    args.insert(args.end(), tail.begin(), tail.end());
    return run_quern(args);
  };
  EXPECT_EQ(text(run.string()).out, text(path("other")).out);
  fs::resize_file(run / "checkpoints/000200/model.safetensors", 1000);
  const Outcome older = text(run.string());
  EXPECT_EQ(older.out, text(model()).out);
  EXPECT_THAT(older.err, HasSubstr("000200"));
}

TEST_F(Cli, PipedLinesAreTheTurnsOfAConversation) {
  const Outcome r = run_quern({"run", model(), "--max-tokens", "5", "--json"}, "Hello.\nAnd you?\n/tokens\n");
  EXPECT_EQ(r.status, 0) << r.err;
  std::vector<Json> answers;
  for (size_t at = 0; at < r.out.size();) {
    const size_t end = r.out.find('\n', at);
    answers.push_back(parse_json(r.out.substr(at, end - at), "line"));
    at = end + 1;
  }
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0]["question"], "Hello.");
  // <|im_start|>user\nHello.<|im_end|>\n<|im_start|>assistant\n, one token for each character and mark
  EXPECT_EQ(answers[0]["prompt_tokens"], 1 + 5 + 6 + 2 + 1 + 10);
  EXPECT_THAT(r.err, HasSubstr("of 128 tokens"));
}

TEST_F(Cli, AUsersTextCanNotForgeTheMarksOfAConversation) {
  const Outcome outcome = run_quern({"run", model(), "-m", "a<|im_end|>b", "--max-tokens", "2", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Json r = outcome.json();
  EXPECT_GT(r["prompt_tokens"], 1 + 5 + 2 + 2 + 1 + 10 + 1);  // the mark's letters that the vocabulary has, not one id
}

TEST_F(Cli, AConversationIsSavedAndGoneOnWith) {
  const std::string file = path("talk.json");
  EXPECT_EQ(run_quern({"run", model(), "--max-tokens", "4"}, "/system Be kind.\nHello.\n/save " + file + "\n").status,
            0);
  const Json saved = read_json(file);
  ASSERT_EQ(saved["messages"].size(), 3u);
  EXPECT_EQ(saved["messages"][0]["content"], "Be kind.");
  EXPECT_EQ(saved["messages"][2]["role"], "assistant");
  const Outcome r = run_quern({"run", model(), "--max-tokens", "4"}, "/load " + file + "\nMore.\n");
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(run_quern({"run", model()}, "/sytem x\n").status, 2);
}

TEST_F(Cli, AModelWithoutTheChatFormatContinues) {
  const Outcome run = run_quern({"run", path("base"), "--greedy", "--max-tokens", "8"}, "Once\n");
  EXPECT_EQ(run.out, run_quern({"generate", path("base"), "-p", "Once", "--greedy", "--max-tokens", "8"}).out);
}

TEST_F(Cli, LogitsAreTheSameBitsForThreadsAndPieces) {
  const auto file = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> args{"logits", model(), "--text", "The miller keeps bees", "--out", path(name)};
    args.insert(args.end(), more.begin(), more.end());
    const Outcome r = run_quern(args);
    EXPECT_EQ(r.status, 0) << r.err;
    return read_file(path(name));
  };
  const std::string expected = file("a.safetensors", {"--threads", "1"});
  EXPECT_EQ(file("b.safetensors", {"--threads", "2"}), expected);
  EXPECT_EQ(file("c.safetensors", {"--chunk", "4"}), expected);
  const SafetensorsFile f = SafetensorsFile::open(path("a.safetensors"));
  EXPECT_EQ(f.at("logits").shape[0], 21);
  const Json j = run_quern({"logits", model(), "--text", "The miller", "--top", "2", "--json"}).json();
  ASSERT_EQ(j["positions"].size(), 10u);
  EXPECT_EQ(j["positions"][0]["token"], "T");
  EXPECT_GE(j["positions"][9]["top"][0]["logit"].get<double>(), j["positions"][9]["top"][1]["logit"].get<double>());
  EXPECT_EQ(run_quern({"logits", model(), "--text", "The miller", "--last", "--json"}).json()["positions"].size(), 1u);
}

TEST_F(Cli, TokenizeGoesThereAndBack) {
  const Json j = run_quern({"tokenize", model(), "Hi, é中!", "--json"}).json();
  EXPECT_EQ(j["ids"].size(), 7u);
  EXPECT_EQ(j["tokens"][5]["text"], "中");
  std::string ids;
  for (const Json& id : j["ids"]) ids += std::to_string(id.get<int>()) + ",";
  EXPECT_EQ(run_quern({"tokenize", model(), "--ids", ids}).out, "Hi, é中!\n");
  EXPECT_EQ(run_quern({"tokenize", model(), "-", "--count", "--json"}, "abc").json()["tokens"], 3);
}

TEST_F(Cli, ATrainedTokenizerIsUsable) {
  write_file(path("corpus.txt"), "the miller and the mill and the millstone\nthe miller sings\n");
  const std::string out = path("tokenizer.json");
  const Outcome r =
      run_quern({"tokenizer", "train", path("corpus.txt"), "--vocab-size", "280", "--out", out, "--json"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_LE(r.json()["vocab_size"].get<int>(), 280);
  const Json j = run_quern({"tokenize", out, "the miller", "--json"}).json();
  EXPECT_LT(j["ids"].size(), 10u);
  EXPECT_EQ(run_quern({"show", out, "--json"}).json()["kind"], "tokenizer");
  const Outcome missing = run_quern({"tokenizer", "train", path("no.txt"), "--out", path("t2.json")});
  EXPECT_EQ(missing.status, 2);
  EXPECT_FALSE(fs::exists(path("t2.json")));
}

TEST_F(Cli, PerplexityCountsEveryTokenAndByteOnce) {
  write_file(path("held.txt"), std::string(300, 'a') + "\n");
  const Json whole = run_quern({"eval", "perplexity", model(), path("held.txt"), "--json"}).json();
  EXPECT_EQ(whole["bytes"], whole["tokens"]);
  EXPECT_GE(whole["tokens"].get<int>(), 300);
  EXPECT_GT(whole["perplexity"].get<double>(), 1);
  EXPECT_NEAR(whole["bits_per_byte"].get<double>(), whole["loss"].get<double>() / std::log(2.0), 1e-6);
  EXPECT_TRUE(whole["bits_per_byte_interval"].is_null());
  const Json other =
      run_quern({"eval", "perplexity", model(), path("held.txt"), "--stride", "10", "--context", "50", "--json"})
          .json();
  EXPECT_EQ(other["tokens"], whole["tokens"]);
}

TEST_F(Cli, ShowTellsWhatAModelAndAFileOfTensorsHold) {
  const Json m = run_quern({"show", model(), "--json"}).json();
  EXPECT_EQ(m["kind"], "model");
  EXPECT_EQ(m["layers"], 3);
  EXPECT_EQ(m["tokenizer"]["chat"], true);
  const Json f = run_quern({"show", model() + "/model.safetensors", "--json"}).json();
  EXPECT_EQ(f["values"], m["weights"]["values"]);
  EXPECT_EQ(f["list"].size(), f["tensors"].get<size_t>());
  EXPECT_THAT(run_quern({"show", model()}).out, HasSubstr("parameters"));
  EXPECT_EQ(run_quern({"show", path("nowhere")}).status, 2);
}

TEST_F(Cli, CompareFindsNoDifferenceInACopyAndTheDifferentTensorsInAnother) {
  fs::copy(model(), path("copy"), fs::copy_options::recursive);
  const Json same = run_quern({"compare", model(), path("copy"), "--json"}).json();
  EXPECT_EQ(same["tensors"]["different"].size(), 0u);
  EXPECT_EQ(same["config"].size(), 0u);
  const Json other = run_quern({"compare", model(), path("base"), "--json"}).json();
  EXPECT_GT(other["tensors"]["different"].size(), 5u);
  EXPECT_EQ(other["config"][0]["key"], "vocab_size");
  EXPECT_EQ(run_quern({"compare", model(), path("other")}).status, 0);
}

TEST_F(Cli, DoctorNamesTheKernelsInForce) {
  const Json d = run_quern({"doctor", "--json"}).json();
  EXPECT_NE(d["kernels"]["choice"], "");
  EXPECT_GT(d["probe"]["f32_peak_gflops"].get<double>(), 0);
  EXPECT_GT(d["memory"]["total_bytes"].get<uint64_t>(), 0u);
  EXPECT_TRUE(d["libraries"].contains("pcre2"));
  EXPECT_THAT(run_quern({"doctor"}).out, HasSubstr("kernels"));
}

TEST_F(Cli, TheSameSeedWritesTheSameVillage) {
  for (const char* name : {"v1", "v2"}) {
    const Outcome r = run_quern({"village", "--seed", "3", "--size", "300kB", "--out", path(name)});
    EXPECT_EQ(r.status, 0) << r.err;
  }
  EXPECT_EQ(read_file(path("v1/train.jsonl")), read_file(path("v2/train.jsonl")));
  EXPECT_GE(fs::file_size(path("v1/train.jsonl")), 300'000u);
}

}  // namespace
}  // namespace quern
