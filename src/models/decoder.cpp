// SPDX-License-Identifier: MIT
#include "models/decoder.h"

#include <cmath>

namespace quern {

// --- what the parts need to know ---

AttentionConfig DecoderConfig::attention(int64_t layer) const {
  return {.C = C,
          .H = H,
          .K = K,
          .D = D,
          .bias = attention_bias,
          .out_bias = attention_out_bias,
          .fused = fused,
          .std = std,
          .out_std = out_std(H * D),
          .options = layers[size_t(layer)].attention,
          .qk_norm = qk_norm,
          .norm_eps = norm_eps,
          .norm_offset = norm_offset};
}

GatedMlpConfig DecoderConfig::gated_mlp() const {
  return {
      .C = C, .F = F, .activation = activation, .bias = mlp_bias, .fused = fused, .std = std, .out_std = out_std(F)};
}

float DecoderConfig::out_std(int64_t inputs) const {
  return (fan_in ? 1 / std::sqrt(float(inputs)) : std) / std::sqrt(2.0f * float(L));
}

ModelShape DecoderConfig::shape() const {
  return {.family = family,
          .V = V,
          .C = C,
          .L = L,
          .H = H,
          .K = K,
          .D = D,
          .F = F,
          .context = context,
          .tied = tied,
          .logit_softcap = logit_softcap};
}

// --- reading ---

namespace {
constexpr int64_t kMostLayers = 10'000;

int64_t size_or(const ConfigReader& r, const char* key, int64_t otherwise) {
  return otherwise > 0 && !r.value(key) ? otherwise : r.integer(key);
}
}  // namespace

DecoderConfig read_decoder(const ConfigReader& r, const DecoderDefaults& d) {
  DecoderConfig c;
  c.family = d.family;
  c.V = size_or(r, "vocab_size", d.V);
  c.C = size_or(r, "hidden_size", d.C);
  c.L = size_or(r, "num_hidden_layers", d.L);
  c.H = size_or(r, "num_attention_heads", d.H);
  c.F = size_or(r, "intermediate_size", d.F);
  c.context = size_or(r, "max_position_embeddings", d.context);
  c.K = r.has("num_key_value_heads") || d.K == 0 ? r.integer("num_key_value_heads", c.H) : d.K;
  c.D = r.has("head_dim") || d.D == 0 ? r.integer("head_dim", c.C / c.H) : d.D;
  c.norm_eps = float(r.number("rms_norm_eps", d.norm_eps));
  c.std = float(r.number("initializer_range", 0.02));
  c.tied = r.boolean("tie_word_embeddings", d.tied);
  c.activation = r.activation(d.activation_key, d.activation);
  const std::string initialization = r.text("initialization", "fixed");
  if (initialization != "fixed" && initialization != "fan-in")
    throw Error(ErrorKind::InvalidModel, "config.json: initialization '{}' is not known", initialization)
        .hint("known are fixed and fan-in");
  c.fan_in = initialization == "fan-in";
  if (c.fan_in) c.std = 1 / std::sqrt(float(c.C));
  if (c.K == 0 || c.H % c.K != 0)
    throw Error(ErrorKind::InvalidModel, "config.json: {} attention heads can't share {} key/value heads", c.H, c.K);
  if (c.D == 0)
    throw Error(ErrorKind::InvalidModel, "config.json: {} values in {} heads leave none for each", c.C, c.H);
  make_layers(c);
  return c;
}

void make_layers(DecoderConfig& c) {
  if (c.L > kMostLayers) throw Error(ErrorKind::InvalidModel, "config.json: {} layers make no sense", c.L);
  c.layers.resize(size_t(c.L));
}

int64_t read_window(const ConfigReader& r, int64_t otherwise) {
  if (!r.has("sliding_window")) return otherwise;
  const Json* v = r.value("sliding_window");
  return v ? r.integer("sliding_window") : 0;
}

void read_windows(DecoderConfig& c, const ConfigReader& r, int64_t window,
                  const std::function<bool(int64_t layer)>& slides) {
  const std::vector<std::string> kinds = r.texts("layer_types");
  if (!kinds.empty() && int64_t(kinds.size()) != c.L)
    throw Error(ErrorKind::InvalidModel, "config.json: layer_types names {} layers, there are {}", kinds.size(), c.L);
  for (int64_t l = 0; l < c.L; ++l) {
    bool sliding = window > 0 && slides(l);
    if (!kinds.empty()) {
      const std::string& kind = kinds[size_t(l)];
      if (kind != "full_attention" && kind != "sliding_attention")
        throw Error(ErrorKind::Unsupported, "config.json: layer_types: '{}' is not known", kind);
      sliding = kind == "sliding_attention";
    }
    if (sliding && window == 0)
      throw Error(ErrorKind::InvalidModel, "config.json: layer {} slides over its text, but no sliding_window is set",
                  l);
    c.layers[size_t(l)].attention.window = sliding ? window : 0;
  }
}

bool is_llama_buffer(const std::string& name) {
  return name == "lm_head.weight" || name.ends_with("rotary_emb.inv_freq");
}

// --- the block ---

PreNormBlock::PreNormBlock(Params p, const DecoderConfig& c, int64_t layer)
    : norm_attn(p / "input_layernorm", c.C, c.norm_eps, c.norm_offset),
      norm_ffn(p / "post_attention_layernorm", c.C, c.norm_eps, c.norm_offset),
      attn(p / "self_attn", c.attention(layer)),
      ffn(p / "mlp", c.gated_mlp()),
      name(p.prefix()) {}

Tensor PreNormBlock::operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const {
  x = x + attn(norm_attn(x), batch, rope, layer);
  x = x + ffn(norm_ffn(x));
  batch.tap(name, "out", x);
  return x;
}

}  // namespace quern
