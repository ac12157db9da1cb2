// SPDX-License-Identifier: MIT
// Models of every family to a folder and back.
#include <gtest/gtest.h>

#include <algorithm>

#include "formats/hf_folder.h"
#include "formats/safetensors.h"
#include "models/tiny_configs.h"

namespace quern {
namespace {

using testing_models::dense_families;
using testing_models::tiny_config;

class SavedFamily : public testing::TestWithParam<std::string> {};

std::vector<float> logits_of(const CausalLm& model) {
  const std::vector<int32_t> ids{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5};
  return model.logits(model.forward(Batch::of(ids))).to_vector();
}

TEST_P(SavedFamily, ComesBackBitForBitUnderItsNames) {
  const TemporaryDirectory folder("quern_family");
  const auto model = build_model(tiny_config(GetParam()), ParamStore::fresh(7, {}));
  // Norm weights and biases start as ones and zeros; others would not show a mix-up.
  Rng rng(3);
  for (const Parameter& p : model->params->parameters())
    if (p.value.ndim() == 1)
      for (int64_t i = 0; i < p.value.numel(); ++i) p.value.data()[i] += float(0.1 * rng.normal());
  save_model(folder.path(), *model);
  const auto loaded = load_model(folder.path());
  EXPECT_EQ(logits_of(*loaded), logits_of(*model));
  EXPECT_EQ(loaded->shape().family, model->shape().family);
  std::vector<std::string> names, saved;
  for (const Parameter& p : model->params->parameters()) names.push_back(p.name);
  const SafetensorsModel file = SafetensorsModel::open(folder.path());
  for (const SafetensorsTensor* t : file.tensors()) saved.push_back(t->name);
  std::ranges::sort(names);
  std::ranges::sort(saved);
  EXPECT_EQ(saved, names);
}

INSTANTIATE_TEST_SUITE_P(Dense, SavedFamily, testing::ValuesIn(dense_families()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace quern
