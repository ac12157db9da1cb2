// SPDX-License-Identifier: MIT
// OLMo 2: Llama with its norms behind attention and feed-forward layer instead of before them, and norms over the whole
// projections q and k. OLMo team 2024, arXiv:2501.00656.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {

DecoderConfig read_olmo2(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "olmo2", .norm_eps = 1e-5});
  c.attention_bias = c.attention_out_bias = r.boolean("attention_bias", false);
  c.qk_norm = QkNorm::projection;
  c.ropes = {r.rope(c.D, c.context)};
  return c;
}

struct Olmo2Block {
  using Norm = RmsNorm;
  Attention attn;
  GatedMlp ffn;
  RmsNorm norm_attn, norm_ffn;
  std::string name;

  Olmo2Block(Params p, const DecoderConfig& c, int64_t layer)
      : attn(p / "self_attn", c.attention(layer)),
        ffn(p / "mlp", c.gated_mlp()),
        norm_attn(p / "post_attention_layernorm", c.C, c.norm_eps),
        norm_ffn(p / "post_feedforward_layernorm", c.C, c.norm_eps),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {  // (N, C) -> (N, C)
    x = x + norm_attn(attn(x, batch, rope, layer));
    x = x + norm_ffn(ffn(x));
    batch.tap(name, "out", x);
    return x;
  }
  static RmsNorm final_norm(Params p, const DecoderConfig& c) { return RmsNorm(p, c.C, c.norm_eps); }
};

}  // namespace

const Family kOlmo2 = {
    .architectures = {"Olmo2ForCausalLM"},
    .model_type = "olmo2",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<Olmo2Block>(p, json, read_olmo2(json)); },
};

}  // namespace quern
