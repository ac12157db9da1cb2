// SPDX-License-Identifier: MIT
#pragma once

#include "nn/linear.h"
#include "nn/rotary.h"

namespace quern {

struct AttentionConfig {
  int64_t C = 0, H = 0, K = 0, D = 0;
  bool bias = false;         // on q, k, v and the output
  float std = 0.02f;         // initial weights
  float out_std = 0.02f;     // of the output projection
  AttentionOptions options;  // scale, window
};

// Attention over what a batch can see: its own rows of the sequence, or the cached positions. One product makes q, k
// and v, which turn in place and stay views of it.
//   qkv (N, H + 2K, D)  ->  (N, H * D)
Tensor attend(const Tensor& qkv, int64_t H, int64_t K, const Batch& batch, int64_t layer,
              const AttentionOptions& options, std::string_view name);

// Multi-head attention with grouped queries and rotary positions, under Llama's names.
struct Attention {
  AttentionConfig config;
  Linear qkv, out;
  std::string name;

  Attention(Params p, const AttentionConfig& c);
  Tensor operator()(const Tensor& x, const Batch& batch, const RopeTable& rope,
                    int64_t layer) const;  // (N, C) -> (N, C)
};

}  // namespace quern
