// SPDX-License-Identifier: MIT
#include "infer/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "formats/convert.h"
#include "infer/tiny_encoder_folder.h"
#include "infer/tiny_models.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_models::tiny_encoder_config;
using testing_models::write_encoder_folder;
using testing_models::write_json;
using testing_models::write_sentence_modules;

const std::vector<std::string> kTexts = {"the miller keeps bees",
                                         "",
                                         "a",
                                         "who bakes the bread, and for whom?",
                                         "  white space at both ends ",
                                         "a long sentence about the village mill and the stream",
                                         "the miller keeps bees"};

class EmbedderTest : public testing::Test {
 protected:
  TemporaryDirectory dir;
  fs::path at(const std::string& name) const { return dir.path() / name; }

  Embedder bert(const std::string& architecture = "BertModel") const {
    write_encoder_folder(at(architecture), tiny_encoder_config(architecture));
    return Embedder::open(at(architecture).string());
  }
};

std::string refusal(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return std::string(e.what());
  }
  return "nothing was thrown";
}

TEST_F(EmbedderTest, AVectorIsTheSameBitsAloneAndInCompanyWhateverBatchAndThreads) {
  for (const char* architecture : {"BertModel", "RobertaModel", "DistilBertModel"}) {
    const Embedder embedder = bert(architecture);
    std::vector<std::vector<float>> alone;
    for (const std::string& text : kTexts) alone.push_back(embedder.embed(std::vector{text})[0].values);
    EXPECT_EQ(alone[0], alone[6]);
    EXPECT_NE(alone[0], alone[2]);
    const int threads = compute_threads();
    for (const int team : {1, 3}) {
      set_compute_threads(team);
      for (const int64_t batch : {1, 2, 5, 64}) {
        const auto together = embedder.embed(kTexts, {.pooling = {}, .normalize = {}, .prompt = {}, .batch = batch});
        for (size_t i = 0; i < kTexts.size(); ++i) EXPECT_EQ(together[i].values, alone[i]) << architecture << i;
      }
    }
    set_compute_threads(threads);
  }
}

TEST_F(EmbedderTest, PoolsTheEncodersOwnStates) {
  const Embedder embedder = bert();
  const std::vector<int32_t> ids = embedder.model().tokenizer.encode(kTexts[0]);
  const Tensor hidden = embedder.model().encoder->forward(Batch::of(ids));
  for (const Pooling way : {Pooling::cls, Pooling::mean, Pooling::max, Pooling::last}) {
    std::vector<float> expected;
    pool(way, hidden.span(), 40, 0, expected);
    EmbedOptions options;
    options.pooling = way;
    EXPECT_EQ(embedder.embed(std::vector{kTexts[0]}, options)[0].values, expected);
    EXPECT_EQ(embedder.embed_ids(std::vector<std::vector<int32_t>>{ids}, options)[0].values, expected);
  }
}

TEST_F(EmbedderTest, ATooLongTextIsCutAndSaysSoOrIsRefused) {
  const Embedder embedder = bert();
  EmbedOptions options;
  options.max_tokens = 6;  // [CLS], four letters, [SEP]
  const auto cut = embedder.embed(std::vector<std::string>{"abcdefgh", "abcd"}, options);
  EXPECT_EQ(cut[0].tokens, 6);
  EXPECT_EQ(cut[0].cut_tokens, 4);
  EXPECT_EQ(cut[1].cut_tokens, 0);
  EXPECT_EQ(cut[0].values, cut[1].values);
  options.cut = false;
  EXPECT_THAT(refusal([&] { embedder.embed(std::vector<std::string>{"ab", "abcdefgh"}, options); }),
              testing::AllOf(HasSubstr("text 1"), HasSubstr("10"), HasSubstr("6")));
  options.max_tokens = 2;
  EXPECT_THAT(refusal([&] { embedder.embed(std::vector<std::string>{"ab"}, options); }), HasSubstr("no room"));
  options.max_tokens = 65;
  EXPECT_THAT(refusal([&] { embedder.embed(std::vector<std::string>{"ab"}, options); }), HasSubstr("64"));
}

