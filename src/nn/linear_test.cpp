// SPDX-License-Identifier: MIT
// Weights that stay where and as the checkpoint has them.

#include "nn/linear.h"

#include <gtest/gtest.h>

#include <map>

namespace quern {
namespace {

std::map<std::string, Tensor> checkpoint(DType q, DType k) {
  Rng rng(1);
  return {{"q.weight", Tensor::normal(rng, {8, 256}).to(q)},
          {"k.weight", Tensor::normal(rng, {4, 256}).to(k)},
          {"q.bias", Tensor::normal(rng, {8}).to(DType::f16)},
          {"k.bias", Tensor::normal(rng, {4})},
          {"table.weight", Tensor::normal(rng, {10, 256}).to(q)}};
}

Params params_of(const std::map<std::string, Tensor>& tensors, const ParamOptions& options,
                 std::shared_ptr<ParamStore>* store = nullptr) {
  const auto find = [&tensors](const std::string& name) -> std::optional<Tensor> {
    const auto at = tensors.find(name);
    return at == tensors.end() ? std::nullopt : std::optional(at->second);
  };
  auto made = ParamStore::from_checkpoint(find, "here", options);
  if (store) *store = made;
  return Params(made);
}

Tensor some_rows() {
  Rng rng(2);
  return Tensor::normal(rng, {3, 256});
}

TEST(Linear, KeptPartsGiveTheBitsOfPackedOnes) {
  for (const auto& [q, k] : {std::pair{DType::q4_k, DType::q6_k},
                             {DType::q8_0, DType::q8_0},
                             {DType::f16, DType::f32},
                             {DType::f32, DType::f32},
                             {DType::bf16, DType::iq4_nl}}) {
    SCOPED_TRACE(fmt::format("{} {}", name(q), name(k)));
    const auto tensors = checkpoint(q, k);
    const auto y = [&](const ParamOptions& options) {
      const Linear qk(params_of(tensors, options), {{"q", 8}, {"k", 4}}, 256, Bias::Yes, 1);
      EXPECT_EQ(qk.in(), 256);
      EXPECT_EQ(qk.out(), 12);
      return qk(some_rows()).to_vector();
    };
    const std::vector<float> copied = y({});
    EXPECT_EQ(y({.packed_products = true}), copied);
    EXPECT_EQ(y({.keep_stored = true}), copied);
    EXPECT_EQ(y({.packed_products = true, .keep_stored = true}), copied);
  }
}

TEST(Linear, KeptWeightsAreNotCopiedAndKeepTheirNames) {
  const auto tensors = checkpoint(DType::q4_k, DType::f16);
  std::shared_ptr<ParamStore> store;
  const Params p = params_of(tensors, {.packed_products = true, .keep_stored = true}, &store);
  const Linear qk(p, {{"q", 8}, {"k", 4}}, 256, Bias::Yes, 1);
  const Embedding table(p / "table", 10, 256, 1);
  std::vector<std::string> names;
  for (const Parameter& parameter : store->parameters()) {
    names.push_back(parameter.name);
    if (parameter.value.ndim() == 2) {
      EXPECT_EQ(parameter.value.raw(), tensors.at(parameter.name).raw());
      EXPECT_EQ(parameter.value.dtype(), tensors.at(parameter.name).dtype());
    } else {
      EXPECT_EQ(parameter.value.dtype(), DType::f32);  // vectors are read value by value
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"q.weight", "k.weight", "q.bias", "k.bias", "table.weight"}));
  const Tensor ids = Tensor::from(std::vector<int32_t>{9, 0}, {2});
  EXPECT_EQ(table(ids).to_vector(), embedding(tensors.at("table.weight").to(DType::f32), ids).to_vector());
  // The table as a tied head.
  const Linear head(table.weight, p.options());
  EXPECT_EQ(head(some_rows()).to_vector(), linear(some_rows(), table.weight.to(DType::f32)).to_vector());
}

TEST(Linear, ASecondViewOfKeptPartsSharesTheirMemory) {
  const auto tensors = checkpoint(DType::q4_k, DType::q8_0);
  const ParamOptions options{.keep_stored = true};
  std::shared_ptr<ParamStore> store;
  const Linear first(params_of(tensors, options, &store), {{"q", 8}, {"k", 4}}, 256, Bias::No, 1);
  const Params again(ParamStore::alias(store, options));
  const Linear second(again, {{"q", 8}, {"k", 4}}, 256, Bias::No, 1);
  EXPECT_EQ(first(some_rows()).to_vector(), second(some_rows()).to_vector());
  EXPECT_EQ(second.ready[0].stored.matrix().data, tensors.at("q.weight").raw());
}

TEST(Linear, AQuantisedMatrixStoredTransposedIsReadWhereItLies) {
  Rng rng(3);
  const Tensor w = Tensor::normal(rng, {5, 256}).to(DType::q8_0);
  const std::map<std::string, Tensor> tensors{{"weight", w.transpose(0, 1)}, {"bias", Tensor::zeros({5})}};
  const Linear kept = Linear::transposed(params_of(tensors, {.keep_stored = true}), 256, 5, 1);
  const Linear copied = Linear::transposed(params_of(tensors, {}), 256, 5, 1);
  EXPECT_EQ(kept(some_rows()).to_vector(), copied(some_rows()).to_vector());
  EXPECT_EQ(kept.ready[0].stored.matrix().data, w.raw());
}

TEST(Linear, ATrainableWeightIsCopiedWhateverIsKept) {
  const auto tensors = checkpoint(DType::q4_k, DType::q6_k);
  const ParamOptions options{.trainable = Trainable::Yes, .keep_stored = true};
  const Linear qk(params_of(tensors, options), {{"q", 8}, {"k", 4}}, 256, Bias::Yes, 1);
  EXPECT_EQ(qk.weight.dtype(), DType::f32);
  EXPECT_TRUE(qk.weight.trainable());
  EXPECT_TRUE(qk.ready.empty());
}

TEST(Params, AMissingOrMisshapenStoredTensorIsNamed) {
  const auto tensors = checkpoint(DType::q4_k, DType::q6_k);
  const ParamOptions options{.keep_stored = true};
  for (const auto& [leaf, rows] : {std::pair{"v", 4}, {"k", 5}}) {
    try {
      Linear(params_of(tensors, options), {{"q", 8}, {leaf, rows}}, 256, Bias::No, 1);
      FAIL() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidModel);
      EXPECT_NE(e.message().find(std::string(leaf) + ".weight"), std::string::npos) << e.message();
    }
  }
}

}  // namespace
}  // namespace quern
