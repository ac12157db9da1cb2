// SPDX-License-Identifier: MIT
// DistilBERT: BERT without token types and pooler, under names of its own. Sanh et al. 2019, arXiv:1910.01108.
#include "models/encoder_families.h"

namespace quern {

namespace {
EncoderConfig read_distilbert(const ConfigReader& r) {
  const auto size = [&](const char* key, int64_t otherwise) { return r.value(key) ? r.integer(key) : otherwise; };
  EncoderConfig c;
  c.family = "distilbert";
  c.V = size("vocab_size", 30522);
  c.C = size("dim", 768);
  c.L = size("n_layers", 6);
  c.H = size("n_heads", 12);
  c.F = size("hidden_dim", 4 * 768);
  // Sinusoidal or learned, the table is in the checkpoint.
  c.positions = size("max_position_embeddings", 512);
  c.std = float(r.number("initializer_range", 0.02));
  c.activation = c.mlm_activation = r.activation("activation", "gelu");
  c.text_activation = Activation::relu;
  c.tied = r.boolean("tie_word_embeddings", true);
  EncoderNames& n = c.names;
  n.layers = "transformer.layer";
  n.attention = "attention";
  n.query = "q_lin";
  n.key = "k_lin";
  n.value = "v_lin";
  n.attention_out = "attention.out_lin";
  n.attention_norm = "sa_layer_norm";
  n.up = "ffn.lin1";
  n.down = "ffn.lin2";
  n.ffn_norm = "output_layer_norm";
  n.pooler = "";
  n.mlm_dense = "vocab_transform";
  n.mlm_norm = "vocab_layer_norm";
  n.mlm_decoder = "vocab_projector";
  n.mlm_bias = "vocab_projector.bias";
  n.text_dense = "pre_classifier";
  n.text_out = "classifier";
  return c;
}
}  // namespace

const EncoderFamily kDistilBert = {
    .model_types = {"distilbert"},
    .classes = {{"DistilBertModel", EncoderTask::none},
                {"DistilBertForMaskedLM", EncoderTask::masked_lm},
                {"DistilBertForSequenceClassification", EncoderTask::sequence},
                {"DistilBertForTokenClassification", EncoderTask::token},
                {"DistilBertForQuestionAnswering", EncoderTask::question}},
    .prefix = "distilbert",
    .read = read_distilbert,
    .more_names = nullptr,
};

}  // namespace quern
