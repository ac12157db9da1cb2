// SPDX-License-Identifier: MIT
// Qwen 3: Llama with a norm on each head of q and k, and heads whose size is set apart from the width. Qwen team 2025,
// arXiv:2505.09388.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {
DecoderConfig read_qwen3(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "qwen3", .K = 32, .D = 128, .context = 32768});
  c.attention_bias = c.attention_out_bias = r.boolean("attention_bias", false);
  c.qk_norm = QkNorm::head;
  c.ropes = {r.rope(c.D, c.context)};
  const int64_t full_layers = r.integer("max_window_layers", 28);
  read_windows(c, r, r.boolean("use_sliding_window", false) ? read_window(r, 4096) : 0,
               [&](int64_t layer) { return layer >= full_layers; });
  return c;
}
}  // namespace

const Family kQwen3 = {
    .architectures = {"Qwen3ForCausalLM"},
    .model_type = "qwen3",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_qwen3(json)); },
};

}  // namespace quern
