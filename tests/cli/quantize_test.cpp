// SPDX-License-Identifier: MIT
// `quern quantize`: with what a text tells, with AWQ, and as a table of types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace quern {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Quantize : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TemporaryDirectory("quern-quantize");
    write_tiny_model(path("model"), 1);
    std::string text;
    for (int i = 0; i < 300; ++i) text += "The miller keeps bees, and the bees keep the miller. ";
    write_file(path("text.txt"), text + "\n");
  }
  static void TearDownTestSuite() {
    delete dir_;
    dir_ = nullptr;
  }
  static std::string path(const std::string& name) { return (dir_->path() / name).string(); }
  static Outcome quantize(std::vector<std::string> args) {
    args.insert(args.begin(), {"quantize", path("model")});
    return run_quern(args);
  }

 private:
  static inline TemporaryDirectory* dir_ = nullptr;
};

TEST_F(Quantize, ATextsImportancesAreKeptAndGiveTheSameFileAgain) {
  Outcome r = quantize({path("a.gguf"), "--type", "f16", "--calibrate", path("text.txt"), "--save-imatrix",
                        path("i.gguf"), "--calibration-tokens", "600", "--json"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_GT(r.json()["bits_per_weight"].get<double>(), 10);
  EXPECT_EQ(quantize({path("b.gguf"), "--type", "f16", "--imatrix", path("i.gguf")}).status, 0);
  EXPECT_EQ(run_quern({"generate", path("a.gguf"), "-p", "x", "--greedy"}).out,
            run_quern({"generate", path("b.gguf"), "-p", "x", "--greedy"}).out);
  EXPECT_EQ(
      quantize({"--calibrate", path("text.txt"), "--save-imatrix", path("i2.gguf"), "--calibration-tokens", "600"})
          .status,
      0);
  EXPECT_EQ(read_file(path("i2.gguf")), read_file(path("i.gguf")));
}

TEST_F(Quantize, AwqWritesAnOrdinaryFolderOfTheSameModel) {
  const Outcome r = quantize(
      {path("scaled"), "--awq", "--type", "q8_0", "--calibrate", path("text.txt"), "--calibration-tokens", "600"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(run_quern({"generate", path("scaled"), "-p", "The ", "--greedy", "--max-tokens", "10"}).out,
            run_quern({"generate", path("model"), "-p", "The ", "--greedy", "--max-tokens", "10"}).out);
}

TEST_F(Quantize, TheTableMeasuresEveryTypeAndLeavesNothingBehind) {
  const Outcome r = quantize({"--table", "--types", "f32,q8_0,q4_k", "--text", path("text.txt"), "--tokens", "200",
                              "--context", "50", "--json"});
  ASSERT_EQ(r.status, 0) << r.err;
  const Json table = r.json();
  ASSERT_EQ(table["types"].size(), 4u);
  EXPECT_EQ(table["types"][0]["type"], "as it is");
  EXPECT_EQ(table["text"], "text.txt");
  for (const Json& row : table["types"]) {
    for (const char* key :
         {"size_bytes", "bits_per_weight", "decode_tokens_per_s", "prefill_tokens_per_s", "perplexity"})
      EXPECT_GT(row[key].get<double>(), 0) << row["type"] << " " << key;
    EXPECT_LE(row["same_top"].get<double>(), 1);
  }
  EXPECT_LT(table["types"][1]["kl_divergence"].get<double>(), 1e-5);  // f32 is the model itself
  EXPECT_EQ(table["types"][1]["same_top"], 1);
  // 48 columns are blocks of nothing: it says what happened instead.
  EXPECT_THAT(to_line(table["types"][3]["matrices"]), HasSubstr("rows of 48 are no blocks of 256"));
  const Outcome own = quantize({"--table", "--types", "q8_0", "--tokens", "160"});
  EXPECT_EQ(own.status, 0) << own.err;
  EXPECT_THAT(own.out, AllOf(HasSubstr("perplexity"), HasSubstr("what the model itself writes"), HasSubstr("q8_0")));
}

TEST_F(Quantize, WhatCanNotBeDoneIsOneSentence) {
  write_file(path("short.txt"), "a b\n");
  write_file(path("there.gguf"), "x");
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{},
                                             {path("there.gguf")},
                                             {path("folder")},
                                             {path("x.gguf"), "--awq"},
                                             {path("x.gguf"), "--type", "q9"},
                                             {path("x.gguf"), "--type", "iq1_s"},
                                             {path("x.gguf"), "--imatrix", path("nowhere")},
                                             {path("x.gguf"), "--imatrix", path("text.txt")},
                                             {path("x.gguf"), "--calibrate", path("short.txt")},
                                             {path("x.gguf"), "--save-imatrix", path("y")},
                                             {path("x.gguf"), "--types", "q8_0"},
                                             {path("x.gguf"), "--table"},
                                             {"--table", "--types", "q8_0,what"}}) {
    const Outcome r = quantize(args);
    EXPECT_EQ(r.status, 2) << (args.empty() ? "" : args.back());
    EXPECT_THAT(r.err, testing::StartsWith("quern: "));
    EXPECT_LE(std::ranges::count(r.err, '\n'), 2) << r.err;
    EXPECT_FALSE(fs::exists(path("x.gguf")));
  }
}

}  // namespace
}  // namespace quern
