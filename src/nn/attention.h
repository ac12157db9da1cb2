// SPDX-License-Identifier: MIT
#pragma once

#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/rotary.h"

namespace quern {

// Root-mean-square norms of queries and keys before they turn, so that scores can't grow without bound. Henry et al.
// 2020, arXiv:2010.04245; Dehghani et al. 2023, arXiv:2302.05442.
enum class QkNorm : uint8_t {
  none,
  head,        // over the D values of each head; one weight (D) for all of them (Qwen3, Gemma 3)
  projection,  // over all heads of a token together; weights (H * D) and (K * D) (OLMo 2)
};

struct AttentionConfig {
  int64_t C = 0, H = 0, K = 0, D = 0;
  bool bias = false;         // on q, k and v
  bool out_bias = false;     // on the output
  bool fused = false;        // the checkpoint has q, k and v as one matrix, qkv_proj
  float std = 0.02f;         // initial weights
  float out_std = 0.02f;     // of the output projection
  AttentionOptions options;  // scale, window, softcap
  QkNorm qk_norm = QkNorm::none;
  float norm_eps = 1e-6f, norm_offset = 0;  // of those norms
};

// Attention over what a batch can see: its own rows of the sequence, or the cached positions.
//   q (N, H, D)   k, v (N, K, D)   ->   (N, H * D)
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Batch& batch, int64_t layer,
              const AttentionOptions& options, std::string_view name);
// The same for q, k and v as views of one product qkv (N, H + 2K, D).
Tensor attend(const Tensor& qkv, int64_t H, int64_t K, const Batch& batch, int64_t layer,
              const AttentionOptions& options, std::string_view name);

// Multi-head attention with grouped queries and rotary positions, under Llama's names. One product makes q, k and v,
// which turn in place and stay views of it where nothing normalises them.
struct Attention {
  AttentionConfig config;
  Linear qkv, out;
  RmsNorm q_norm, k_norm;
  std::string name;

  Attention(Params p, const AttentionConfig& c);
  // Without a rotary table positions are not seen but for the causal order ("NoPE", Kazemnejad et al. 2023,
  // arXiv:2305.19466).
  Tensor operator()(const Tensor& x, const Batch& batch, const RopeTable& rope,
                    int64_t layer) const;  // (N, C) -> (N, C)

 private:
  Tensor attend_normalised(const Tensor& qkv, const Batch& batch, const RopeTable& rope, int64_t layer) const;
};

}  // namespace quern
