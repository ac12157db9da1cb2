// SPDX-License-Identifier: MIT
// DeepSeek V2, V2-Lite, V3 and R1: pre-norm decoder with multi-head latent attention; the first layers dense, then
// mixtures of many small experts beside shared ones. arXiv:2405.04434 (V2), 2412.19437 (V3), 2501.12948 (R1).
#include <cmath>

#include "models/families.h"
#include "models/moe_decoder.h"
#include "nn/mla.h"

namespace quern {

namespace {

enum class DeepSeekVersion : uint8_t { v2, v3 };

struct DeepSeekConfig : MoeDecoderConfig {
  LatentAttentionConfig latent;

  ModelShape shape() const {
    ModelShape s = MoeDecoderConfig::shape();
    s.kv.assign(size_t(L), LatentAttention::kv_format(latent));
    return s;
  }
};

void read_attention(DeepSeekConfig& c, const ConfigReader& r) {
  LatentAttentionConfig& a = c.latent;
  a = {.C = c.C,
       .H = c.H,
       .q_rank = r.integer("q_lora_rank", 0),
       .R = r.integer("kv_lora_rank"),
       .D_nope = r.integer("qk_nope_head_dim"),
       .D_rope = r.integer("qk_rope_head_dim"),
       .D_v = r.integer("v_head_dim"),
       .bias = r.boolean("attention_bias", false),
       .norm_eps = 1e-6f,  // of the norms inside attention, whatever rms_norm_eps says
       .pairs = r.boolean("rope_interleave", true) ? RopePairs::interleaved : RopePairs::half,
       .std = c.std,
       .out_std = c.out_std(c.H * r.integer("v_head_dim"))};
  c.K = c.H;
  c.D = a.D_nope + a.D_rope;
  const RopeConfig rope = r.rope(a.D_rope, c.context);
  c.ropes = {rope};
  // YaRN sharpens the scores by m^2, m = 0.1 mscale_all_dim ln(factor) + 1: on cos and sin, as elsewhere, it would
  // reach the turned part alone.
  double m = 1;
  if (rope.kind == RopeConfig::Kind::yarn && rope.mscale_all_dim > 0 && rope.factor > 1)
    m = 0.1 * rope.mscale_all_dim * std::log(rope.factor) + 1;
  a.scale = float(m * m / std::sqrt(double(c.D)));
}

void read_router(RouterConfig& router, const ConfigReader& r, bool v3) {
  router.eps = 1e-20f;
  router.renormalise = r.boolean("norm_topk_prob", v3) && router.top_k > 1;
  router.factor = float(r.number("routed_scaling_factor", v3 ? 2.5 : 1.0));
  // V2 either renormalises or scales, V3 does one after the other.
  if (!v3 && router.renormalise) router.factor = 1;
  const std::string scoring = r.text("scoring_func", v3 ? "sigmoid" : "softmax");
  if (scoring != "sigmoid" && scoring != "softmax")
    throw Error(ErrorKind::Unsupported, "config.json: scoring_func '{}' is not known", scoring)
        .hint("known are softmax and sigmoid");
  router.sigmoid = scoring == "sigmoid";
  const std::string method = r.text("topk_method", v3 ? "noaux_tc" : "greedy");
  if (method == "group_limited_greedy" || method == "noaux_tc") {
    router.groups = std::max<int64_t>(1, r.integer("n_group", 1));
    router.top_groups = r.integer("topk_group", router.groups);
  } else if (method != "greedy") {
    throw Error(ErrorKind::Unsupported, "config.json: topk_method '{}' is not known", method)
        .hint("known are greedy, group_limited_greedy and noaux_tc");
  }
  router.correction_bias = method == "noaux_tc";
  router.group_score = method == "noaux_tc" ? GroupScore::best_two : GroupScore::best;
  router.validate();
}

DeepSeekConfig read_deepseek(const Json& json, DeepSeekVersion version) {
  const bool v3 = version == DeepSeekVersion::v3;
  const ConfigReader r(json);
  const int64_t E = r.integer("n_routed_experts", 0);
  DeepSeekConfig c{read_moe_decoder(r, {.family = v3 ? "deepseek_v3" : "deepseek_v2"}, E,
                                    E > 0 ? r.integer("num_experts_per_tok") : 0),
                   {}};
  read_attention(c, r);
  if (E == 0) return c;
  read_router(c.moe.router, r, v3);
  c.moe.F = r.integer("moe_intermediate_size");
  c.moe.shared_F = r.integer("n_shared_experts", 0) * c.moe.F;
  const int64_t dense_layers = r.integer("first_k_dense_replace", 0);
  const int64_t every = std::max<int64_t>(1, r.integer("moe_layer_freq", 1));
  for (int64_t l = dense_layers; l < c.L; ++l) c.sparse[size_t(l)] = l % every == 0;
  return c;
}

struct DeepSeekBlock {
  using Norm = RmsNorm;
  RmsNorm norm_attn, norm_ffn;
  LatentAttention attn;
  FeedForward ffn;
  std::string name;

  DeepSeekBlock(Params p, const DeepSeekConfig& c, int64_t layer)
      : norm_attn(p / "input_layernorm", c.C, c.norm_eps),
        norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps),
        attn(p / "self_attn", c.latent),
        ffn(c.feed_forward(p, layer)),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {  // (N, C) -> (N, C)
    x = x + attn(norm_attn(x), batch, rope, layer);
    x = x + feed_forward(ffn, norm_ffn(x), batch);
    batch.tap(name, "out", x);
    return x;
  }
  static RmsNorm final_norm(Params p, const DecoderConfig& c) { return RmsNorm(p, c.C, c.norm_eps); }
};

// Layers after the last one predict further tokens (multi-token prediction, arXiv:2412.19437, sect. 2.2); they are not
// needed for the next one.
bool is_prediction_layer(const std::string& name, const Json& config) {
  const std::string prefix = "model.layers.";
  if (!name.starts_with(prefix) || !config.contains("num_hidden_layers")) return false;
  const std::string index = name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
  if (index.empty() || index.size() > 6 || index.find_first_not_of("0123456789") != std::string::npos) return false;
  return std::stoll(index) >= config["num_hidden_layers"].get<int64_t>();
}

}  // namespace

const Family kDeepSeekV2 = {
    .architectures = {"DeepseekV2ForCausalLM"},
    .model_type = "deepseek_v2",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .unused = {},
    .build =
        [](Params p, const Json& json) {
          return make_decoder<DeepSeekBlock>(p, json, read_deepseek(json, DeepSeekVersion::v2));
        },
};

const Family kDeepSeekV3 = {
    .architectures = {"DeepseekV3ForCausalLM"},
    .model_type = "deepseek_v3",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .unused = is_prediction_layer,
    .build =
        [](Params p, const Json& json) {
          return make_decoder<DeepSeekBlock>(p, json, read_deepseek(json, DeepSeekVersion::v3));
        },
};

}  // namespace quern
