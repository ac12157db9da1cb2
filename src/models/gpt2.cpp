// SPDX-License-Identifier: MIT
// GPT-2: pre-norm decoder with learned positions, GELU and biases everywhere. Radford et al. 2019, "Language models are
// unsupervised multitask learners".
#include <cmath>

#include "models/config_reader.h"
#include "models/families.h"
#include "nn/attention.h"
#include "nn/mlp.h"
#include "nn/norm.h"

namespace quern {

namespace {

struct Gpt2Config {
  int64_t V, C, L, H, F, context;
  float norm_eps, std;
  bool tied, scale_weights, scale_by_layer;
  Activation activation;

  explicit Gpt2Config(const Json& json) {
    const ConfigReader r(json);
    V = r.integer("vocab_size");
    C = r.integer("n_embd");
    L = r.integer("n_layer");
    H = r.integer("n_head");
    F = r.integer("n_inner", 4 * C);
    context = r.integer("n_positions", 1024);
    norm_eps = float(r.number("layer_norm_epsilon", 1e-5));
    std = float(r.number("initializer_range", 0.02));
    tied = r.boolean("tie_word_embeddings", true);
    scale_weights = r.boolean("scale_attn_weights", true);
    scale_by_layer = r.boolean("scale_attn_by_inverse_layer_idx", false);
    const std::string act = r.text("activation_function", "gelu_new");
    const auto known = activation_from_name(act);
    if (!known) throw Error(ErrorKind::Unsupported, "config.json: activation_function '{}' is not known", act);
    activation = *known;
    if (C % H != 0) throw Error(ErrorKind::InvalidModel, "config.json: n_embd {} is no multiple of n_head {}", C, H);
  }
};

struct Gpt2Block {
  LayerNorm ln_1, ln_2;
  Linear c_attn, c_proj;
  Mlp mlp;
  int64_t H;
  AttentionOptions options;
  std::string name;

  Gpt2Block(Params p, const Gpt2Config& c, int64_t layer, float out_std)
      : ln_1(p / "ln_1", c.C, c.norm_eps),
        ln_2(p / "ln_2", c.C, c.norm_eps),
        c_attn(Linear::transposed(p / "attn.c_attn", c.C, 3 * c.C, c.std)),
        c_proj(Linear::transposed(p / "attn.c_proj", c.C, c.C, out_std)),
        mlp(p / "mlp", c.C, c.F, c.activation, c.std, out_std),
        H(c.H),
        name(p.prefix()) {
    options.scale =
        (c.scale_weights ? 1.0f / std::sqrt(float(c.C / c.H)) : 1.0f) / (c.scale_by_layer ? float(layer + 1) : 1.0f);
  }

  Tensor operator()(Tensor x, const Batch& batch, int64_t layer) const {  // (N, C) -> (N, C)
    const int64_t N = x.size(0), C = x.size(1);
    const Tensor qkv = c_attn(ln_1(x)).reshape({N, 3 * H, C / H});
    x = x + c_proj(attend(qkv, H, H, batch, layer, options, name + ".attn"));
    x = x + mlp(ln_2(x));
    batch.tap(name, "out", x);
    return x;
  }
};

class Gpt2 final : public CausalLm {
 public:
  Gpt2(Params p, const Json& json)
      : config_(json),
        c_(json),
        wte_(p / "transformer.wte", c_.V, c_.C, c_.std),
        wpe_(p / "transformer.wpe", c_.context, c_.C, c_.std) {
    const float out_std = c_.std / std::sqrt(2.0f * float(c_.L));
    for (int64_t l = 0; l < c_.L; ++l) blocks_.emplace_back(p / "transformer.h" / l, c_, l, out_std);
    ln_f_ = LayerNorm(p / "transformer.ln_f", c_.C, c_.norm_eps);
    head_ = c_.tied ? Linear(wte_.weight, p.options()) : Linear(p / "lm_head", c_.C, c_.V, Bias::No, c_.std);
    shape_ = {.family = "gpt2",
              .V = c_.V,
              .C = c_.C,
              .L = c_.L,
              .H = c_.H,
              .K = c_.H,
              .D = c_.C / c_.H,
              .F = c_.F,
              .context = c_.context,
              .tied = c_.tied};
  }

  Tensor forward(const Batch& batch) const override {
    for (int32_t p : batch.positions)
      if (p >= c_.context)
        throw Error(ErrorKind::InvalidArgument, "position {} is beyond this model's context of {} tokens", p,
                    c_.context);
    const Tensor positions = Tensor::from(batch.positions, {batch.size()});
    Tensor x = wte_(batch.ids) + wpe_(positions);
    for (size_t l = 0; l < blocks_.size(); ++l) {
      const auto block = [this, &batch, l](const Tensor& in) { return blocks_[l](in, batch, int64_t(l)); };
      x = batch.checkpoint_blocks ? checkpointed(block, x) : block(x);
    }
    return ln_f_(x);
  }
  const Linear& head() const override { return head_; }
  const ModelShape& shape() const override { return shape_; }
  const Json& config() const override { return config_; }

 private:
  Json config_;
  Gpt2Config c_;
  Embedding wte_, wpe_;
  std::vector<Gpt2Block> blocks_;
  LayerNorm ln_f_;
  Linear head_;
  ModelShape shape_;
};

}  // namespace

const Family kGpt2 = {
    .architectures = {"GPT2LMHeadModel"},
    .model_type = "gpt2",
    // The original checkpoint names its tensors without the prefix and carries causal masks as buffers.
    .aliases =
        [](const std::string& name) {
          return name.starts_with("transformer.") ? std::vector<std::string>{name.substr(12)}
                                                  : std::vector<std::string>{};
        },
    .ignorable =
        [](const std::string& name) {
          return name == "lm_head.weight" || name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
        },
    .build = [](Params p, const Json& config) -> std::unique_ptr<CausalLm> {
      return std::make_unique<Gpt2>(p, config);
    },
};

}  // namespace quern
