// SPDX-License-Identifier: MIT
#include "formats/quantise_plan.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace quern {
namespace {

std::map<std::string, DType> planned(int64_t C, const QuantisePlanOptions& options) {
  const std::pair<const char*, Shape> parameters[] = {{"model.embed_tokens.weight", {40, C}},
                                                      {"model.layers.0.self_attn.q_proj.weight", {16, C}},
                                                      {"model.layers.0.self_attn.q_proj.bias", {16}},
                                                      {"model.layers.0.mlp.gate.weight", {4, C}},
                                                      {"model.layers.0.mlp.experts.0.gate_proj.weight", {8, C}},
                                                      {"model.norm.weight", {C}},
                                                      {"lm_head.weight", {40, C}}};
  std::map<std::string, DType> out;
  for (const auto& [name, shape] : parameters) {
    const PlannedTensor t = plan_tensor(name, shape, options);
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

TEST(QuantisePlan, TypesThatAreNotWrittenAreRefused) {
  for (const DType dtype : {DType::iq2_xs, DType::tq1_0, DType::i32, DType::f8_e4m3})
    EXPECT_THROW(require_written(dtype), Error) << name(dtype);
  for (const DType dtype : {DType::q4_k, DType::mxfp4, DType::f16}) EXPECT_NO_THROW(require_written(dtype));
}

}  // namespace
}  // namespace quern
