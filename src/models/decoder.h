// SPDX-License-Identifier: MIT
#pragma once
// What decoders have in common: embedding, blocks, final norm, head. A family's file says what its config means and
// what its blocks are; `Decoder` puts them together.

#include "models/causal_lm.h"
#include "models/config_reader.h"
#include "nn/attention.h"
#include "nn/mlp.h"
#include "nn/norm.h"

namespace quern {

// What a layer may have of its own.
struct LayerOptions {
  AttentionOptions attention;  // window, scale, softcap
  int rope = 0;                // which of the config's rotary positions
};
inline constexpr int kNoRope = -1;

// Names of the outer tensors.
struct DecoderNames {
  const char* embedding = "model.embed_tokens";
  const char* positions = nullptr;  // learned positions, where there are any
  const char* layers = "model.layers";
  const char* norm = "model.norm";
  const char* head = "lm_head";
};

struct DecoderConfig {
  std::string family;
  int64_t V = 0, C = 0, L = 0, H = 0, K = 0, D = 0, F = 0, context = 0;  // the dimensions of docs/tour.md
  float norm_eps = 1e-6f, norm_offset = 0;
  float std = 0.02f;    // initial weights
  bool fan_in = false;  // initial weights by fan-in instead of one std for all
  bool tied = false;    // the head is the embedding
  bool attention_bias = false, attention_out_bias = false, mlp_bias = false;
  bool fused = false;  // qkv_proj and gate_up_proj in the checkpoint
  QkNorm qk_norm = QkNorm::none;
  Activation activation = Activation::silu;
  float embedding_scale = 1, logit_softcap = 0;
  std::vector<RopeConfig> ropes;
  std::vector<LayerOptions> layers;  // L
  DecoderNames names;

  AttentionConfig attention(int64_t layer) const;
  GatedMlpConfig gated_mlp() const;
  // Residual projections start smaller by sqrt(2 L), so that the stream's variance does not grow with depth (GPT-2).
  float out_std(int64_t inputs) const;
  // By fan-in, a token enters the stream with variance 1, so that blocks add to it instead of drowning it: small models
  // then learn sooner to copy from their context (docs/log.md). The head starts near 0 in both.
  float embedding_std() const { return fan_in ? (tied ? 0.02f : 1.0f) : std; }
  float head_std() const { return fan_in ? 0.02f : std; }
  ModelShape shape() const;
};

// What transformers' config class of a family takes where config.json is silent; 0 = the key is required (head_dim:
// hidden_size / heads; num_key_value_heads: as many as heads).
struct DecoderDefaults {
  const char* family;
  int64_t V = 0, C = 0, L = 0, H = 0, K = 0, D = 0, F = 0, context = 2048;
  double norm_eps = 1e-6;
  bool tied = false;
  const char* activation_key = "hidden_act";
  const char* activation = "silu";
};

// The keys that all families with Llama's names share. Rotary positions, windows and what is special are left to the
// family. Throws InvalidModel or Unsupported, naming the key.
DecoderConfig read_decoder(const ConfigReader& r, const DecoderDefaults& defaults);
void make_layers(DecoderConfig& c);  // as many as L says, which must make sense
// Gives the layers that layer_types calls sliding_attention their window; without that list, those that `slides` names.
// window 0: there is none, and no layer may ask for one.
void read_windows(DecoderConfig& c, const ConfigReader& r, int64_t window,
                  const std::function<bool(int64_t layer)>& slides);
// sliding_window where it is set; 0 for null, `otherwise` when absent.
int64_t read_window(const ConfigReader& r, int64_t otherwise);

// Tensors in checkpoints with Llama's names that are no parameters: a tied head, tables of angles.
bool is_llama_buffer(const std::string& name);

// Pre-norm: x + attention(norm x), then x + mlp(norm x), both gated and under Llama's names.
struct PreNormBlock {
  using Norm = RmsNorm;
  RmsNorm norm_attn, norm_ffn;
  Attention attn;
  GatedMlp ffn;
  std::string name;

  PreNormBlock(Params p, const DecoderConfig& c, int64_t layer);
  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const;  // (N, C) -> (N, C)
  static RmsNorm final_norm(Params p, const DecoderConfig& c) { return RmsNorm(p, c.C, c.norm_eps, c.norm_offset); }
};

// Block(Params, const Config&, layer) and Block::final_norm(Params, const Config&) are the family's.
template <class Block, class Config = DecoderConfig>
class Decoder final : public CausalLm {
 public:
  Decoder(Params p, const Json& json, const Config& config)
      : config_(json), c_(config), shape_(c_.shape()), embed_(p / c_.names.embedding, c_.V, c_.C, c_.embedding_std()) {
    if (c_.names.positions) positions_ = Embedding(p / c_.names.positions, c_.context, c_.C, c_.std);
    for (const RopeConfig& rope : c_.ropes) rotaries_.emplace_back(rope);
    for (int64_t l = 0; l < c_.L; ++l) blocks_.emplace_back(p / c_.names.layers / l, c_, l);
    norm_ = Block::final_norm(p / c_.names.norm, c_);
    head_ =
        c_.tied ? Linear(embed_.weight, p.options()) : Linear(p / c_.names.head, c_.C, c_.V, Bias::No, c_.head_std());
  }

  Tensor forward(const Batch& batch) const override {
    std::vector<RopeTable> ropes;
    for (const Rotary& rotary : rotaries_) ropes.push_back(rotary(batch));
    Tensor x = embed(batch);
    for (size_t l = 0; l < blocks_.size(); ++l) {
      const int which = c_.layers[l].rope;
      const RopeTable rope = which == kNoRope || ropes.empty() ? RopeTable{} : ropes[size_t(which)];
      const auto block = [this, &batch, rope, l](const Tensor& in) { return blocks_[l](in, batch, rope, int64_t(l)); };
      x = batch.checkpoint_blocks ? checkpointed(block, x) : block(x);
    }
    return norm_(x);
  }
  const Linear& head() const override { return head_; }
  const ModelShape& shape() const override { return shape_; }
  const Json& config() const override { return config_; }
  int64_t prefix_key(int64_t rope_length) const override {
    for (const Rotary& rotary : rotaries_)
      if (const int64_t key = rotary.length_key(rope_length)) return key;
    return 0;
  }

 private:
  Tensor embed(const Batch& batch) const {  // -> (N, C)
    Tensor x = embed_(batch.ids);
    if (c_.embedding_scale != 1) x = scale(x, c_.embedding_scale);
    if (!positions_.weight) return x;
    for (const int32_t p : batch.positions)
      if (p >= c_.context)
        throw Error(ErrorKind::InvalidArgument, "position {} is beyond this model's context of {} tokens", p,
                    c_.context);
    return x + positions_(Tensor::from(batch.positions, {batch.size()}));
  }

  Json config_;
  Config c_;
  ModelShape shape_;
  Embedding embed_, positions_;
  std::vector<Rotary> rotaries_;
  std::vector<Block> blocks_;
  typename Block::Norm norm_;
  Linear head_;
};

template <class Block, class Config>
std::unique_ptr<CausalLm> make_decoder(Params p, const Json& json, const Config& config) {
  return std::make_unique<Decoder<Block, Config>>(p, json, config);
}

}  // namespace quern
