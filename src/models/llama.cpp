// SPDX-License-Identifier: MIT
// Llama: pre-norm decoder with rotary positions, grouped-query attention and SwiGLU. Touvron et al. 2023,
// arXiv:2302.13971; Llama 3: arXiv:2407.21783.
#include <cmath>

#include "models/config_reader.h"
#include "models/families.h"
#include "nn/attention.h"
#include "nn/mlp.h"
#include "nn/norm.h"

namespace quern {

namespace {

struct LlamaConfig {
  int64_t V, C, L, H, K, D, F, context;  // see the table of dimensions in docs/tour.md
  float norm_eps, std;
  bool fan_in;  // initial weights by fan-in instead of one std for all
  bool tied, attention_bias, mlp_bias;
  RopeConfig rope;

  explicit LlamaConfig(const Json& json) {
    const ConfigReader r(json);
    V = r.integer("vocab_size");
    C = r.integer("hidden_size");
    L = r.integer("num_hidden_layers");
    H = r.integer("num_attention_heads");
    K = r.integer("num_key_value_heads", H);
    D = r.integer("head_dim", C / H);
    F = r.integer("intermediate_size");
    context = r.integer("max_position_embeddings", 2048);
    norm_eps = float(r.number("rms_norm_eps", 1e-6));
    std = float(r.number("initializer_range", 0.02));
    fan_in = r.text("initialization", "fixed") == "fan-in";
    tied = r.boolean("tie_word_embeddings", false);
    attention_bias = r.boolean("attention_bias", false);
    mlp_bias = r.boolean("mlp_bias", false);
    rope = r.rope(D, context);
    if (fan_in && C > 0) std = 1 / std::sqrt(float(C));
    if (K == 0 || H % K != 0)
      throw Error(ErrorKind::InvalidModel, "config.json: {} attention heads can't share {} key/value heads", H, K);
    if (const std::string act = r.text("hidden_act", "silu"); act != "silu")
      throw Error(ErrorKind::Unsupported, "config.json: hidden_act '{}' in a Llama; only silu is known", act);
  }
};

struct LlamaBlock {
  RmsNorm norm_attn, norm_ffn;
  Attention attn;
  SwiGlu ffn;
  std::string name;

  // Residual projections start smaller by sqrt(2 L), so that the stream's variance does not grow with depth (GPT-2).
  static float out_std(const LlamaConfig& c, int64_t fan_in) {
    return (c.fan_in ? 1 / std::sqrt(float(fan_in)) : c.std) / std::sqrt(2.0f * float(c.L));
  }

  LlamaBlock(Params p, const LlamaConfig& c)
      : norm_attn(p / "input_layernorm", c.C, c.norm_eps),
        norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps),
        attn(p / "self_attn", {.C = c.C,
                               .H = c.H,
                               .K = c.K,
                               .D = c.D,
                               .bias = c.attention_bias,
                               .std = c.std,
                               .out_std = out_std(c, c.H * c.D),
                               .options = {}}),
        ffn(p / "mlp", c.C, c.F, c.mlp_bias, c.std, out_std(c, c.F)),
        name(p.prefix()) {}

  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {  // (N, C) -> (N, C)
    x = x + attn(norm_attn(x), batch, rope, layer);
    x = x + ffn(norm_ffn(x));
    batch.tap(name, "out", x);
    return x;
  }
};

// By fan-in, a token enters the stream with variance 1, so that blocks add to it instead of drowning it: small models
// then learn sooner to copy from their context (docs/log.md). The head starts near 0 in both.
float embedding_std(const LlamaConfig& c) { return c.fan_in ? (c.tied ? 0.02f : 1.0f) : c.std; }
float head_std(const LlamaConfig& c) { return c.fan_in ? 0.02f : c.std; }

class Llama final : public CausalLm {
 public:
  Llama(Params p, const Json& json)
      : config_(json), c_(json), embed_(p / "model.embed_tokens", c_.V, c_.C, embedding_std(c_)), rotary_(c_.rope) {
    for (int64_t l = 0; l < c_.L; ++l) blocks_.emplace_back(p / "model.layers" / l, c_);
    norm_ = RmsNorm(p / "model.norm", c_.C, c_.norm_eps);
    head_ = c_.tied ? Linear(embed_.weight, p.options()) : Linear(p / "lm_head", c_.C, c_.V, Bias::No, head_std(c_));
    shape_ = {.family = "llama",
              .V = c_.V,
              .C = c_.C,
              .L = c_.L,
              .H = c_.H,
              .K = c_.K,
              .D = c_.D,
              .F = c_.F,
              .context = c_.context,
              .tied = c_.tied};
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
  LlamaConfig c_;
  Embedding embed_;
  Rotary rotary_;
  std::vector<LlamaBlock> blocks_;
  RmsNorm norm_;
  Linear head_;
  ModelShape shape_;
};

}  // namespace

const Family kLlama = {
    .architectures = {"LlamaForCausalLM"},
    .model_type = "llama",
    .aliases = {},
    .ignorable =
        [](const std::string& name) { return name == "lm_head.weight" || name.ends_with("rotary_emb.inv_freq"); },
    .build = [](Params p, const Json& config) -> std::unique_ptr<CausalLm> {
      return std::make_unique<Llama>(p, config);
    },
};

}  // namespace quern
