// SPDX-License-Identifier: MIT
#include "nn/mla.h"

#include <cmath>

namespace quern {

LatentAttention::LatentAttention(Params p, const LatentAttentionConfig& c)
    : config(c), precision(p.options().precision), name(p.prefix()) {
  const int64_t D = c.D_nope + c.D_rope;
  if (config.scale <= 0) config.scale = 1.0f / std::sqrt(float(D));
  if (c.q_rank > 0) {
    q_a = Linear(p / "q_a_proj", c.C, c.q_rank, Bias(c.bias), c.std);
    q_norm = RmsNorm(p / "q_a_layernorm", c.q_rank, c.norm_eps);
    q_b = Linear(p / "q_b_proj", c.q_rank, c.H * D, Bias::No, c.std);
  } else {
    q_b = Linear(p / "q_proj", c.C, c.H * D, Bias::No, c.std);
  }
  kv_a = Linear(p / "kv_a_proj_with_mqa", c.C, c.R + c.D_rope, Bias(c.bias), c.std);
  kv_norm = RmsNorm(p / "kv_a_layernorm", c.R, c.norm_eps);
  kv_b = p.tensor("kv_b_proj.weight", {c.H * (c.D_nope + c.D_v), c.R}, init::normal(c.std));
  out = Linear(p / "o_proj", c.H * c.D_v, c.C, Bias(c.bias), c.out_std);
  per_head_ = (is_quantised(kv_b.dtype()) ? kv_b.to(DType::f32) : kv_b.detach()).reshape({c.H, c.D_nope + c.D_v, c.R});
}

Tensor LatentAttention::operator()(const Tensor& x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  const LatentAttentionConfig& c = config;
  const int64_t N = x.size(0);
  const Tensor q = q_b(c.q_rank > 0 ? q_norm(q_a(x)) : x).reshape({N, c.H, c.D_nope + c.D_rope});
  const Tensor q_turned = rope_in_place(q, rope.cos, rope.sin, c.H, c.D_nope, c.pairs);
  const Tensor compressed = rope_in_place(kv_a(x).reshape({N, 1, c.R + c.D_rope}), rope.cos, rope.sin, 1, c.R, c.pairs);
  const Tensor latent = kv_norm(compressed.slice(2, 0, c.R).contiguous());
  const Tensor k_rope = compressed.slice(2, c.R, c.R + c.D_rope);
  const Tensor y = out(batch.cache ? attend_cached(q_turned, latent, k_rope, batch, layer)
                                   : attend(q_turned, latent, k_rope, batch));
  batch.tap(name, "out", y);
  return y;
}

//   q (N, H, D)   latent (N, 1, R)   k_rope (N, 1, D_rope)   ->   (N, H * D_v)
Tensor LatentAttention::attend(const Tensor& q, const Tensor& latent, const Tensor& k_rope, const Batch& batch) const {
  const LatentAttentionConfig& c = config;
  const int64_t N = q.size(0);
  const Tensor kv = linear(latent.reshape({N, c.R}), kv_b, {}, precision).reshape({N, c.H, c.D_nope + c.D_v});
  const Tensor k = join_heads(kv.slice(2, 0, c.D_nope), k_rope);
  const Tensor v = kv.slice(2, c.D_nope, c.D_nope + c.D_v).contiguous();
  const AttentionOptions options{.scale = c.scale};
  if (batch.taps && batch.taps->wants(name + ".probabilities"))
    batch.tap(name, "probabilities", attention_probabilities(q, k, batch.segments, options).front());
  return attention(q, k, v, batch.segments, options).reshape({N, c.H * c.D_v});
}

Tensor LatentAttention::attend_cached(const Tensor& q, const Tensor& latent, const Tensor& k_rope, const Batch& batch,
                                      int64_t layer) const {
  const LatentAttentionConfig& c = config;
  const int64_t N = q.size(0);
  const CacheView& cache = *batch.cache;
  const LayerPages& pages = cache.layers[size_t(layer)];
  const Tensor w_k = per_head_.slice(1, 0, c.D_nope);                                 // (H, D_nope, R)
  const Tensor w_v = per_head_.slice(1, c.D_nope, c.D_nope + c.D_v).transpose(1, 2);  // (H, R, D_v)
  const Tensor q_latent = join_heads(head_products(q.slice(2, 0, c.D_nope), w_k),
                                     q.slice(2, c.D_nope, c.D_nope + c.D_rope));  // (N, H, R + D_rope)
  write_pages(pages, join_heads(latent, k_rope), {}, cache.slots, batch.positions, cache.block_tables);
  const Tensor seen = paged_attention(q_latent, pages, cache.slots, batch.positions, cache.block_tables,
                                      {.scale = c.scale});  // (N, H, R)
  return head_products(seen, w_v).reshape({N, c.H * c.D_v});
}

}  // namespace quern
