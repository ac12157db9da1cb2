// SPDX-License-Identifier: MIT
// GPT-1: learned positions, norms behind each sum instead of before each layer, none at the end. Radford et al. 2018,
// "Improving language understanding by generative pre-training".
#include "models/families.h"
#include "models/gpt_attention.h"

namespace quern {

namespace {

DecoderConfig read_openai_gpt(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_gpt(r, {.family = "openai-gpt", .V = 40478, .context = 512});
  c.names = {.embedding = "transformer.tokens_embed",
             .positions = "transformer.positions_embed",
             .layers = "transformer.h",
             .norm = ""};
  const std::string f = r.text("afn", "gelu");
  if (f != "gelu" && f != "relu" && f != "silu" && f != "swish")
    throw Error(ErrorKind::Unsupported, "config.json: afn '{}' in a GPT-1; known are gelu, relu and silu", f);
  c.activation = f == "gelu" ? Activation::gelu_tanh : r.activation("afn", "gelu");  // its "gelu" is the approximation
  if (c.F != 4 * c.C) throw Error(ErrorKind::Unsupported, "config.json: n_inner {} in a GPT-1, which has none", c.F);
  return c;
}

struct OpenAiGptBlock {
  using Norm = NoNorm;
  GptAttention attn;
  LayerNorm ln_1;
  Mlp mlp;
  LayerNorm ln_2;
  std::string name;

  OpenAiGptBlock(Params p, const DecoderConfig& c, int64_t layer)
      : attn(p / "attn", c, layer),
        ln_1(p / "ln_1", c.C, c.norm_eps),
        mlp(Mlp::transposed(p / "mlp", c.C, c.F, c.activation, c.std, c.out_std(c.F))),
        ln_2(p / "ln_2", c.C, c.norm_eps),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable&, int64_t layer) const {  // (N, C) -> (N, C)
    x = ln_1(x + attn(x, batch, layer));
    x = ln_2(x + mlp(x));
    batch.tap(name, "out", x);
    return x;
  }
  static NoNorm final_norm(Params, const DecoderConfig&) { return {}; }
};

}  // namespace

const Family kOpenAiGpt = {
    .architectures = {"OpenAIGPTLMHeadModel"},
    .model_type = "openai-gpt",
    .aliases = gpt_aliases,
    .ignorable = is_gpt_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<OpenAiGptBlock>(p, json, read_openai_gpt(json)); },
};

}  // namespace quern
