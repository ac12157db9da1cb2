// SPDX-License-Identifier: MIT
#pragma once
// A model written with fewer bits for each weight, by the rules of quantise_plan.h.

#include "formats/convert.h"
#include "formats/importance.h"
#include "formats/model_source.h"
#include "formats/quantise_plan.h"

namespace quern {

struct QuantiseOptions {
  QuantisePlanOptions plan;                // `tied` is found out from the model
  const Importance* importance = nullptr;  // weighs the errors; none: all columns alike
  // Instead of encoding by importance: `values` (rows, K) of the matrix `name` in `dtype`.
  std::function<Tensor(const std::string& name, const Tensor& values, DType dtype)> encode = {};
  uint64_t max_part_bytes = 0;  // of the weights in one file; 0: no limit
  Json note = Json::object();   // for the step's entry in the lineage
};

struct QuantiseReport {
  ConvertReport written;
  struct Matrices {
    int64_t tensors = 0, bytes = 0;
    std::string reason;  // why they are not of the type asked for; "" when they are
  };
  std::map<std::string, Matrices> types;  // by the type's name
  uint64_t size_bytes = 0;                // of the files
  double bits_per_weight() const;
};

// `to` ends in .gguf. Throws as convert_model() does, and InvalidData for importances of another model.
QuantiseReport quantise_model(const ModelSource& source, const fs::path& to, const QuantiseOptions& options);

// (rows, K) in `dtype`, the errors weighed by importance (K; empty: all alike) where the type has blocks.
Tensor encoded_by_importance(const std::string& name, const Tensor& values, DType dtype,
                             std::span<const float> importance);

}  // namespace quern
