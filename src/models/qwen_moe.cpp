// SPDX-License-Identifier: MIT
// Qwen 1.5 and 2 with experts (arXiv:2407.10671, sect. 2.2.2): many small experts beside one that every token meets,
// weighted by a gate of its own. Qwen 3 with experts (arXiv:2505.09388): norms on q and k, and no shared expert.
#include <algorithm>

#include "models/families.h"
#include "models/moe_decoder.h"

namespace quern {

namespace {
// Every decoder_sparse_step-th layer is a mixture, but for those of mlp_only_layers.
void read_sparse_layers(MoeDecoderConfig& c, const ConfigReader& r) {
  const int64_t step = r.integer("decoder_sparse_step", 1);
  const std::vector<double> dense = r.numbers("mlp_only_layers");
  if (step < 1) throw Error(ErrorKind::InvalidModel, "config.json: 'decoder_sparse_step' is 0");
  for (int64_t l = 0; l < c.L; ++l)
    c.sparse[size_t(l)] =
        c.moe.router.E > 0 && (l + 1) % step == 0 && std::ranges::find(dense, double(l)) == dense.end();
  if (std::ranges::count(c.sparse, true) > 0) c.moe.router.validate();
}

MoeDecoderConfig read_qwen2_moe(const Json& json) {
  const ConfigReader r(json);
  MoeDecoderConfig c = read_moe_decoder(r, {.family = "qwen2_moe", .K = 16, .context = 32768},
                                        r.integer("num_experts", 60), r.integer("num_experts_per_tok", 4));
  c.attention_bias = r.boolean("qkv_bias", true);
  c.ropes = {r.rope(c.D, c.context)};
  const int64_t full_layers = r.integer("max_window_layers", 28);
  read_windows(c, r, r.boolean("use_sliding_window", false) ? read_window(r, 4096) : 0,
               [&](int64_t layer) { return layer >= full_layers; });
  c.moe.router.renormalise = r.boolean("norm_topk_prob", false);
  c.moe.F = r.integer("moe_intermediate_size");
  c.moe.shared_F = r.integer("shared_expert_intermediate_size");
  c.moe.shared_gate = true;
  c.moe.shared_name = "shared_expert";
  read_sparse_layers(c, r);
  return c;
}

MoeDecoderConfig read_qwen3_moe(const Json& json) {
  const ConfigReader r(json);
  MoeDecoderConfig c = read_moe_decoder(r, {.family = "qwen3_moe", .K = 4, .context = 32768},
                                        r.integer("num_experts", r.integer("num_local_experts", 128)),
                                        r.integer("num_experts_per_tok", 8));
  c.attention_bias = c.attention_out_bias = r.boolean("attention_bias", false);
  c.qk_norm = QkNorm::head;
  c.ropes = {r.rope(c.D, c.context)};
  read_windows(c, r, r.boolean("use_sliding_window", false) ? read_window(r, 4096) : 0, [](int64_t) { return true; });
  c.moe.router.renormalise = r.boolean("norm_topk_prob", false);
  c.moe.F = r.integer("moe_intermediate_size");
  read_sparse_layers(c, r);
  return c;
}
}  // namespace

const Family kQwen2Moe = {
    .architectures = {"Qwen2MoeForCausalLM"},
    .model_type = "qwen2_moe",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<MoeBlock>(p, json, read_qwen2_moe(json)); },
};

const Family kQwen3Moe = {
    .architectures = {"Qwen3MoeForCausalLM"},
    .model_type = "qwen3_moe",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<MoeBlock>(p, json, read_qwen3_moe(json)); },
};

}  // namespace quern
