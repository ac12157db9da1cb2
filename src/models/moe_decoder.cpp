// SPDX-License-Identifier: MIT
#include "models/moe_decoder.h"

#include <algorithm>

namespace quern {

MoeDecoderConfig read_moe_decoder(const ConfigReader& r, const DecoderDefaults& defaults, int64_t E, int64_t top_k) {
  MoeDecoderConfig c{read_decoder(r, defaults)};
  c.moe.router.C = c.C;
  c.moe.router.E = E;
  c.moe.router.top_k = top_k;
  c.moe.router.std = c.moe.std = c.std;
  c.sparse.assign(size_t(c.L), false);
  return c;
}

ModelShape MoeDecoderConfig::shape() const {
  ModelShape s = DecoderConfig::shape();
  s.idle = std::ranges::count(sparse, true) * moe.idle();
  return s;
}

FeedForward MoeDecoderConfig::feed_forward(Params block, int64_t layer) const {
  if (!sparse[size_t(layer)]) return GatedMlp(block / ffn_name, gated_mlp());
  MoeConfig config = moe;
  config.activation = activation;
  config.out_std = out_std(moe.F);
  return Moe(block / ffn_name, config);
}

MoeBlock::MoeBlock(Params p, const MoeDecoderConfig& c, int64_t layer)
    : norm_attn(p / "input_layernorm", c.C, c.norm_eps),
      norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps),
      attn(p / "self_attn", c.attention(layer)),
      ffn(c.feed_forward(p, layer)),
      name(p.prefix()) {}

Tensor MoeBlock::operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  x = x + attn(norm_attn(x), batch, rope, layer);
  x = x + feed_forward(ffn, norm_ffn(x), batch);
  batch.tap(name, "out", x);
  return x;
}

}  // namespace quern
