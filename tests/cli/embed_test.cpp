// SPDX-License-Identifier: MIT
// quern embed and quern rerank as a user runs them, on tiny encoders with random weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/safetensors.h"
#include "infer/tiny_encoder_folder.h"
#include "program.h"

namespace quern {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_models::tiny_encoder_config;

class EmbedProgram : public testing::Test {
 protected:
  void SetUp() override {
    testing_models::write_encoder_folder(path("bert"), tiny_encoder_config("BertModel"));
    testing_models::write_sentence_modules(path("bert"), {{"pooling_mode_mean_tokens", true}}, true);
    Json config = tiny_encoder_config("BertForSequenceClassification");
    config["id2label"] = {{"0", "LABEL_0"}};
    testing_models::write_encoder_folder(path("cross"), config);
  }
  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

 private:
  TemporaryDirectory dir_;
};

TEST_F(EmbedProgram, PrintsOneVectorForEachTextWhereverTheTextsComeFrom) {
  const Outcome words = run_quern({"embed", path("bert"), "the mill", "a bee"});
  EXPECT_EQ(words.status, 0) << words.err;
  EXPECT_EQ(std::ranges::count(words.out, '\n'), 2);
  EXPECT_EQ(std::ranges::count(words.out, ' '), 2 * 39);
  write_file(path("texts"), "the mill\na bee\n");
  EXPECT_EQ(run_quern({"embed", path("bert"), "--file", path("texts"), "--batch", "1"}).out, words.out);
  EXPECT_EQ(run_quern({"embed", path("bert"), "-f", "-"}, "the mill\r\na bee").out, words.out);
}

TEST_F(EmbedProgram, JsonAndFileHoldTheSameNumbers) {
  const Json j = run_quern({"embed", path("bert"), "the mill", "a bee", "--json", "--similarity"}).json();
  EXPECT_EQ(j["dimension"], 40);
  EXPECT_EQ(j["pooling"], Json({"mean"}));
  EXPECT_EQ(j["normalized"], true);
  EXPECT_EQ(j["results"][1]["tokens"], 6);
  EXPECT_NEAR(j["similarity"][0][0].get<double>(), 1, 1e-6);
  EXPECT_EQ(j["similarity"][0][1], j["similarity"][1][0]);
  const Outcome r = run_quern({"embed", path("bert"), "the mill", "a bee", "--out", path("v.safetensors")});
  EXPECT_EQ(r.status, 0) << r.err;
  const SafetensorsFile file = SafetensorsFile::open(path("v.safetensors"));
  EXPECT_EQ(file.at("embeddings").shape, (std::vector<int64_t>{2, 40}));
  float first;
  std::memcpy(&first, file.at("embeddings").bytes.data(), 4);
  EXPECT_EQ(first, j["results"][0]["embedding"][0].get<float>());
}

TEST_F(EmbedProgram, CuttingATextIsSaidAloudOrRefused) {
  const std::string text = "abcdefghijklmnop";
  Outcome r = run_quern({"embed", path("bert"), text, "--max-tokens", "8", "--json"});
  EXPECT_EQ(r.status, 0);
  EXPECT_THAT(r.err, AllOf(HasSubstr("1 of 1"), HasSubstr("18"), HasSubstr("8")));
  EXPECT_EQ(r.json()["results"][0]["cut_tokens"], 10);
  r = run_quern({"embed", path("bert"), text, "--max-tokens", "8", "--no-cut"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, AllOf(HasSubstr("18"), HasSubstr("8")));
  EXPECT_EQ(r.out, "");
}

TEST_F(EmbedProgram, ImpossibleRequestsAreOneSentence) {
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{{},
                                                                                    {"a", "--pooling", "median"},
                                                                                    {"a", "--dimensions", "41"},
                                                                                    {"a", "--max-tokens", "500"},
                                                                                    {"a", "--prompt-name", "query"},
                                                                                    {"a", "--file", "x"}}) {
    std::vector<std::string> args{"embed", path("bert")};
    args.insert(args.end(), more.begin(), more.end());
    const Outcome r = run_quern(args);
    EXPECT_EQ(r.status, 2) << r.out;
    EXPECT_THAT(r.err, testing::StartsWith("quern: "));
    EXPECT_LE(std::ranges::count(r.err, '\n'), 2) << r.err;
  }
  EXPECT_THAT(run_quern({"generate", path("bert"), "-p", "x"}).err, HasSubstr("quern embed"));
}

TEST_F(EmbedProgram, RerankPutsTheBestFirst) {
  const Outcome outcome = run_quern({"rerank", path("cross"), "bees?", "the mill", "a bee", "bread", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Json j = outcome.json();
  EXPECT_EQ(j["score"], "sigmoid");
  ASSERT_EQ(j["results"].size(), 3u);
  for (size_t i = 1; i < 3; ++i) EXPECT_GE(j["results"][i - 1]["score"], j["results"][i]["score"]);
  const size_t best = j["results"][0]["index"];
  EXPECT_EQ(j["results"][0]["text"], (std::vector<std::string>{"the mill", "a bee", "bread"})[best]);
  const Json one =
      run_quern({"rerank", path("cross"), "bees?", "the mill", "a bee", "bread", "--top", "1", "--json"}).json();
  EXPECT_EQ(one["results"], Json::array({j["results"][0]}));
  EXPECT_EQ(run_quern({"rerank", path("bert"), "a bee", "the mill", "a bee", "--json"}).json()["results"][0]["index"],
            1);
  EXPECT_EQ(run_quern({"rerank", path("cross"), "bees?"}).status, 2);
}

TEST_F(EmbedProgram, ShowTellsWhatAnEncoderIs) {
  const Json j = run_quern({"show", path("cross"), "--json"}).json();
  EXPECT_EQ(j["kind"], "encoder");
  EXPECT_EQ(j["family"], "bert");
  EXPECT_EQ(j["layers"], 2);
  EXPECT_EQ(run_quern({"show", path("bert")}).status, 0);
}

}  // namespace
}  // namespace quern
