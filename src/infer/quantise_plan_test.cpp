// SPDX-License-Identifier: MIT
#include "infer/quantise_plan.h"

#include <gtest/gtest.h>

#include <map>

namespace quern {
namespace {

std::vector<Parameter> parameters(int64_t C) {
  return {{"model.embed_tokens.weight", Tensor::zeros({40, C})},
          {"model.layers.0.self_attn.q_proj.weight", Tensor::zeros({16, C})},
          {"model.layers.0.self_attn.q_proj.bias", Tensor::zeros({16})},
          {"model.layers.0.mlp.gate.weight", Tensor::zeros({4, C})},
          {"model.layers.0.mlp.experts.0.gate_proj.weight", Tensor::zeros({8, C})},
          {"model.norm.weight", Tensor::zeros({C})},
          {"lm_head.weight", Tensor::zeros({40, C})}};
}

std::map<std::string, DType> planned(int64_t C, const QuantisePlanOptions& options) {
  std::map<std::string, DType> out;
  for (const PlannedTensor& t : plan_quantisation(parameters(C), options)) {
    out[t.name] = t.dtype;
    EXPECT_EQ(t.reason.empty(), t.dtype == options.dtype) << t.name << ": " << t.reason;
  }
  return out;
}

TEST(QuantisePlan, VectorsAndRoutersStayAndTheHeadGetsSixBits) {
  const auto plan = planned(256, {.dtype = DType::q4_k});
  EXPECT_EQ(plan.at("model.layers.0.self_attn.q_proj.weight"), DType::q4_k);
  EXPECT_EQ(plan.at("model.layers.0.mlp.experts.0.gate_proj.weight"), DType::q4_k);
  EXPECT_EQ(plan.at("model.embed_tokens.weight"), DType::q4_k);
  EXPECT_EQ(plan.at("lm_head.weight"), DType::q6_k);
  for (const char* name :
       {"model.norm.weight", "model.layers.0.self_attn.q_proj.bias", "model.layers.0.mlp.gate.weight"})
    EXPECT_EQ(plan.at(name), DType::f32) << name;
  EXPECT_EQ(planned(256, {.dtype = DType::q8_0}).at("lm_head.weight"), DType::q8_0);
  EXPECT_EQ(planned(256, {.dtype = DType::f16}).at("lm_head.weight"), DType::f16);
}

TEST(QuantisePlan, ATiedEmbeddingIsAHead) {
  EXPECT_EQ(planned(256, {.dtype = DType::q4_0, .tied = true}).at("model.embed_tokens.weight"), DType::q6_k);
}

TEST(QuantisePlan, WhatIsAskedForEmbeddingAndHeadHolds) {
  const auto plan = planned(256, {.dtype = DType::q4_k, .embedding = DType::q8_0, .head = DType::f16});
  EXPECT_EQ(plan.at("model.embed_tokens.weight"), DType::q8_0);
  EXPECT_EQ(plan.at("lm_head.weight"), DType::f16);
}

TEST(QuantisePlan, RowsThatAreNoBlocksFallBackByTheRule) {
  const std::pair<DType, DType> rule[] = {{DType::q2_k, DType::iq4_nl},   {DType::q3_k, DType::iq4_nl},
                                          {DType::iq4_xs, DType::iq4_nl}, {DType::q4_k, DType::q5_0},
                                          {DType::q5_k, DType::q5_1},     {DType::q6_k, DType::q8_0}};
  for (const auto& [wanted, given] : rule) {
    EXPECT_EQ(dtype_for_rows(wanted, 512), wanted);
    EXPECT_EQ(dtype_for_rows(wanted, 576), given);
    EXPECT_EQ(dtype_for_rows(wanted, 100), DType::f16);
  }
  EXPECT_EQ(dtype_for_rows(DType::q4_0, 576), DType::q4_0);
  EXPECT_EQ(dtype_for_rows(DType::q4_0, 48), DType::f16);
  const auto plan = planned(96, {.dtype = DType::q4_k});
  EXPECT_EQ(plan.at("lm_head.weight"), DType::q8_0);
  EXPECT_EQ(plan.at("model.embed_tokens.weight"), DType::q5_0);
}

TEST(QuantisePlan, BytesAreThoseOfTheBlocks) {
  // One block a row: 40 rows of q6_k (210 bytes), 64 of q4_k (144); the rest is f32.
  const auto plan = plan_quantisation(parameters(256), {.dtype = DType::q4_k});
  EXPECT_EQ(planned_bytes(plan), 40 * 210 + (40 + 16 + 8) * 144 + 4 * (16 + 4 * 256 + 256));
}

TEST(QuantisePlan, TypesThatAreNotWrittenAreRefused) {
  for (const DType dtype : {DType::iq2_xs, DType::tq1_0, DType::i32, DType::f8_e4m3})
    EXPECT_THROW(plan_quantisation(parameters(256), {.dtype = dtype}), Error) << name(dtype);
}

TEST(QuantisePlan, ImportanceReachesTheQuantiser) {
  Rng rng(1);
  const Tensor w = Tensor::normal(rng, {8, 256});
  std::vector<float> importance(256, 0.01f);
  for (size_t k = 0; k < 32; ++k) importance[k] = 100;
  const auto error = [&](const Tensor& q) {
    double sum = 0;
    const std::vector<float> a = q.to_vector(), b = w.to_vector();
    for (size_t i = 0; i < a.size(); ++i) sum += importance[i % 256] * (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    return sum;
  };
  EXPECT_LT(error(quantised(w, DType::q4_k, importance)), error(quantised(w, DType::q4_k)));
  EXPECT_EQ(quantised(w, DType::f16, importance).to_vector(), w.to(DType::f16).to_vector());
}

}  // namespace
}  // namespace quern
