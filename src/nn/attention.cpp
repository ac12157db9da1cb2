// SPDX-License-Identifier: MIT
#include "nn/attention.h"

namespace quern {

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Batch& batch, int64_t layer,
              const AttentionOptions& options, std::string_view name) {
  const int64_t N = q.size(0), H = q.size(1), D_v = v.size(2);
  if (batch.cache) {
    const CacheView& cache = *batch.cache;
    const LayerPages& pages = cache.layers[size_t(layer)];
    write_pages(pages, k, v, cache.slots, batch.positions, cache.block_tables);
    return paged_attention(q, pages, cache.slots, batch.positions, cache.block_tables, options).reshape({N, H * D_v});
  }
  if (batch.taps && batch.taps->wants(std::string(name) + ".probabilities")) {
    const auto probabilities = attention_probabilities(q, k, batch.segments, options);
    batch.tap(name, "probabilities", probabilities.front());
  }
  return attention(q, k, v, batch.segments, options).reshape({N, H * D_v});
}

Tensor attend(const Tensor& qkv, int64_t H, int64_t K, const Batch& batch, int64_t layer,
              const AttentionOptions& options, std::string_view name) {
  return attend(qkv.slice(1, 0, H), qkv.slice(1, H, H + K), qkv.slice(1, H + K, H + 2 * K), batch, layer, options,
                name);
}

namespace {
Linear make_qkv(Params p, const AttentionConfig& c) {
  if (c.fused) return Linear(p / "qkv_proj", c.C, (c.H + 2 * c.K) * c.D, Bias(c.bias), c.std);
  return Linear(p, {{"q_proj", c.H * c.D}, {"k_proj", c.K * c.D}, {"v_proj", c.K * c.D}}, c.C, Bias(c.bias), c.std);
}
}  // namespace

Attention::Attention(Params p, const AttentionConfig& c)
    : config(c), qkv(make_qkv(p, c)), out(p / "o_proj", c.H * c.D, c.C, Bias(c.out_bias), c.out_std), name(p.prefix()) {
  if (c.qk_norm == QkNorm::none) return;
  const bool whole = c.qk_norm == QkNorm::projection;
  q_norm = RmsNorm(p / "q_norm", whole ? c.H * c.D : c.D, c.norm_eps, c.norm_offset);
  k_norm = RmsNorm(p / "k_norm", whole ? c.K * c.D : c.D, c.norm_eps, c.norm_offset);
}

Tensor Attention::attend_normalised(const Tensor& qkv, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  const int64_t N = qkv.size(0), H = config.H, K = config.K, D = config.D;
  const bool whole = config.qk_norm == QkNorm::projection;
  const auto prepare = [&](const RmsNorm& norm, int64_t first, int64_t heads) {
    const Tensor part = qkv.slice(1, first * D, (first + heads) * D);
    // A norm's result is a tensor of its own, free to turn in place.
    const Tensor y = whole ? norm(part).reshape({N, heads, D}) : norm(part.contiguous().reshape({N, heads, D}));
    return rope.cos ? rope_in_place(y, rope.cos, rope.sin, heads) : y;
  };
  const Tensor q = prepare(q_norm, 0, H), k = prepare(k_norm, H, K);
  const Tensor v = qkv.reshape({N, H + 2 * K, D}).slice(1, H + K, H + 2 * K);
  return attend(q, k, v, batch, layer, config.options, name);
}

Tensor Attention::operator()(const Tensor& x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  const int64_t N = x.size(0), H = config.H, K = config.K, D = config.D;
  const Tensor product = qkv(x);
  Tensor seen;
  if (config.qk_norm != QkNorm::none) {
    seen = attend_normalised(product, batch, rope, layer);
  } else {
    Tensor heads = product.reshape({N, H + 2 * K, D});
    if (rope.cos) heads = rope_in_place(heads, rope.cos, rope.sin, H + K);
    seen = attend(heads, H, K, batch, layer, config.options, name);
  }
  const Tensor y = out(seen);
  batch.tap(name, "out", y);
  return y;
}

}  // namespace quern
