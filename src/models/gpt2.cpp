// SPDX-License-Identifier: MIT
// GPT-2: pre-norm decoder with learned positions, GELU and biases everywhere. Radford et al. 2019, "Language models are
// unsupervised multitask learners".
#include <cmath>

#include "models/families.h"
#include "models/gpt_attention.h"

namespace quern {

namespace {

DecoderConfig read_gpt2(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_gpt(r, {.family = "gpt2", .V = 50257, .context = 1024});
  c.activation = r.activation("activation_function", "gelu_new");
  c.names = {.embedding = "transformer.wte",
             .positions = "transformer.wpe",
             .layers = "transformer.h",
             .norm = "transformer.ln_f"};
  const float scale = r.boolean("scale_attn_weights", true) ? 1.0f / std::sqrt(float(c.D)) : 1.0f;
  const bool by_layer = r.boolean("scale_attn_by_inverse_layer_idx", false);
  for (int64_t l = 0; l < c.L; ++l) c.layers[size_t(l)].attention.scale = scale / (by_layer ? float(l + 1) : 1.0f);
  return c;
}

struct Gpt2Block {
  using Norm = LayerNorm;
  LayerNorm ln_1, ln_2;
  GptAttention attn;
  Mlp mlp;
  std::string name;

  Gpt2Block(Params p, const DecoderConfig& c, int64_t layer)
      : ln_1(p / "ln_1", c.C, c.norm_eps),
        ln_2(p / "ln_2", c.C, c.norm_eps),
        attn(p / "attn", c, layer),
        mlp(Mlp::transposed(p / "mlp", c.C, c.F, c.activation, c.std, c.out_std(c.F))),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable&, int64_t layer) const {  // (N, C) -> (N, C)
    x = x + attn(ln_1(x), batch, layer);
    x = x + mlp(ln_2(x));
    batch.tap(name, "out", x);
    return x;
  }
  static LayerNorm final_norm(Params p, const DecoderConfig& c) { return LayerNorm(p, c.C, c.norm_eps); }
};

}  // namespace

const Family kGpt2 = {
    .architectures = {"GPT2LMHeadModel"},
    .model_type = "gpt2",
    .aliases = gpt_aliases,
    .ignorable = is_gpt_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<Gpt2Block>(p, json, read_gpt2(json)); },
};

}  // namespace quern
