// SPDX-License-Identifier: MIT
// SmolLM3: Llama in which every fourth layer sees no positions. Hugging Face 2025; Yang et al. 2025, "Rope to Nope and
// back again", arXiv:2501.18795.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {
DecoderConfig read_smollm3(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "smollm3", .K = 4, .context = 32768, .tied = true});
  c.attention_bias = c.attention_out_bias = r.boolean("attention_bias", false);
  c.mlp_bias = r.boolean("mlp_bias", false);
  c.ropes = {r.rope(c.D, c.context, {.theta = 2000000.0})};
  const std::vector<double> turns = r.numbers("no_rope_layers");  // 1: the layer turns, whatever the name says
  const int64_t interval = r.integer("no_rope_layer_interval", 4);
  if (turns.empty() ? interval == 0 : int64_t(turns.size()) < c.L)
    throw Error(ErrorKind::InvalidModel, "config.json: no_rope_layers tells of {} layers, there are {}", turns.size(),
                c.L);
  for (int64_t l = 0; l < c.L; ++l)
    if (turns.empty() ? (l + 1) % interval == 0 : turns[size_t(l)] == 0) c.layers[size_t(l)].rope = kNoRope;
  read_windows(c, r, r.boolean("use_sliding_window", false) ? read_window(r, 0) : 0,
               [&](int64_t l) { return c.layers[size_t(l)].rope == kNoRope; });
  return c;
}
}  // namespace

const Family kSmolLm3 = {
    .architectures = {"SmolLM3ForCausalLM"},
    .model_type = "smollm3",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_smollm3(json)); },
};

}  // namespace quern
