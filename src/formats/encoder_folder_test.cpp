// SPDX-License-Identifier: MIT
// Encoders to disk and back, and under the names of other checkpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/hf_folder.h"
#include "formats/safetensors.h"
#include "models/tiny_encoders.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_models::tiny_encoder_config;

const std::vector<int32_t> kWords = {5, 9, 17, 33, 120};

class EncoderFolder : public testing::TestWithParam<std::string> {
 protected:
  TemporaryDirectory dir;
  fs::path folder(const std::string& name) const {
    fs::create_directories(dir.path() / name);
    return dir.path() / name;
  }
  static std::unique_ptr<Encoder> open(const fs::path& folder, bool body_only = false) {
    return load_encoder(*ModelSource::open(folder), {}, body_only);
  }
  static std::vector<float> states(const Encoder& encoder) { return encoder.forward(Batch::of(kWords)).to_vector(); }
  // The same tensors with other names, and some more.
  fs::path renamed(const Encoder& encoder, const std::function<std::string(std::string)>& rename,
                   const std::vector<std::string>& more = {}) const {
    const fs::path to = folder("renamed");
    std::vector<std::pair<std::string, Tensor>> tensors;
    for (const Parameter& p : encoder.params->parameters()) tensors.emplace_back(rename(p.name), p.value);
    for (const std::string& name : more) tensors.emplace_back(name, Tensor::zeros({3}));
    save_tensors(to / "model.safetensors", tensors);
    write_file(to / "config.json", encoder.config().dump());
    return to;
  }
};

TEST_P(EncoderFolder, ComesBackAsItWas) {
  const auto encoder = build_encoder(tiny_encoder_config(GetParam()), ParamStore::fresh(3, {}));
  save_encoder(folder("a"), *encoder);
  const auto back = open(folder("a"));
  EXPECT_EQ(states(*back), states(*encoder));
  EXPECT_EQ(back->params->num_values(), encoder->params->num_values());
  EXPECT_EQ(states(*open(folder("a"), true)), states(*encoder));
}

INSTANTIATE_TEST_SUITE_P(Classes, EncoderFolder, testing::ValuesIn(testing_models::encoder_classes()),
                         [](const auto& info) { return info.param; });

class EncoderNaming : public EncoderFolder {};

TEST_F(EncoderNaming, PrefixesMayBeThereOrNotAndNormsMayBeGammaAndBeta) {
  const auto bare = build_encoder(tiny_encoder_config("BertModel"), ParamStore::fresh(3, {}));
  EXPECT_EQ(states(*open(renamed(*bare, [](std::string name) { return "bert." + name; },
                                 {"cls.predictions.bias", "bert.embeddings.position_ids"}))),
            states(*bare));
  const auto masked = build_encoder(tiny_encoder_config("BertForMaskedLM"), ParamStore::fresh(3, {}));
  const auto old = [](std::string name) {
    for (const auto& [now, then] :
         {std::pair{"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}})
      if (const size_t at = name.find(now); at != std::string::npos) name.replace(at, std::string(now).size(), then);
    return name;
  };
  const auto read = open(renamed(*masked, old, {"cls.seq_relationship.bias"}));
  EXPECT_EQ(states(*read), states(*masked));
  const Tensor rows = read->forward(Batch::of(kWords));
  EXPECT_EQ(read->predictions(rows).to_vector(), masked->predictions(rows).to_vector());
}

TEST_F(EncoderNaming, ABareEncoderMayLackItsPooler) {
  const auto encoder = build_encoder(tiny_encoder_config("BertModel"), ParamStore::fresh(3, {}));
  const auto without = [](std::string name) {
    return name.starts_with("pooler.") ? "cls." + name : name;  // out of the way
  };
  const auto read = open(renamed(*encoder, without));
  EXPECT_FALSE(read->shape().pooler);
  EXPECT_EQ(states(*read), states(*encoder));
}

TEST_F(EncoderNaming, WhatHasNoPlaceOrIsMissingIsNamed) {
  const auto message = [](const fs::path& at) {
    try {
      open(at);
    } catch (const Error& e) {
      return e.message();
    }
    return std::string("nothing was thrown");
  };
  const auto encoder = build_encoder(tiny_encoder_config("BertForTokenClassification"), ParamStore::fresh(3, {}));
  const auto same = [](std::string name) { return name; };
  EXPECT_THAT(message(renamed(*encoder, same, {"bert.encoder.extra"})), HasSubstr("bert.encoder.extra"));
  EXPECT_THAT(message(renamed(*encoder, [](std::string name) { return name == "classifier.bias" ? "x" : name; })),
              HasSubstr("classifier.bias"));
  Json config = tiny_encoder_config("BertModel");
  config["vocab_size"] = int64_t{1} << 39;
  fs::path at = renamed(*encoder, same);
  write_file(at / "config.json", config.dump());
  EXPECT_THAT(message(at), HasSubstr("vocab_size"));
  config["vocab_size"] = 203;
  config["max_position_embeddings"] = int64_t{1} << 39;
  write_file(at / "config.json", config.dump());
  EXPECT_THAT(message(at), HasSubstr("max_position_embeddings"));
}

}  // namespace
}  // namespace quern
