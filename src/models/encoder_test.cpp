// SPDX-License-Identifier: MIT
// What every encoder promises: it learns, sees both ways, keeps texts apart and names what is inside. Its values are
// held to transformers' by the goldens.
#include "models/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/tiny_encoders.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_models::encoder_classes;
using testing_models::tiny_encoder_config;

std::vector<int32_t> some_tokens(uint64_t seed, int64_t n) {
  Rng rng(seed);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(int32_t(2 + rng.below(198)));  // 0 and 1 are padding somewhere
  return ids;
}

std::unique_ptr<Encoder> tiny_encoder(const Json& config, const ParamOptions& options = {}) {
  return build_encoder(config, ParamStore::fresh(1, options));
}

class EveryEncoder : public testing::TestWithParam<std::string> {
 protected:
  const std::vector<std::vector<int32_t>> texts{some_tokens(1, 12), some_tokens(2, 1), some_tokens(3, 55)};
  Json config() const { return tiny_encoder_config(GetParam()); }
};

// All that comes out, for one number to differentiate.
std::vector<Tensor> all_outputs(const Encoder& encoder, const Batch& batch, std::span<const int32_t> types) {
  const Tensor hidden = encoder.forward(batch, types);
  std::vector<Tensor> out;
  for (const EncoderOutput& o : encoder.outputs(hidden, batch)) out.push_back(o.values.contiguous());
  if (out.empty()) {
    out.push_back(hidden);
    if (const Tensor pooled = encoder.pooled(hidden, batch)) out.push_back(pooled);
  }
  return out;
}

// Sum over all outputs of value times a fixed random weight.
double weighed_sum(const std::vector<Tensor>& outputs) {
  double total = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<float> values = outputs[i].to_vector();
    const std::vector<float> w = Rng(7 + i).normal(values.size());
    for (size_t k = 0; k < values.size(); ++k) total += double{values[k]} * w[k];
  }
  return total;
}

TEST_P(EveryEncoder, EachParametersGradientIsTheSlope) {
  const auto encoder = tiny_encoder(config(), {.trainable = Trainable::Yes});
  const Batch batch = Batch::of(std::vector<std::vector<int32_t>>{some_tokens(4, 9), some_tokens(5, 6)});
  std::vector<int32_t> types(15, 0);
  if (encoder->shape().types > 1) std::fill(types.begin() + 4, types.begin() + 9, 1);
  const auto outputs = all_outputs(*encoder, batch, types);
  Tensor loss;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor w = Tensor::from(Rng(7 + i).normal(size_t(outputs[i].numel())), outputs[i].shape());
    const Tensor part = sum(outputs[i] * w);
    loss = loss ? loss + part : part;
  }
  loss.backward();
  for (const Parameter& p : encoder->params->parameters()) {
    SCOPED_TRACE(p.name);
    const Tensor value = p.value.detach();
    ASSERT_TRUE(p.value.grad().defined());
    const std::vector<float> g = p.value.grad().contiguous().to_vector();
    double norm = 0;
    for (const float x : g) norm += double{x} * x;
    norm = std::sqrt(norm);
    // A bias of keys shifts all of a query's scores alike: softmax does not see it.
    if (p.name.ends_with(".key.bias") || p.name.ends_with("k_lin.bias")) {
      EXPECT_LT(norm, 1e-3);
      continue;
    }
    ASSERT_GT(norm, 1e-4);
    // Along the gradient the sum rises by its norm per unit. The step moves it by about 0.02: rounding is some 1e-5,
    // curvature cancels up to third order.
    const double h = std::min(0.02 / norm, 0.02);
    const std::vector<float> before = value.to_vector();
    const auto at = [&](double step) {
      for (size_t i = 0; i < g.size(); ++i) value.data()[i] = float(before[i] + step * g[i] / norm);
      return weighed_sum(all_outputs(*encoder, batch, types));
    };
    const double rise = at(h) - at(-h);
    std::copy(before.begin(), before.end(), value.data());
    EXPECT_NEAR(rise / (2 * h), norm, 0.03 * norm + 3e-5 / h);
  }
}

