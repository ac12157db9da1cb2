// SPDX-License-Identifier: MIT
// DeepSeek V2, V2-Lite, V3 and R1: pre-norm decoder with multi-head latent attention; the first layers dense, then
// mixtures of many small experts beside shared ones. arXiv:2405.04434 (V2), 2412.19437 (V3), 2501.12948 (R1).
#include <cmath>

#include "models/config_reader.h"
#include "models/families.h"
#include "nn/mla.h"
#include "nn/moe.h"

namespace quern {

namespace {

enum class DeepSeekVersion : uint8_t { v2, v3 };

struct DeepSeekConfig {
  int64_t V, C, L, H, F, context;
  int64_t dense_layers, moe_every;  // layers before the first mixture; of those after, every how many is one
  float norm_eps, std;
  bool tied;
  LatentAttentionConfig attention;
  MoeConfig moe;
  RopeConfig rope;

  DeepSeekConfig(const Json& json, DeepSeekVersion version) {
    const ConfigReader r(json);
    V = r.integer("vocab_size");
    C = r.integer("hidden_size");
    L = r.integer("num_hidden_layers");
    H = r.integer("num_attention_heads");
    F = r.integer("intermediate_size");
    context = r.integer("max_position_embeddings", 2048);
    norm_eps = float(r.number("rms_norm_eps", 1e-6));
    std = float(r.number("initializer_range", 0.02));
    tied = r.boolean("tie_word_embeddings", false);
    if (const std::string act = r.text("hidden_act", "silu"); act != "silu")
      throw Error(ErrorKind::Unsupported, "config.json: hidden_act '{}' in a DeepSeek; only silu is known", act);
    read_attention(r);
    read_experts(r, version);
  }

  // Residual projections start smaller by sqrt(2 L), as in Llama.
  float out_std() const { return std / std::sqrt(2.0f * float(L)); }

 private:
  void read_attention(const ConfigReader& r) {
    attention = {.C = C,
                 .H = H,
                 .q_rank = r.integer("q_lora_rank", 0),
                 .R = r.integer("kv_lora_rank"),
                 .D_nope = r.integer("qk_nope_head_dim"),
                 .D_rope = r.integer("qk_rope_head_dim"),
                 .D_v = r.integer("v_head_dim"),
                 .bias = r.boolean("attention_bias", false),
                 .norm_eps = 1e-6f,  // of the norms inside attention, whatever rms_norm_eps says
                 .pairs = r.boolean("rope_interleave", true) ? RopePairs::interleaved : RopePairs::half,
                 .std = std,
                 .out_std = out_std()};
    rope = r.rope(attention.D_rope, context);
    // YaRN sharpens the scores by m^2, m = 0.1 mscale_all_dim ln(factor) + 1: on cos and sin, as elsewhere, it would
    // reach the turned part alone.
    double m = 1;
    if (rope.kind == RopeConfig::Kind::yarn && rope.mscale_all_dim > 0 && rope.factor > 1)
      m = 0.1 * rope.mscale_all_dim * std::log(rope.factor) + 1;
    attention.scale = float(m * m / std::sqrt(double(attention.D_nope + attention.D_rope)));
  }

  void read_experts(const ConfigReader& r, DeepSeekVersion version) {
    const bool v3 = version == DeepSeekVersion::v3;
    const int64_t E = r.integer("n_routed_experts", 0);
    moe_every = std::max<int64_t>(1, r.integer("moe_layer_freq", 1));
    dense_layers = E > 0 ? r.integer("first_k_dense_replace", 0) : L;
    if (E == 0) return;
    RouterConfig& router = moe.router;
    router.C = C;
    router.E = E;
    router.top_k = r.integer("num_experts_per_tok");
    router.std = std;
    router.eps = 1e-20f;
    router.renormalise = r.boolean("norm_topk_prob", v3) && router.top_k > 1;
    router.factor = float(r.number("routed_scaling_factor", v3 ? 2.5 : 1.0));
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
    // V2 either renormalises or scales, V3 does one after the other.
    if (!v3 && router.renormalise) router.factor = 1;
    router.validate();
    moe.F = r.integer("moe_intermediate_size");
    moe.shared_F = r.integer("n_shared_experts", 0) * moe.F;
    moe.std = std;
    moe.out_std = out_std();
  }
};

struct DeepSeekBlock {
  RmsNorm norm_attn, norm_ffn;
  LatentAttention attn;
  FeedForward ffn;
  std::string name;

