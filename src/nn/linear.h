// SPDX-License-Identifier: MIT
#pragma once

#include "nn/params.h"

namespace quern {

enum class Bias : bool { No, Yes };

// y = x w^T + b, see linear() in tensor/ops.h.
struct Linear {
  Tensor weight;  // (M, K); a transposed view where the checkpoint stores (K, M); none where parts lie apart
  Tensor bias;    // (M) or none
  Precision precision = Precision::f32;
  // The same weights made ready for inference: one, or one for each part that lies where the checkpoint has it.
  std::vector<WeightPart> ready;
  // Who looks at the inputs, and under which names; none but for calibration.
  struct Watched {
    std::shared_ptr<InputTap> tap;
    std::vector<std::string> names;
  };
  std::shared_ptr<const Watched> watched;

  Linear() = default;
  Linear(Params p, int64_t K, int64_t M, Bias with_bias, float std);
  // Several projections of the same input as one product: parts {name, rows}, kept under their own names.
  Linear(Params p, const std::vector<std::pair<std::string, int64_t>>& parts, int64_t K, Bias with_bias, float std);
  // Shares a matrix that another module owns: a tied head.
  Linear(const Tensor& shared, const ParamOptions& options);
  // GPT-2's "Conv1D": the checkpoint's matrix is (K, M).
  static Linear transposed(Params p, int64_t K, int64_t M, float std);

  Tensor operator()(const Tensor& x) const {  // (..., K) -> (..., M)
    if (watched) watched->tap->see(watched->names, x);
    return ready.empty() ? linear(x, weight, bias, precision) : linear(x, ready);
  }
  int64_t in() const { return K_; }
  int64_t out() const { return M_; }

 private:
  int64_t K_ = 0, M_ = 0;
  void prepare(const std::vector<Tensor>& weights, const ParamOptions& options);
};

// Rows of a table.
struct Embedding {
  Tensor weight;  // (V, C) of any dtype

  Embedding() = default;
  Embedding(Params p, int64_t V, int64_t C, float std) : weight(p.tensor("weight", {V, C}, init::normal(std))) {}
  Tensor operator()(const Tensor& ids) const { return embedding(weight, ids); }  // (N) -> (N, C)
};

}  // namespace quern
