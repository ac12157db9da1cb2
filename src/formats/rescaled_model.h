// SPDX-License-Identifier: MIT
#pragma once
// A model whose tensors are multiplied by factors of rows and columns, as AWQ wants it (infer/awq.h).

#include <map>
#include <string>
#include <vector>

#include "formats/model_source.h"

namespace quern {

struct Rescaling {
  std::vector<float> rows, columns;  // a factor for each; empty: 1. Of a vector only rows
  float offset = 0;                  // added to the values before, taken off again after (norms kept as w - 1)
};
using Rescalings = std::map<std::string, Rescaling>;  // by the names that the weights have in `source`

// In f32. Throws InvalidModel when the factors are not as many as the rows and columns.
Tensor rescaled(const std::string& name, const Tensor& values, const Rescaling& factors);

// `source`, which must live longer, with some of its tensors rescaled (and then in f32).
class RescaledModel final : public ModelSource {
 public:
  RescaledModel(const ModelSource& source, Rescalings rescalings);
  std::unique_ptr<Weights> weights() const override;
  bool has_tokenizer() const override { return source_.has_tokenizer(); }
  Tokenizer tokenizer() const override { return source_.tokenizer(); }
  std::string tokenizer_json() const override { return source_.tokenizer_json(); }
  Json lineage() const override { return source_.lineage(); }

 private:
  const ModelSource& source_;
  Rescalings rescalings_;
};

}  // namespace quern