  DeepSeekBlock(Params p, const DeepSeekConfig& c, int64_t layer)
      : norm_attn(p / "input_layernorm", c.C, c.norm_eps),
        norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps),
        attn(p / "self_attn", c.attention),
        ffn(layer < c.dense_layers || layer % c.moe_every != 0
                ? FeedForward(SwiGlu(p / "mlp", c.C, c.F, false, c.std, c.out_std()))
                : FeedForward(Moe(p / "mlp", c.moe))),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {  // (N, C) -> (N, C)
    x = x + attn(norm_attn(x), batch, rope, layer);
    x = x + feed_forward(ffn, norm_ffn(x), batch);
    batch.tap(name, "out", x);
    return x;
  }
};

class DeepSeek final : public CausalLm {
 public:
  DeepSeek(Params p, const Json& json, DeepSeekVersion version)
      : config_(json), c_(json, version), embed_(p / "model.embed_tokens", c_.V, c_.C, c_.std), rotary_(c_.rope) {
    for (int64_t l = 0; l < c_.L; ++l) blocks_.emplace_back(p / "model.layers" / l, c_, l);
    norm_ = RmsNorm(p / "model.norm", c_.C, c_.norm_eps);
    head_ = c_.tied ? Linear(embed_.weight, p.options()) : Linear(p / "lm_head", c_.C, c_.V, Bias::No, c_.std);
    shape_ = {.family = version == DeepSeekVersion::v3 ? "deepseek_v3" : "deepseek_v2",
              .V = c_.V,
              .C = c_.C,
              .L = c_.L,
              .H = c_.H,
              .K = c_.H,
              .D = c_.attention.D_nope + c_.attention.D_rope,
              .F = c_.F,
              .context = c_.context,
              .tied = c_.tied};
    for (const DeepSeekBlock& block : blocks_) {
      shape_.idle += idle_parameters(block.ffn);
      shape_.kv.push_back(LatentAttention::kv_format(c_.attention));
    }
  }

  Tensor forward(const Batch& batch) const override {
    const RopeTable rope = rotary_(batch);
    Tensor x = embed_(batch.ids);
    for (size_t l = 0; l < blocks_.size(); ++l) {
      const auto block = [this, &batch, rope, l](const Tensor& in) { return blocks_[l](in, batch, rope, int64_t(l)); };
      x = batch.checkpoint_blocks ? checkpointed(block, x) : block(x);
    }
    return norm_(x);
  }
  const Linear& head() const override { return head_; }
  const ModelShape& shape() const override { return shape_; }
  const Json& config() const override { return config_; }

 private:
  Json config_;
  DeepSeekConfig c_;
  Embedding embed_;
  Rotary rotary_;
  std::vector<DeepSeekBlock> blocks_;
  RmsNorm norm_;
  Linear head_;
  ModelShape shape_;
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

bool is_ignorable(const std::string& name) { return name == "lm_head.weight" || name.ends_with("rotary_emb.inv_freq"); }

}  // namespace

const Family kDeepSeekV2 = {
    .architectures = {"DeepseekV2ForCausalLM"},
    .model_type = "deepseek_v2",
    .aliases = {},
    .ignorable = is_ignorable,
    .unused = {},
    .build = [](Params p, const Json& config) -> std::unique_ptr<CausalLm> {
      return std::make_unique<DeepSeek>(p, config, DeepSeekVersion::v2);
    },
};

const Family kDeepSeekV3 = {
    .architectures = {"DeepseekV3ForCausalLM"},
    .model_type = "deepseek_v3",
    .aliases = {},
    .ignorable = is_ignorable,
    .unused = is_prediction_layer,
    .build = [](Params p, const Json& config) -> std::unique_ptr<CausalLm> {
      return std::make_unique<DeepSeek>(p, config, DeepSeekVersion::v3);
    },
};

}  // namespace quern
