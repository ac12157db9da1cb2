// SPDX-License-Identifier: MIT
#pragma once
// Scaled dot-product attention for training, over packed sequences. Vaswani et al. 2017, arXiv:1706.03762, eq. 1;
// grouped queries: arXiv:2305.13245; online softmax and recomputation in the backward pass: Rabe & Staats 2021,
// arXiv:2112.05682, and Dao 2023, arXiv:2307.08691.

#include <cstdint>

namespace quern {

// Rows of heads: row n, head h, component d stands at data[n * stride + h * D + d]. q, k and v may be column slices of
// one matrix.
struct ConstHeads {
  const float* data;
  int64_t stride;
};
struct Heads {
  float* data;
  int64_t stride;
  operator ConstHeads() const { return {data, stride}; }
};

struct AttentionShape {
  int64_t H, K, D;  // query heads, key/value heads (H % K == 0; query head h reads h / (H / K)), size of a head
  int64_t D_v = 0;  // size of a value head; 0 = D
  // Sequences: rows segments[s] .. segments[s + 1] of q belong to sequence s, (num_segments + 1) offsets, ascending.
  // Attention never crosses them. k and v have rows of their own in cross-attention, where kv_segments is given.
  const int64_t* segments = nullptr;
  int64_t num_segments = 0;
  const int64_t* kv_segments = nullptr;
  float scale = 1.0f;  // on q k^T, usually 1 / sqrt(D)
  bool causal = true;  // query t of T sees keys up to S - T + t of S
  int64_t window = 0;  // > 0: only the last `window` of them, the query's own included (causal only). arXiv:2310.06825
  float softcap = 0.0f;  // > 0: scores become cap * tanh(scores / cap). Gemma 2, arXiv:2408.00118

  int64_t value_size() const { return D_v > 0 ? D_v : D; }
  const int64_t* key_segments() const { return kv_segments ? kv_segments : segments; }
};

// out = softmax(softcap(scale q k^T)) v;  lse = log sum exp of a query's scores, kept for the backward pass.
//   q (N, H, D)   k (M, K, D)   v (M, K, D_v)   ->   out (N, H, D_v)   lse (N, H) contiguous, or nullptr
// A query that sees no key gives zeros and lse = -inf.
using AttentionFn = void(ConstHeads q, ConstHeads k, ConstHeads v, Heads out, float* lse, const AttentionShape& shape);
AttentionFn attention_ref, attention_simd;

// With P = exp(s - lse), dP = dout v^T, delta = rowsum(dout * out), dS = P * (dP - delta) (times 1 - (s/cap)^2 if
// capped):
//   dq = scale dS k,   dk = scale dS^T q,   dv = P^T dout
// written, or added to when accumulate. dq, dk, dv have the shapes of q, k, v and strides of their own.
// arXiv:2307.08691, algorithm 2. One task owns a (sequence, key/value head), so the sums have one order.
using AttentionBackwardFn = void(ConstHeads q, ConstHeads k, ConstHeads v, ConstHeads out, const float* lse,
                                 ConstHeads dout, Heads dq, Heads dk, Heads dv, bool accumulate,
                                 const AttentionShape& shape);
AttentionBackwardFn attention_backward_ref, attention_backward_simd;

// The probabilities themselves, for looking inside; slow. For each sequence in turn (H, T, S), one after the other.
using AttentionProbabilitiesFn = void(ConstHeads q, ConstHeads k, float* probabilities, const AttentionShape& shape);
AttentionProbabilitiesFn attention_probabilities_ref;
// Floats that takes: the sum over sequences of H * T * S.
int64_t attention_probabilities_size(const AttentionShape& shape);

}  // namespace quern
