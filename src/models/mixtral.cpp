// SPDX-License-Identifier: MIT
// Mixtral: Mistral's decoder with a mixture of experts in every layer, two per token. Jiang et al. 2024,
// arXiv:2401.04088.
#include <cmath>

#include "models/config_reader.h"
#include "models/families.h"
#include "nn/attention.h"
#include "nn/moe.h"
#include "nn/norm.h"

namespace quern {

namespace {

struct MixtralConfig {
  int64_t V, C, L, H, K, D, F, context;
  float norm_eps, std;
  bool tied;
  AttentionConfig attention;
  MoeConfig moe;
  RopeConfig rope;

  explicit MixtralConfig(const Json& json) {
    const ConfigReader r(json);
    V = r.integer("vocab_size");
    C = r.integer("hidden_size");
    L = r.integer("num_hidden_layers");
    H = r.integer("num_attention_heads");
    K = r.integer("num_key_value_heads", H);
    D = r.integer("head_dim", C / H);
    F = r.integer("intermediate_size");
    context = r.integer("max_position_embeddings", 2048);
    norm_eps = float(r.number("rms_norm_eps", 1e-5));
    std = float(r.number("initializer_range", 0.02));
    tied = r.boolean("tie_word_embeddings", false);
    rope = r.rope(D, context);
    if (K == 0 || H % K != 0)
      throw Error(ErrorKind::InvalidModel, "config.json: {} attention heads can't share {} key/value heads", H, K);
    if (const std::string act = r.text("hidden_act", "silu"); act != "silu")
      throw Error(ErrorKind::Unsupported, "config.json: hidden_act '{}' in a Mixtral; only silu is known", act);
    // Residual projections start smaller by sqrt(2 L), as in Llama.
    const float out_std = std / std::sqrt(2.0f * float(L));
    attention = {.C = C,
                 .H = H,
                 .K = K,
                 .D = D,
                 .std = std,
                 .out_std = out_std,
                 .options = {.window = r.integer("sliding_window", 0)}};
    moe = {.router = {.C = C,
                      .E = r.integer("num_local_experts"),
                      .top_k = r.integer("num_experts_per_tok"),
                      .renormalise = true,
                      .std = std},
           .F = F,
           .names = {.gate = "w1", .up = "w3", .down = "w2"},
           .std = std,
           .out_std = out_std};
    moe.router.validate();
  }
};

struct MixtralBlock {
  RmsNorm norm_attn, norm_ffn;
  Attention attn;
  Moe moe;
  std::string name;

  MixtralBlock(Params p, const MixtralConfig& c)
      : norm_attn(p / "input_layernorm", c.C, c.norm_eps),
        norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps),
        attn(p / "self_attn", c.attention),
        moe(p / "block_sparse_moe", c.moe),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {  // (N, C) -> (N, C)
    x = x + attn(norm_attn(x), batch, rope, layer);
    x = x + moe(norm_ffn(x), batch);
    batch.tap(name, "out", x);
    return x;
  }
};

class Mixtral final : public CausalLm {
 public:
  Mixtral(Params p, const Json& json)
      : config_(json), c_(json), embed_(p / "model.embed_tokens", c_.V, c_.C, c_.std), rotary_(c_.rope) {
    for (int64_t l = 0; l < c_.L; ++l) blocks_.emplace_back(p / "model.layers" / l, c_);
    norm_ = RmsNorm(p / "model.norm", c_.C, c_.norm_eps);
    head_ = c_.tied ? Linear(embed_.weight, p.options()) : Linear(p / "lm_head", c_.C, c_.V, Bias::No, c_.std);
    shape_ = {.family = "mixtral",
              .V = c_.V,
              .C = c_.C,
              .L = c_.L,
              .H = c_.H,
              .K = c_.K,
              .D = c_.D,
              .F = c_.F,
              .context = c_.context,
              .tied = c_.tied};
    for (const MixtralBlock& block : blocks_) shape_.idle += block.moe.idle();
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
  MixtralConfig c_;
  Embedding embed_;
  Rotary rotary_;
  std::vector<MixtralBlock> blocks_;
  RmsNorm norm_;
  Linear head_;
  ModelShape shape_;
};

}  // namespace

const Family kMixtral = {
    .architectures = {"MixtralForCausalLM"},
    .model_type = "mixtral",
    .aliases = {},
    .ignorable =
        [](const std::string& name) { return name == "lm_head.weight" || name.ends_with("rotary_emb.inv_freq"); },
    .unused = {},
    .build = [](Params p, const Json& config) -> std::unique_ptr<CausalLm> {
      return std::make_unique<Mixtral>(p, config);
    },
};

}  // namespace quern