TEST_P(EveryEncoder, ATextsResultsAreTheSameBitsAloneAndInCompany) {
  for (const bool packed : {false, true}) {
    const auto encoder = tiny_encoder(config(), {.packed_products = packed});
    const Batch together = Batch::of(texts);
    const Tensor hidden = encoder->forward(together);
    const auto outputs = encoder->outputs(hidden, together);
    for (size_t s = 0; s < texts.size(); ++s) {
      const Batch alone = Batch::of(texts[s]);
      const Tensor own = encoder->forward(alone);
      const int64_t begin = together.segments[s], end = together.segments[s + 1];
      EXPECT_EQ(own.to_vector(), hidden.slice(0, begin, end).to_vector());
      const auto own_outputs = encoder->outputs(own, alone);
      for (size_t i = 0; i < outputs.size(); ++i) {
        const Tensor rows = outputs[i].per_token ? outputs[i].values.slice(0, begin, end)
                                                 : outputs[i].values.slice(0, int64_t(s), int64_t(s) + 1);
        EXPECT_EQ(own_outputs[i].values.to_vector(), rows.to_vector()) << outputs[i].name;
      }
    }
  }
}

TEST_P(EveryEncoder, EveryTokenSeesTheWholeText) {
  const auto encoder = tiny_encoder(config());
  std::vector<int32_t> ids = some_tokens(6, 20);
  const auto row = [&](int64_t n) {
    const Tensor hidden = encoder->forward(Batch::of(ids));
    return hidden.slice(0, n, n + 1).to_vector();
  };
  const auto first = row(0), last = row(19);
  ids[10] = ids[10] == 50 ? 51 : 50;
  EXPECT_NE(row(0), first);
  EXPECT_NE(row(19), last);
}

TEST_P(EveryEncoder, WeightsLaidOutForTheKernelsGiveTheSameValues) {
  const Batch batch = Batch::of(texts);
  const auto plain = all_outputs(*tiny_encoder(config()), batch, {});
  const auto packed = all_outputs(*tiny_encoder(config(), {.packed_products = true}), batch, {});
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(plain[i].to_vector(), packed[i].to_vector());
}

TEST_P(EveryEncoder, HandsOutItsActivationsByName) {
  const auto encoder = tiny_encoder(config());
  Taps taps;
  taps.wanted = {encoder->tap_name(0), encoder->tap_name(1), encoder->tap_name(2)};
  Batch batch = Batch::of(texts);
  batch.taps = &taps;
  const Tensor hidden = encoder->forward(batch);
  ASSERT_EQ(taps.got.size(), 3u);
  EXPECT_EQ(taps.got.at(encoder->tap_name(2)).to_vector(), hidden.to_vector());
}

TEST_P(EveryEncoder, ATextBeyondTheTableOfPositionsIsRefusedWithBothNumbers) {
  const auto encoder = tiny_encoder(config());
  const int64_t context = encoder->shape().context();
  EXPECT_EQ(context, GetParam().find("oberta") == std::string::npos ? 64 : 62);
  encoder->forward(Batch::of(some_tokens(1, context)));
  try {
    encoder->forward(Batch::of(some_tokens(1, context + 1)));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(e.message(), HasSubstr(std::to_string(context + 1)));
    EXPECT_THAT(e.message(), HasSubstr(std::to_string(context)));
  }
}

INSTANTIATE_TEST_SUITE_P(Classes, EveryEncoder, testing::ValuesIn(encoder_classes()),
                         [](const auto& info) { return info.param; });

TEST(Encoder, ANameIsWhatTheClassSavesItAs) {
  EXPECT_TRUE(tiny_encoder(tiny_encoder_config("BertModel"))->params->find("embeddings.word_embeddings.weight"));
  const auto masked = tiny_encoder(tiny_encoder_config("BertForMaskedLM"));
  EXPECT_TRUE(masked->params->find("bert.encoder.layer.1.attention.self.query.weight"));
  EXPECT_TRUE(masked->params->find("cls.predictions.bias"));
  EXPECT_FALSE(masked->params->find("bert.pooler.dense.weight"));
  EXPECT_TRUE(tiny_encoder(tiny_encoder_config("RobertaForSequenceClassification"))
                  ->params->find("classifier.out_proj.weight"));
}

