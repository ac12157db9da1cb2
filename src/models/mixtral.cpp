// SPDX-License-Identifier: MIT
// Mixtral: Mistral's decoder with a mixture of experts in every layer, two per token. Jiang et al. 2024,
// arXiv:2401.04088.
#include "models/families.h"
#include "models/moe_decoder.h"

namespace quern {

namespace {
MoeDecoderConfig read_mixtral(const Json& json) {
  const ConfigReader r(json);
  MoeDecoderConfig c = read_moe_decoder(r, {.family = "mixtral", .K = 8, .context = 131072, .norm_eps = 1e-5},
                                        r.integer("num_local_experts", 8), r.integer("num_experts_per_tok", 2));
  c.ropes = {r.rope(c.D, c.context, {.theta = 1e6})};
  read_windows(c, r, read_window(r, 0), [](int64_t) { return true; });
  c.ffn_name = "block_sparse_moe";
  c.sparse.assign(size_t(c.L), true);
  c.moe.router.renormalise = true;
  c.moe.F = c.F;
  c.moe.names = {.gate = "w1", .up = "w3", .down = "w2"};
  c.moe.router.validate();
  return c;
}
}  // namespace

const Family kMixtral = {
    .architectures = {"MixtralForCausalLM"},
    .model_type = "mixtral",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<MoeBlock>(p, json, read_mixtral(json)); },
};

}  // namespace quern
