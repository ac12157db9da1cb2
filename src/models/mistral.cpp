// SPDX-License-Identifier: MIT
// Mistral: Llama whose attention may slide, every layer over the same window. Jiang et al. 2023, arXiv:2310.06825.
#include "models/decoder.h"
#include "models/families.h"

namespace quern {

namespace {
DecoderConfig read_mistral(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_decoder(r, {.family = "mistral", .K = 8, .context = 131072});
  c.ropes = {r.rope(c.D, c.context)};
  read_windows(c, r, read_window(r, 4096), [](int64_t) { return true; });
  return c;
}
}  // namespace

const Family kMistral = {
    .architectures = {"MistralForCausalLM"},
    .model_type = "mistral",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_mistral(json)); },
};

}  // namespace quern
