// SPDX-License-Identifier: MIT
// Llama: pre-norm decoder with rotary positions, grouped-query attention and SwiGLU. Touvron et al. 2023,
// arXiv:2302.13971; Llama 3: arXiv:2407.21783.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {
DecoderConfig read_llama(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "llama"});
  c.attention_bias = c.attention_out_bias = r.boolean("attention_bias", false);
  c.mlp_bias = r.boolean("mlp_bias", false);
  c.ropes = {r.rope(c.D, c.context)};
  return c;
}
}  // namespace

const Family kLlama = {
    .architectures = {"LlamaForCausalLM"},
    .model_type = "llama",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_llama(json)); },
};

}  // namespace quern
