// SPDX-License-Identifier: MIT
// GPT-NeoX and Pythia: attention and feed-forward layer read the same stream side by side; a quarter of each head
// turns; q, k and v of a head lie together in one matrix. Black et al. 2022, arXiv:2204.06745; Biderman et al. 2023,
// arXiv:2304.01373.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {

struct NeoxConfig : DecoderConfig {
  bool parallel = true;  // both layers read x; else the feed-forward layer reads x + attention

  explicit NeoxConfig(const Json& json) {
    const ConfigReader r(json);
    static_cast<DecoderConfig&>(*this) = read_decoder(r, {.family = "gpt_neox", .activation = "gelu"});
    names = {.embedding = "gpt_neox.embed_in",
             .layers = "gpt_neox.layers",
             .norm = "gpt_neox.final_layer_norm",
             .head = "embed_out"};
    norm_eps = float(r.number("layer_norm_eps", 1e-5));
    attention_bias = attention_out_bias = r.boolean("attention_bias", true);
    mlp_bias = true;
    parallel = r.boolean("use_parallel_residual", true);
    ropes = {
        r.rope(D, context,
               {.partial = 0.25, .may_be_partial = true, .theta_key = "rotary_emb_base", .partial_key = "rotary_pct"})};
    if (K != H || D * H != C)
      throw Error(ErrorKind::Unsupported, "config.json: a GPT-NeoX has as many key as query heads, of {} / {} values",
                  C, H);
  }
};

struct NeoxBlock {
  using Norm = LayerNorm;
  LayerNorm norm_attn, norm_ffn;
  Linear query_key_value, dense;
  Mlp mlp;
  NeoxConfig c;
  std::string name;

  NeoxBlock(Params p, const NeoxConfig& c, int64_t)
      : norm_attn(p / "input_layernorm", c.C, c.norm_eps),
        norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps),
        query_key_value(p / "attention.query_key_value", c.C, 3 * c.C, Bias(c.attention_bias), c.std),
        dense(p / "attention.dense", c.C, c.C, Bias(c.attention_out_bias), c.out_std(c.C)),
        mlp(Linear(p / "mlp.dense_h_to_4h", c.C, c.F, Bias::Yes, c.std),
            Linear(p / "mlp.dense_4h_to_h", c.F, c.C, Bias::Yes, c.out_std(c.F)), c.activation),
        c(c),
        name(p.prefix()) {}

  Tensor attention(const Tensor& x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
    const int64_t N = x.size(0), H = c.H, D = c.D;
    const Tensor qkv = query_key_value(x).reshape({N, H, 3 * D});  // of each head q, then k, then v
    const auto part = [&](int64_t i) {  // gathered, since the kernels want a token's heads side by side
      const Tensor view = qkv.slice(2, i * D, (i + 1) * D);
      return view.is_contiguous() ? scale(view, 1.0f) : view.contiguous();
    };
    const Tensor q = rope_in_place(part(0), rope.cos, rope.sin, H), k = rope_in_place(part(1), rope.cos, rope.sin, H);
    const Tensor y = dense(attend(q, k, part(2), batch, layer, c.layers[size_t(layer)].attention, name + ".attention"));
    batch.tap(name, "attention.out", y);
    return y;
  }

  Tensor operator()(const Tensor& x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
    const Tensor attended = x + attention(norm_attn(x), batch, rope, layer);
    const Tensor y = attended + mlp(norm_ffn(c.parallel ? x : attended));
    batch.tap(name, "out", y);
    return y;
  }
  static LayerNorm final_norm(Params p, const NeoxConfig& c) { return LayerNorm(p, c.C, c.norm_eps); }
};

bool is_neox_buffer(const std::string& name) {
  return name == "embed_out.weight" || name.ends_with(".attention.bias") || name.ends_with(".attention.masked_bias") ||
         name.ends_with("rotary_emb.inv_freq");
}

}  // namespace

const Family kGptNeox = {
    .architectures = {"GPTNeoXForCausalLM"},
    .model_type = "gpt_neox",
    .aliases = {},
    .ignorable = is_neox_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<NeoxBlock>(p, json, NeoxConfig(json)); },
};

}  // namespace quern
