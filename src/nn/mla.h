// SPDX-License-Identifier: MIT
#pragma once

#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/rotary.h"

namespace quern {

struct LatentAttentionConfig {
  int64_t C = 0, H = 0;
  int64_t q_rank = 0;              // width that queries are squeezed through; 0 = not at all
  int64_t R = 0;                   // width of the latent that keys and values are made from
  int64_t D_nope = 0, D_rope = 0;  // values of a key that don't turn, and that do
  int64_t D_v = 0;                 // size of a value
  bool bias = false;               // on the first projections and the output
  float norm_eps = 1e-6f;
  RopePairs pairs = RopePairs::interleaved;
  float std = 0.02f, out_std = 0.02f;
  float scale = 0;  // of the scores; 0 = 1 / sqrt(D_nope + D_rope)
};

// Multi-head latent attention: keys and values of all heads are made from one latent c (R) per position, and one key
// part that turns with the position is shared by all heads. DeepSeek-V2, arXiv:2405.04434, sect. 2.1, eq. 9 to 19.
//
// In training, keys (N, H, D_nope + D_rope) and values (N, H, D_v) are made from c. With a cache, only (c, turned part)
// is kept, R + D_rope numbers per position, and the matrices that make keys and values go to the other side of the
// products, q . (W_k c) = (W_k^T q) . c: attention with H query heads over one key of R + D_rope numbers whose first R
// are the value.
struct LatentAttention {
  LatentAttentionConfig config;
  Linear q_a, q_b;  // without squeezing, q_b alone, under the name q_proj
  RmsNorm q_norm;
  Linear kv_a;  // (R + D_rope, C)
  RmsNorm kv_norm;
  Tensor kv_b;  // (H (D_nope + D_v), R)
  Precision precision = Precision::f32;
  Linear out;
  std::string name;

  LatentAttention(Params p, const LatentAttentionConfig& c);
  Tensor operator()(const Tensor& x, const Batch& batch, const RopeTable& rope,
                    int64_t layer) const;  // (N, C) -> (N, C)
  // What it keeps in the cache.
  static KvFormat kv_format(const LatentAttentionConfig& c) {
    return {.K = 1, .D = c.R + c.D_rope, .D_v = c.R, .values_in_keys = true};
  }

 private:
  Tensor per_head_;  // kv_b as a plain float matrix, (H, D_nope + D_v, R)

  Tensor attend(const Tensor& q, const Tensor& latent, const Tensor& k_rope, const Batch& batch) const;
  Tensor attend_cached(const Tensor& q, const Tensor& latent, const Tensor& k_rope, const Batch& batch,
                       int64_t layer) const;
};

}  // namespace quern
