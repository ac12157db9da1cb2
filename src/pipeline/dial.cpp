// SPDX-License-Identifier: MIT
#include "pipeline/dial.h"

#include <cmath>

#include "base/json.h"
#include "train/estimate.h"

namespace quern {

namespace {
int64_t round_to(double n, int64_t step) {
  return std::max<int64_t>(step, int64_t(std::llround(n / double(step))) * step);
}
}  // namespace

void apply_depth(Recipe& r, int64_t vocab_size) {
  auto& m = r.model;
  auto& t = r.train;
  if (m.depth > 0) {
    if (m.layers == 0) m.layers = m.depth;
    if (m.width == 0) m.width = 32 * m.depth;
    if (!r.is_set("model.tie_embeddings")) m.tie_embeddings = m.family == "gpt2";
    if (m.heads == 0) m.heads = std::max<int64_t>(1, m.width / (m.width >= 512 ? 64 : 32));
    if (!r.is_set("train.lr")) t.lr = 3e-3 * std::sqrt(128.0 / double(m.width));
    if (!r.is_set("train.muon_lr")) t.muon_lr = 0.02 * std::sqrt(128.0 / double(m.width));
  }
  if (m.layers == 0 || m.width == 0)
    throw Error(ErrorKind::InvalidRecipe, "{}: neither a depth nor layers and width are given", r.place("model.depth"))
        .hint("set model.depth = 4 for a small model, or model.layers, model.width and model.heads");
  if (m.heads == 0) m.heads = std::max<int64_t>(1, m.width / 64);
  if (m.head_dim == 0 && m.width % m.heads != 0)
    throw Error(ErrorKind::InvalidRecipe, "{}: a width of {} can't be cut into {} heads", r.place("model.heads"),
                m.width, m.heads);
  if (m.head_dim == 0) m.head_dim = m.width / m.heads;
  if (m.kv_heads == 0) m.kv_heads = m.heads;
  if (m.ffn_width == 0) m.ffn_width = m.family == "gpt2" ? 4 * m.width : round_to(8.0 / 3.0 * double(m.width), 32);
  if (m.context == 0) m.context = t.sequence;
  if (m.family == "llama" && (m.heads % m.kv_heads != 0 || m.head_dim % 2 != 0))
    throw Error(ErrorKind::InvalidRecipe, "{}: {} heads of {} can't share {} key/value heads",
                r.place("model.kv_heads"), m.heads, m.head_dim, m.kv_heads);
  if (t.steps == 0 && t.tokens == 0 && t.epochs == 0 && t.minutes == 0) {
    const int64_t parameters = count_parameters(shape_of(model_config(r, vocab_size, 0)));
    t.tokens = 20 * parameters;
  }
}

ModelConfig model_config(const Recipe& r, int64_t V, int32_t end_of_text) {
  const auto& m = r.model;
  Json j;
  if (m.family == "gpt2") {
    j = {{"architectures", {"GPT2LMHeadModel"}},
         {"model_type", "gpt2"},
         {"vocab_size", V},
         {"n_embd", m.width},
         {"n_layer", m.layers},
         {"n_head", m.heads},
         {"n_inner", m.ffn_width},
         {"n_positions", m.context},
         {"layer_norm_epsilon", m.norm_eps},
         {"activation_function", "gelu_new"},
         {"initializer_range", 0.02},
         {"scale_attn_weights", true},
         {"scale_attn_by_inverse_layer_idx", false},
         {"attn_pdrop", 0.0},
         {"embd_pdrop", 0.0},
         {"resid_pdrop", 0.0}};
  } else {
    j = {{"architectures", {"LlamaForCausalLM"}},
         {"model_type", "llama"},
         {"vocab_size", V},
         {"hidden_size", m.width},
         {"intermediate_size", m.ffn_width},
         {"num_hidden_layers", m.layers},
         {"num_attention_heads", m.heads},
         {"num_key_value_heads", m.kv_heads},
         {"head_dim", m.head_dim},
         {"max_position_embeddings", m.context},
         {"rms_norm_eps", m.norm_eps},
         {"rope_theta", m.rope_theta},
         {"rope_scaling", nullptr},
         {"hidden_act", "silu"},
         {"attention_bias", false},
         {"mlp_bias", false},
         {"initializer_range", 0.02},
         {"initialization", m.initialization}};
  }
  j["tie_word_embeddings"] = m.tie_embeddings;
  j["bos_token_id"] = end_of_text;
  j["eos_token_id"] = end_of_text;
  j["torch_dtype"] = "float32";
  return j;
}

ModelShape shape_of(const ModelConfig& j) {
  const auto get = [&](const char* key) { return j.at(key).get<int64_t>(); };
  if (j.at("model_type") == "gpt2")
    return {.family = "gpt2",
            .V = get("vocab_size"),
            .C = get("n_embd"),
            .L = get("n_layer"),
            .H = get("n_head"),
            .K = get("n_head"),
            .D = get("n_embd") / get("n_head"),
            .F = get("n_inner"),
            .context = get("n_positions"),
            .tied = j.at("tie_word_embeddings").get<bool>()};
  return {.family = "llama",
          .V = get("vocab_size"),
          .C = get("hidden_size"),
          .L = get("num_hidden_layers"),
          .H = get("num_attention_heads"),
          .K = get("num_key_value_heads"),
          .D = get("head_dim"),
          .F = get("intermediate_size"),
          .context = get("max_position_embeddings"),
          .tied = j.at("tie_word_embeddings").get<bool>()};
}

}  // namespace quern
