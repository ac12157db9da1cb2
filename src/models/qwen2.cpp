// SPDX-License-Identifier: MIT
// Qwen 1.5, 2 and 2.5: Llama with biases on q, k and v; layers from max_window_layers on may slide. Qwen team 2024,
// arXiv:2407.10671.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {
DecoderConfig read_qwen2(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "qwen2", .K = 32, .context = 32768});
  c.attention_bias = true;
  c.ropes = {r.rope(c.D, c.context)};
  const int64_t full_layers = r.integer("max_window_layers", 28);
  read_windows(c, r, r.boolean("use_sliding_window", false) ? read_window(r, 4096) : 0,
               [&](int64_t layer) { return layer >= full_layers; });
  return c;
}
}  // namespace

const Family kQwen2 = {
    .architectures = {"Qwen2ForCausalLM"},
    .model_type = "qwen2",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_qwen2(json)); },
};

}  // namespace quern
