// SPDX-License-Identifier: MIT
// Gemma: Llama's blocks with GeGLU, norm weights counted from 1, scaled embeddings and a tied head. Gemma team 2024,
// arXiv:2403.08295.
#include "models/families.h"
#include "models/gemma_block.h"

namespace quern {

namespace {
DecoderConfig read_gemma(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_gemma_common(
      r, {.family = "gemma", .V = 256000, .C = 3072, .L = 28, .H = 16, .K = 16, .D = 256, .F = 24576, .context = 8192});
  // The first published files say "gelu" and mean its tanh approximation, which later ones name in hidden_activation.
  if (c.activation == Activation::gelu_erf) c.activation = Activation::gelu_tanh;
  if (r.value("hidden_activation") && r.activation("hidden_activation", "") != c.activation)
    throw Error(ErrorKind::Unsupported, "config.json: hidden_act '{}' and hidden_activation '{}' contradict each other",
                r.text("hidden_act", "gelu_pytorch_tanh"), r.text("hidden_activation", ""));
  c.ropes = {r.rope(c.D, c.context)};
  return c;
}
}  // namespace

const Family kGemma = {
    .architectures = {"GemmaForCausalLM"},
    .model_type = "gemma",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<PreNormBlock>(p, json, read_gemma(json)); },
};

}  // namespace quern
