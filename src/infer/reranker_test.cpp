// SPDX-License-Identifier: MIT
#include "infer/reranker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "infer/tiny_encoder_folder.h"

namespace quern {
namespace {

using testing_models::tiny_encoder_config;
using testing_models::write_encoder_folder;
using testing_models::write_json;

const std::vector<std::string> kAnswers = {"the miller keeps bees", "bread is dear", "a",
                                           "the mill stands by the stream, and the miller lives in it"};

TEST(FitPair, KeepsWhatLongestFirstKeeps) {
  // Expected lengths: the formula of Hugging Face tokenizers' LongestFirst, by hand.
  EXPECT_EQ(kept_of_pair(5, 7, 20), std::pair(int64_t{5}, int64_t{7}));
  EXPECT_EQ(kept_of_pair(3, 9, 10), std::pair(int64_t{3}, int64_t{7}));
  EXPECT_EQ(kept_of_pair(9, 3, 10), std::pair(int64_t{7}, int64_t{3}));
  EXPECT_EQ(kept_of_pair(9, 8, 11), std::pair(int64_t{6}, int64_t{5}));
  EXPECT_EQ(kept_of_pair(8, 8, 11), std::pair(int64_t{5}, int64_t{6}));
  EXPECT_EQ(kept_of_pair(30, 30, 10), std::pair(int64_t{5}, int64_t{5}));
}

TEST(FitPair, CutsEachTextsEndAndKeepsTheMarksAndTypes) {
  const Tokenizer t = Tokenizer::from_json(testing_models::letters_tokenizer().dump(), "test");
  const auto ids = [&](const char* text) { return t.encode(text, {.add_special = false}); };
  const FittedText whole = fit_pair(t, "abc", "de", 0);
  EXPECT_EQ(whole.ids, t.encode_pair("abc", "de").ids);
  EXPECT_EQ(whole.types, (std::vector<int32_t>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(whole.cut, 0);
  const FittedText cut = fit_pair(t, "abcdef", "gh", 8);  // 3 marks, so 3 + 2 letters
  EXPECT_EQ(cut.ids, t.encode_pair("abc", "gh").ids);
  EXPECT_EQ(cut.types, (std::vector<int32_t>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(cut.cut, 3);
  EXPECT_EQ(fit_text(t, "abcdef", 5).ids, t.encode("abc"));
  EXPECT_EQ(ids("abc").size(), 3u);
}

TEST(FitText, LowerCaseIsThatOfUnicode) { EXPECT_EQ(lower_cased("A ÄB"), "a äb"); }

class RerankerTest : public testing::Test {
 protected:
  TemporaryDirectory dir;
  std::string folder(const std::string& architecture, const Json& more = Json::object()) const {
    Json config = tiny_encoder_config(architecture);
    config["id2label"] = {{"0", "LABEL_0"}};
    config.update(more);
    const fs::path at = dir.path() / architecture;
    write_encoder_folder(at, config);
    return at.string();
  }
};

TEST_F(RerankerTest, ACrossEncoderReadsQuestionAndTextTogether) {
  for (const char* architecture :
       {"BertForSequenceClassification", "RobertaForSequenceClassification", "DistilBertForSequenceClassification"}) {
    const Reranker reranker = Reranker::open(folder(architecture));
    EXPECT_TRUE(reranker.is_cross_encoder());
    EXPECT_EQ(reranker.kind_of_score({}), "sigmoid");
    RerankOptions raw;
    raw.raw_scores = true;
    const auto scores = reranker.score("who keeps bees?", kAnswers, {});
    const auto logits = reranker.score("who keeps bees?", kAnswers, raw);
    ASSERT_EQ(scores.size(), kAnswers.size());
    const TextModel model = TextModel::open(fs::path(folder(architecture)), false);
    for (size_t i = 0; i < kAnswers.size(); ++i) {
      const FittedText pair = fit_pair(model.tokenizer, "who keeps bees?", kAnswers[i], 0);
      const auto states = model.run({&pair});
      EXPECT_EQ(logits[i].score, double{model.encoder->text_scores(states.hidden, states.batch).item()});
      EXPECT_NEAR(scores[i].score, 1 / (1 + std::exp(-logits[i].score)), 1e-12);
      RerankOptions one;
      one.batch = 1;
      EXPECT_EQ(reranker.score("who keeps bees?", std::span(&kAnswers[i], 1), one)[0].score, scores[i].score);
    }
  }
}

TEST_F(RerankerTest, TheFolderSaysWhatMakesAScoreOfTheNumber) {
  const Json identity = {{"sentence_transformers", {{"activation_fn", "torch.nn.modules.linear.Identity"}}}};
  EXPECT_EQ(Reranker::open(folder("BertForSequenceClassification", identity)).kind_of_score({}), "logit");
  const Json older = {{"sbert_ce_default_activation_function", "torch.nn.modules.linear.Identity"}};
  EXPECT_EQ(Reranker::open(folder("BertForSequenceClassification", older)).kind_of_score({}), "logit");
  const Json odd = {{"sbert_ce_default_activation_function", "os.system"}};
  EXPECT_THROW(Reranker::open(folder("BertForSequenceClassification", odd)), Error);
  const Json three = {{"id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}}}};
  EXPECT_THROW(Reranker::open(folder("BertForSequenceClassification", three)), Error);
}

TEST_F(RerankerTest, WithoutSuchAHeadVectorsAreCompared) {
  const Reranker reranker = Reranker::open(folder("BertModel"));
  EXPECT_FALSE(reranker.is_cross_encoder());
  EXPECT_EQ(reranker.kind_of_score({}), "cosine");
  const auto scores = reranker.score(kAnswers[0], kAnswers, {});
  EXPECT_NEAR(scores[0].score, 1, 1e-6);
  EXPECT_LT(scores[1].score, 1);
}

TEST_F(RerankerTest, ATooLongTextIsCutAndSaysSoOrIsRefused) {
  const Reranker reranker = Reranker::open(folder("BertForSequenceClassification"));
  RerankOptions options;
  options.max_tokens = 12;
  const auto scores = reranker.score("ab", kAnswers, options);
  EXPECT_EQ(scores[3].tokens, 12);
  EXPECT_GT(scores[3].cut_tokens, 0);
  EXPECT_EQ(scores[2].cut_tokens, 0);
  options.cut = false;
  EXPECT_THROW(reranker.score("ab", kAnswers, options), Error);
}

}  // namespace
}  // namespace quern
