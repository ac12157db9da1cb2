// SPDX-License-Identifier: MIT
#include "models/gemma_block.h"

#include <cmath>

namespace quern {

DecoderConfig read_gemma_common(const ConfigReader& r, DecoderDefaults defaults) {
  defaults.tied = true;
  defaults.activation = "gelu_pytorch_tanh";
  r.refuse("use_bidirectional_attention", false);
  DecoderConfig c = read_decoder(r, defaults);
  c.attention_bias = c.attention_out_bias = r.boolean("attention_bias", false);
  c.norm_offset = 1;
  c.embedding_scale = float(std::sqrt(double(c.C)));
  return c;
}

namespace {
float cap_of(const ConfigReader& r, const char* key, double otherwise) {
  const double cap = r.has(key) ? r.number(key, 0) : otherwise;
  if (!(cap >= 0) || !std::isfinite(cap) || (r.value(key) && cap == 0))
    throw Error(ErrorKind::InvalidModel, "config.json: {} is {}, which caps nothing", key, cap);
  return float(cap);
}
}  // namespace

void read_gemma_attention(DecoderConfig& c, const ConfigReader& r, double attention_cap, double logit_cap,
                          const std::function<bool(int64_t layer)>& slides) {
  const double scalar = r.number("query_pre_attn_scalar", 256);
  if (!(scalar > 0) || !std::isfinite(scalar))
    throw Error(ErrorKind::InvalidModel, "config.json: query_pre_attn_scalar is {}", scalar);
  c.logit_softcap = cap_of(r, "final_logit_softcapping", logit_cap);
  read_windows(c, r, read_window(r, 4096), slides);
  for (LayerOptions& layer : c.layers) {
    layer.attention.scale = float(1 / std::sqrt(scalar));
    layer.attention.softcap = cap_of(r, "attn_logit_softcapping", attention_cap);
  }
}

SandwichBlock::SandwichBlock(Params p, const DecoderConfig& c, int64_t layer)
    : norm_attn(p / "input_layernorm", c.C, c.norm_eps, c.norm_offset),
      norm_attn_out(p / "post_attention_layernorm", c.C, c.norm_eps, c.norm_offset),
      norm_ffn(p / "pre_feedforward_layernorm", c.C, c.norm_eps, c.norm_offset),
      norm_ffn_out(p / "post_feedforward_layernorm", c.C, c.norm_eps, c.norm_offset),
      attn(p / "self_attn", c.attention(layer)),
      ffn(p / "mlp", c.gated_mlp()),
      name(p.prefix()) {}

Tensor SandwichBlock::operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  x = x + norm_attn_out(attn(norm_attn(x), batch, rope, layer));
  x = x + norm_ffn_out(ffn(norm_ffn(x)));
  batch.tap(name, "out", x);
  return x;
}

}  // namespace quern
