// SPDX-License-Identifier: MIT
#pragma once
// Cross-entropy of rows of logits with the gradient in the same pass. The caller walks the vocabulary's product in
// chunks of rows, so that all logits never exist at once.

#include <cstdint>

#include "base/ignore_label.h"

#include "base/ignore_label.h"

namespace quern {

struct CrossEntropyOptions {
  float label_smoothing = 0.0f;  // e: target (1 - e) onehot + e / V. Szegedy et al. 2015, arXiv:1512.00567, section 7
  float z_loss = 0.0f;           // + z * logsumexp^2. PaLM, arXiv:2204.02311, section 5
  float softcap = 0.0f;          // logits become cap * tanh(logits / cap) first; 0 = none. Gemma 2, arXiv:2408.00118
  float grad_scale = 1.0f;       // factor on the gradient, not on the loss
  bool write_grad = true;        // false leaves the logits as they are
};

// For each row with label y, l = softcapped logits, lse = log sum exp(l), p = exp(l - lse):
//   loss = (1 - e) (lse - l_y) + e (lse - mean(l)) + z lse^2
//   dlogits = grad_scale * w_n * ((1 + 2 z lse) p - (1 - e) onehot_y - e / V) * (1 - (l / cap)^2 if capped)
//   logits (N, V), rows `stride` apart; in: logits, out: dlogits   labels (N), kIgnoreLabel = row does not count: loss
//   0, gradient 0   row_weight w (N) or nullptr = ones, multiplies the gradient only   ->   loss (N)   lse (N) or
//   nullptr
// Labels outside [0, V) other than kIgnoreLabel must be refused by the caller.
using CrossEntropyFn = void(float* logits, int64_t stride, const int32_t* labels, const float* row_weight, float* loss,
                            float* lse, const CrossEntropyOptions& options, int64_t N, int64_t V);
CrossEntropyFn cross_entropy_ref, cross_entropy_simd;

}  // namespace quern