TEST_F(EmbedderTest, FollowsASentenceTransformersFolder) {
  write_encoder_folder(at("s"), tiny_encoder_config("BertModel"));
  write_sentence_modules(at("s"), {{"pooling_mode_mean_tokens", true}, {"pooling_mode_cls_token", true}}, true);
  write_json(at("s/sentence_bert_config.json"), {{"max_seq_length", 9}, {"do_lower_case", true}});
  write_json(at("s/config_sentence_transformers.json"),
             {{"prompts", {{"query", "q: "}, {"document", ""}}}, {"default_prompt_name", nullptr}});
  const Embedder embedder = Embedder::open(at("s").string());
  EXPECT_EQ(embedder.dimension(), 80);
  EXPECT_EQ(embedder.max_tokens({}), 9);
  EXPECT_TRUE(embedder.normalizes({}));
  const std::vector<std::string> one = {"the mill"};
  const auto unit = embedder.embed(one)[0].values;
  double square = 0;
  for (const float v : unit) square += double{v} * v;
  EXPECT_NEAR(square, 1, 1e-6);
  EmbedOptions options;
  options.normalize = false;
  const auto raw = embedder.embed(one, options)[0].values;  // cls first, then mean
  options.pooling = Pooling::cls;
  const auto cls = embedder.embed(one, options)[0].values;
  EXPECT_TRUE(std::equal(cls.begin(), cls.end(), raw.begin()));
  options = {};
  options.prompt_name = "query";
  EXPECT_EQ(embedder.embed(one, options)[0].values, embedder.embed(std::vector<std::string>{"q: the mill"})[0].values);
  options.prompt_name = "answer";
  EXPECT_THAT(refusal([&] { embedder.embed(one, options); }),
              testing::AllOf(HasSubstr("answer"), HasSubstr("document, query")));
}

TEST_F(EmbedderTest, FewerDimensionsAreTheFirstOnesWithLengthOne) {
  const Embedder embedder = bert();
  EmbedOptions options;
  options.normalize = true;
  auto whole = embedder.embed(std::vector{kTexts[0]}, options)[0].values;
  options.dimensions = 8;
  const auto few = embedder.embed(std::vector{kTexts[0]}, options)[0].values;
  ASSERT_EQ(few.size(), 8u);
  whole.resize(8);
  normalize_length(whole);
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(few[i], whole[i], 1e-6);
  options.dimensions = 41;
  EXPECT_THAT(refusal([&] { embedder.embed(std::vector{kTexts[0]}, options); }), HasSubstr("40"));
}

TEST_F(EmbedderTest, APromptCanBeLeftOutOfTheMean) {
  write_encoder_folder(at("s"), tiny_encoder_config("BertModel"));
  write_sentence_modules(at("s"), {{"pooling_mode", "mean"}, {"include_prompt", false}}, false);
  const Embedder embedder = Embedder::open(at("s").string());
  EmbedOptions options;
  options.prompt = "ab ";
  const auto got = embedder.embed(std::vector<std::string>{"cd"}, options)[0].values;
  const Tensor hidden = embedder.model().encoder->forward(Batch::of(embedder.model().tokenizer.encode("ab cd")));
  std::vector<float> expected;
  pool(Pooling::mean, hidden.span(), 40, 3, expected);  // without [CLS], a, ##b
  EXPECT_EQ(got, expected);
}

TEST_F(EmbedderTest, ADenseLayerStandsBehindPooling) {
  write_encoder_folder(at("s"), tiny_encoder_config("DistilBertModel"));
  write_sentence_modules(at("s"), {{"pooling_mode_mean_tokens", true}}, false);
  Json modules = read_json(at("s/modules.json"));
  modules.push_back({{"idx", 2}, {"path", "2_Dense"}, {"type", "sentence_transformers.models.Dense"}});
  write_json(at("s/modules.json"), modules);
  write_json(at("s/2_Dense/config.json"), {{"in_features", 40},
                                           {"out_features", 3},
                                           {"bias", true},
                                           {"activation_function", "torch.nn.modules.activation.Tanh"}});
  Rng rng(1);
  const Tensor w = Tensor::normal(rng, {3, 40}), b = Tensor::normal(rng, {3});
  save_tensors(at("s/2_Dense/model.safetensors"), {{"linear.weight", w}, {"linear.bias", b}});
  const Embedder embedder = Embedder::open(at("s").string());
  EXPECT_EQ(embedder.dimension(), 3);
  const auto got = embedder.embed(std::vector{kTexts[0]})[0].values;
  const auto ids = embedder.model().tokenizer.encode(kTexts[0]);
  std::vector<float> mean;
  pool(Pooling::mean, embedder.model().encoder->forward(Batch::of(ids)).span(), 40, 0, mean);
  for (int64_t m = 0; m < 3; ++m) {
    double sum = b.data()[m];
    for (int64_t k = 0; k < 40; ++k) sum += double{w.data()[m * 40 + k]} * mean[size_t(k)];
    EXPECT_NEAR(got[size_t(m)], std::tanh(sum), 1e-5);
  }
  EmbedOptions options;
  options.pooling = Pooling::max;
  EXPECT_EQ(embedder.embed(std::vector{kTexts[0]}, options)[0].values.size(), 3u);
  save_tensors(at("s/2_Dense/model.safetensors"), {{"linear.weight", w}});
  EXPECT_THAT(refusal([&] { Embedder::open(at("s").string()); }), HasSubstr("linear.bias"));
}

