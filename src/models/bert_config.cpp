// SPDX-License-Identifier: MIT
#include "models/bert_config.h"

namespace quern {

EncoderConfig read_bert_sizes(const ConfigReader& r, const BertDefaults& d) {
  const auto size = [&](const char* key, int64_t otherwise) { return r.value(key) ? r.integer(key) : otherwise; };
  EncoderConfig c;
  c.family = d.family;
  c.V = size("vocab_size", d.V);
  c.C = size("hidden_size", 768);
  c.L = size("num_hidden_layers", 12);
  c.H = size("num_attention_heads", 12);
  c.F = size("intermediate_size", 3072);
  c.positions = size("max_position_embeddings", 512);
  c.types = size("type_vocab_size", d.types);
  c.norm_eps = float(r.number("layer_norm_eps", 1e-12));
  c.std = float(r.number("initializer_range", 0.02));
  c.activation = r.activation("hidden_act", "gelu");
  c.tied = r.boolean("tie_word_embeddings", true);
  r.refuse("is_decoder", false);
  r.refuse("add_cross_attention", false);
  if (const std::string kind = r.text("position_embedding_type", "absolute"); kind != "absolute")
    throw Error(ErrorKind::Unsupported, "config.json: position_embedding_type '{}' is not known", kind)
        .hint("known is absolute");
  return c;
}

}  // namespace quern
