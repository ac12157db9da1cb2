// SPDX-License-Identifier: MIT
#include "formats/rescaled_model.h"

#include "base/error.h"

namespace quern {

namespace {
class RescaledWeights final : public Weights {
 public:
  RescaledWeights(std::unique_ptr<Weights> weights, const Rescalings& rescalings)
      : weights_(std::move(weights)), rescalings_(rescalings) {}
  std::vector<std::string> names() const override { return weights_->names(); }
  int64_t num_values() const override { return weights_->num_values(); }
  std::optional<Tensor> find(const std::string& name) const override {
    std::optional<Tensor> t = weights_->find(name);
    const auto factors = rescalings_.find(name);
    if (t && factors != rescalings_.end()) t = rescaled(name, *t, factors->second);
    return t;
  }

 private:
  std::unique_ptr<Weights> weights_;
  const Rescalings& rescalings_;
};
}  // namespace

Tensor rescaled(const std::string& name, const Tensor& values, const Rescaling& factors) {
  const int64_t M = values.size(0), K = values.ndim() > 1 ? values.numel() / M : 1;
  if ((!factors.rows.empty() && int64_t(factors.rows.size()) != M) ||
      (!factors.columns.empty() && int64_t(factors.columns.size()) != K))
    throw Error(ErrorKind::InvalidModel, "'{}' of shape {} can't be scaled by {} and {} factors", name,
                to_string(values.shape()), factors.rows.size(), factors.columns.size());
  const Tensor out = values.to(DType::f32).contiguous().clone();
  for (int64_t m = 0; m < M; ++m) {
    const float row = factors.rows.empty() ? 1.0f : factors.rows[size_t(m)];
    float* at = out.data() + m * K;
    for (int64_t k = 0; k < K; ++k) {
      const float factor = row * (factors.columns.empty() ? 1.0f : factors.columns[size_t(k)]);
      at[k] = (at[k] + factors.offset) * factor - factors.offset;
    }
  }
  return out;
}

RescaledModel::RescaledModel(const ModelSource& source, Rescalings rescalings)
    : ModelSource(source.path()), source_(source), rescalings_(std::move(rescalings)) {
  config_ = source.config();
  generation_config_ = source.generation_config();
  tokenizer_config_ = source.tokenizer_config();
}

std::unique_ptr<Weights> RescaledModel::weights() const {
  return std::make_unique<RescaledWeights>(source_.weights(), rescalings_);
}

}  // namespace quern
