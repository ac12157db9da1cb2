// SPDX-License-Identifier: MIT
#pragma once
// Optimizers over all parameters of a model.
//   AdamW  Loshchilov & Hutter 2017, arXiv:1711.05101: for everything, or for what Muon leaves.
//   Muon   Jordan et al. 2024, "Muon: an optimizer for hidden layers": momentum whose matrix is made orthogonal by a
//          Newton-Schulz iteration; for the matrices inside blocks. Embeddings, head, norms and biases stay with AdamW.

#include <optional>
#include <string>
#include <vector>

#include "nn/params.h"

namespace quern {

struct OptimizerConfig {
  enum class Kind { adamw, muon } kind = Kind::adamw;
  float beta1 = 0.9f, beta2 = 0.95f, eps = 1e-8f;
  float weight_decay = 0.1f;   // of tensors with two or more dimensions; vectors don't decay
  float muon_lr_ratio = 1.0f;  // Muon's learning rate over AdamW's
  float muon_momentum = 0.95f;
  int muon_iterations = 5;
  bool muon_nesterov = true;
};

// x (rows, cols) f32 -> the nearest matrix with equal singular values, roughly: five steps of the quintic iteration
// X <- a X + (b A + c A A) X with A = X X^T and (a, b, c) = (3.4445, -4.7750, 2.0315).
Tensor orthogonalised(const Tensor& x, int iterations, float eps = 1e-7f);

class Optimizer {
 public:
  Optimizer(const ParamStore& params, const OptimizerConfig& config);

  // One update with the gradients that lie in the parameters, each multiplied by grad_scale. A parameter without a
  // gradient is left alone.
  void step(float lr, float grad_scale = 1.0f);
  int64_t steps_done() const { return steps_; }

  // Square root of the sum of squares of all gradients, and the name of the first that is not finite.
  struct GradNorm {
    double norm = 0;
    std::string first_non_finite;
  };
  GradNorm grad_norm() const;

  // Everything a resumed run needs: moments, momenta, and the low halves of split bf16 weights.
  std::vector<std::pair<std::string, Tensor>> state() const;
  // Throws InvalidData when a tensor is missing or has another shape.
  void restore(int64_t steps, const std::function<std::optional<Tensor>(const std::string& name)>& find,
               const std::string& where);

 private:
  struct Slot {
    Parameter parameter;
    bool muon = false;
    Tensor m, v;  // first and second moment; Muon has only m
    Tensor low;   // lower 16 bits of a weight stored in bf16
  };
  OptimizerConfig config_;
  std::vector<Slot> slots_;
  int64_t steps_ = 0;
  void muon_update(Slot& slot, float lr, float grad_scale);
};

}  // namespace quern