TEST_F(EmbedderTest, DamagedModulesAreRefusedByName) {
  const auto with_modules = [&](const Json& modules) {
    write_encoder_folder(at("s"), tiny_encoder_config("BertModel"));
    write_json(at("s/1_Pooling/config.json"), {{"pooling_mode_mean_tokens", true}});
    write_json(at("s/modules.json"), modules);
    return refusal([&] { Embedder::open(at("s").string()); });
  };
  const auto module = [](const char* path, const char* type) { return Json{{"path", path}, {"type", type}}; };
  EXPECT_THAT(with_modules({module("", "x.Transformer"), module("../1_Pooling", "x.Pooling")}), HasSubstr("leads out"));
  EXPECT_THAT(with_modules({module("", "x.Transformer"), module("/etc", "x.Pooling")}), HasSubstr("leads out"));
  EXPECT_THAT(with_modules({module("", "x.Transformer"), module("", "x.LSTM")}), HasSubstr("x.LSTM"));
  EXPECT_THAT(with_modules(Json::array({module("", "x.Transformer")})), HasSubstr("no module"));
  EXPECT_THAT(with_modules(Json::object()), HasSubstr("a list is expected"));
  EXPECT_THAT(with_modules({module("", "x.Transformer"), Json{{"path", 5}, {"type", "x.Pooling"}}}), HasSubstr("path"));
  write_json(at("s/1_Pooling/config.json"), {{"pooling_mode", "median"}});
  EXPECT_THAT(refusal([&] { Embedder::open(at("s").string()); }), testing::Not(HasSubstr("nothing")));
}

TEST_F(EmbedderTest, AGgufFileGivesTheFoldersVectors) {
  for (const char* mode : {"mean", "cls", "lasttoken"}) {
    write_encoder_folder(at("s"), tiny_encoder_config("BertModel"));
    write_sentence_modules(at("s"), {{"pooling_mode", mode}}, false);
    const fs::path file = at(std::string(mode) + ".gguf");
    convert_model(at("s"), file);
    const Embedder folder = Embedder::open(at("s").string()), gguf = Embedder::open(file.string());
    EXPECT_EQ(gguf.poolings({}), folder.poolings({}));
    const auto a = folder.embed(kTexts), b = gguf.embed(kTexts);
    for (size_t i = 0; i < kTexts.size(); ++i) EXPECT_EQ(a[i].values, b[i].values) << mode << i;
  }
}

TEST_F(EmbedderTest, ADecodersLastStateIsItsVector) {
  Json config = testing_models::tiny_llama_config(200);
  fs::create_directories(at("llama"));
  save_model(at("llama"), *build_model(config, ParamStore::fresh(1, {})));
  write_json(at("llama/tokenizer.json"), testing_models::letters_tokenizer());
  const Embedder embedder = Embedder::open(at("llama").string());
  const auto ids = embedder.model().tokenizer.encode("bees");
  const Tensor hidden = embedder.model().decoder->forward(Batch::of(ids));
  const auto got = embedder.embed(std::vector<std::string>{"the miller", "bees", "bread"});
  EXPECT_EQ(got[1].values, hidden.slice(0, int64_t(ids.size()) - 1, int64_t(ids.size())).to_vector());
  EmbedOptions options;
  options.pooling = Pooling::mean;
  EXPECT_NE(embedder.embed(std::vector<std::string>{"bees"}, options)[0].values, got[1].values);
}

}  // namespace
}  // namespace quern