TEST(Encoder, AnUntiedHeadHasAMatrixOfItsOwn) {
  Json config = tiny_encoder_config("BertForMaskedLM");
  config["tie_word_embeddings"] = false;
  EXPECT_TRUE(tiny_encoder(config)->params->find("cls.predictions.decoder.weight"));
}

TEST(Encoder, ABodyIsBuiltWithoutItsHeads) {
  const auto body = build_encoder(tiny_encoder_config("BertForMaskedLM"), ParamStore::fresh(1, {}), true);
  EXPECT_FALSE(body->params->find("cls.predictions.bias"));
  EXPECT_TRUE(body->params->find("bert.embeddings.LayerNorm.weight"));
}

TEST(Encoder, OldCheckpointsNamesAreKnown) {
  const EncoderFamily* bert = encoder_family_of(tiny_encoder_config("BertModel"));
  EXPECT_THAT(encoder_aliases(*bert, "embeddings.LayerNorm.weight"),
              testing::UnorderedElementsAre("bert.embeddings.LayerNorm.weight", "embeddings.LayerNorm.gamma",
                                            "bert.embeddings.LayerNorm.gamma"));
  EXPECT_THAT(encoder_aliases(*bert, "bert.embeddings.LayerNorm.bias"), testing::Contains("embeddings.LayerNorm.beta"));
}

TEST(Encoder, RobertaPassesOverPaddingWhereItCountsPlaces) {
  const auto encoder = tiny_encoder(tiny_encoder_config("RobertaModel"));
  Taps taps;
  taps.wanted = {encoder->tap_name(0)};
  const auto embedding_of_last = [&](std::vector<int32_t> ids) {
    Batch batch = Batch::of(ids);
    batch.taps = &taps;
    encoder->forward(batch);
    const int64_t n = int64_t(ids.size());
    return taps.got.at(encoder->tap_name(0)).slice(0, n - 1, n).to_vector();
  };
  EXPECT_EQ(embedding_of_last({5, 1, 9}), embedding_of_last({5, 9}));  // 1 is the padding
  EXPECT_NE(embedding_of_last({5, 2, 9}), embedding_of_last({5, 9}));
}

TEST(Encoder, WhatItCanNotDoIsRefusedByName) {
  const auto message = [](Json config) {
    try {
      build_encoder(config, ParamStore::fresh(1, {}));
    } catch (const Error& e) {
      return e.message();
    }
    return std::string("nothing was thrown");
  };
  const auto with = [](const char* key, Json value) {
    Json config = tiny_encoder_config("BertModel");
    config[key] = std::move(value);
    return config;
  };
  EXPECT_THAT(message(with("position_embedding_type", "relative_key")), HasSubstr("relative_key"));
  EXPECT_THAT(message(with("is_decoder", true)), HasSubstr("is_decoder"));
  EXPECT_THAT(message(with("hidden_act", "maxout")), HasSubstr("maxout"));
  EXPECT_THAT(message(with("architectures", {"BertForMultipleChoice"})), HasSubstr("BertForMultipleChoice"));
  EXPECT_THAT(message(with("num_attention_heads", 7)), HasSubstr("7"));
  EXPECT_THAT(message(with("num_hidden_layers", 1000000)), HasSubstr("1000000"));
  const auto encoder = tiny_encoder(tiny_encoder_config("BertModel"));
  EXPECT_THROW(encoder->forward(Batch::of(some_tokens(1, 2)), std::vector<int32_t>{0, 2}), Error);
  EXPECT_THROW(family_of(tiny_encoder_config("BertModel")), Error);
}

}  // namespace
}  // namespace quern
