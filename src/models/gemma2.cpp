// SPDX-License-Identifier: MIT
// Gemma 2: Gemma with norms on both sides of each layer, capped scores and logits, and every other layer sliding. Gemma
// team 2024, arXiv:2408.00118.
#include "models/families.h"
#include "models/gemma_block.h"

namespace quern {

namespace {
DecoderConfig read_gemma2(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_gemma_common(r, {.family = "gemma2",
                                          .V = 256000,
                                          .C = 2304,
                                          .L = 26,
                                          .H = 8,
                                          .K = 4,
                                          .D = 256,
                                          .F = 9216,
                                          .context = 8192,
                                          .activation_key = "hidden_activation"});
  c.ropes = {r.rope(c.D, c.context)};
  read_gemma_attention(c, r, 50, 30, [](int64_t layer) { return layer % 2 == 0; });
  return c;
}
}  // namespace

const Family kGemma2 = {
    .architectures = {"Gemma2ForCausalLM"},
    .model_type = "gemma2",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<SandwichBlock>(p, json, read_gemma2(json)); },
};

}  // namespace quern
