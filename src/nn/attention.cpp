// SPDX-License-Identifier: MIT
#include "nn/attention.h"

namespace quern {

Tensor attend(const Tensor& qkv, int64_t H, int64_t K, const Batch& batch, int64_t layer,
              const AttentionOptions& options, std::string_view name) {
  const int64_t N = qkv.size(0), D = qkv.size(2);
  const Tensor q = qkv.slice(1, 0, H), k = qkv.slice(1, H, H + K), v = qkv.slice(1, H + K, H + 2 * K);
  if (batch.cache) {
    const CacheView& cache = *batch.cache;
    const LayerPages& pages = cache.layers[size_t(layer)];
    write_pages(pages, k, v, cache.slots, batch.positions, cache.block_tables);
    return paged_attention(q, pages, cache.slots, batch.positions, cache.block_tables, options).reshape({N, H * D});
  }
  if (batch.taps && batch.taps->wants(std::string(name) + ".probabilities")) {
    const auto probabilities = attention_probabilities(q, k, batch.segments, options);
    batch.tap(name, "probabilities", probabilities.front());
  }
  return attention(q, k, v, batch.segments, options).reshape({N, H * D});
}

Attention::Attention(Params p, const AttentionConfig& c)
    : config(c),
      qkv(p, {{"q_proj", c.H * c.D}, {"k_proj", c.K * c.D}, {"v_proj", c.K * c.D}}, c.C, Bias(c.bias), c.std),
      out(p / "o_proj", c.H * c.D, c.C, Bias(c.bias), c.out_std),
      name(p.prefix()) {}

Tensor Attention::operator()(const Tensor& x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  const int64_t N = x.size(0), H = config.H, K = config.K, D = config.D;
  const Tensor turned = rope_in_place(qkv(x).reshape({N, H + 2 * K, D}), rope.cos, rope.sin, H + K);
  const Tensor y = out(attend(turned, H, K, batch, layer, config.options, name));
  batch.tap(name, "out", y);
  return y;
}

}  // namespace quern
