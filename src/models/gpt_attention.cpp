// SPDX-License-Identifier: MIT
#include "models/gpt_attention.h"

#include <cmath>

namespace quern {

DecoderConfig read_gpt(const ConfigReader& r, const GptDefaults& d) {
  r.refuse("add_cross_attention", false);
  DecoderConfig c;
  c.family = d.family;
  const auto size = [&](const char* key, int64_t otherwise) { return r.value(key) ? r.integer(key) : otherwise; };
  c.V = size("vocab_size", d.V);
  c.C = size("n_embd", 768);
  c.L = size("n_layer", 12);
  c.H = c.K = size("n_head", 12);
  c.F = size("n_inner", 4 * c.C);
  c.context = size("n_positions", d.context);
  c.norm_eps = float(r.number("layer_norm_epsilon", 1e-5));
  c.std = float(r.number("initializer_range", 0.02));
  c.tied = r.boolean("tie_word_embeddings", true);
  if (c.C % c.H != 0)
    throw Error(ErrorKind::InvalidModel, "config.json: n_embd {} is no multiple of n_head {}", c.C, c.H);
  c.D = c.C / c.H;
  make_layers(c);
  return c;
}

GptAttention::GptAttention(Params p, const DecoderConfig& c, int64_t layer)
    : c_attn(Linear::transposed(p / "c_attn", c.C, 3 * c.C, c.std)),
      c_proj(Linear::transposed(p / "c_proj", c.C, c.C, c.out_std(c.C))),
      H(c.H),
      options(c.layers[size_t(layer)].attention),
      name(p.prefix()) {}

Tensor GptAttention::operator()(const Tensor& x, const Batch& batch, int64_t layer) const {
  const Tensor qkv = c_attn(x).reshape({x.size(0), 3 * H, x.size(1) / H});
  const Tensor y = c_proj(attend(qkv, H, H, batch, layer, options, name));
  batch.tap(name, "out", y);
  return y;
}

std::vector<std::string> gpt_aliases(const std::string& name) {
  if (name.starts_with("transformer.")) return {name.substr(12)};
  return {};
}

bool is_gpt_buffer(const std::string& name) {
  return name == "lm_head.weight" || name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias") ||
         name.ends_with("position_ids");
}

}  // namespace quern
