// SPDX-License-Identifier: MIT
// Phi-3 and Phi-4: Llama with q, k, v and gate, up each as one matrix of the checkpoint; long contexts by LongRoPE;
// part of a head may turn. Abdin et al. 2024, arXiv:2404.14219; Ding et al. 2024, arXiv:2402.13753.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {
DecoderConfig read_phi3(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "phi3", .context = 4096, .norm_eps = 1e-5});
  for (const char* key : {"attention_bias", "mlp_bias", "lm_head_bias"}) r.refuse(key, false);
  c.fused = true;
  c.ropes = {r.rope(c.D, c.context, {.original_context = 4096, .may_be_partial = true})};
  const RopeConfig::Kind kind = c.ropes[0].kind;
  if (kind != RopeConfig::Kind::plain && kind != RopeConfig::Kind::longrope)
    throw Error(ErrorKind::Unsupported, "config.json: rope scaling in a Phi-3 is longrope or none");
  read_windows(c, r, read_window(r, 0), [](int64_t) { return true; });
  return c;
}
}  // namespace

const Family kPhi3 = {
    .architectures = {"Phi3ForCausalLM"},
    .model_type = "phi3",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_phi3(json)); },
};

}  // namespace quern
