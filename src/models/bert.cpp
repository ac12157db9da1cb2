// SPDX-License-Identifier: MIT
// BERT. Devlin et al. 2018, arXiv:1810.04805.
#include "models/bert_config.h"
#include "models/encoder_families.h"

namespace quern {

namespace {
EncoderConfig read_bert(const ConfigReader& r) {
  EncoderConfig c = read_bert_sizes(r, {.family = "bert", .V = 30522, .types = 2});
  c.mlm_activation = c.activation;
  c.names.mlm_dense = "cls.predictions.transform.dense";
  c.names.mlm_norm = "cls.predictions.transform.LayerNorm";
  c.names.mlm_decoder = "cls.predictions.decoder";
  c.names.mlm_bias = "cls.predictions.bias";
  c.names.text_out = "classifier";
  return c;
}

std::vector<std::string> more_bert_names(const std::string& name) {
  if (name == "cls.predictions.bias") return {"cls.predictions.decoder.bias"};
  return {};
}
}  // namespace

const EncoderFamily kBert = {
    .model_types = {"bert"},
    .classes = {{"BertModel", EncoderTask::none},
                {"BertForPreTraining", EncoderTask::pretraining},
                {"BertForMaskedLM", EncoderTask::masked_lm},
                {"BertForNextSentencePrediction", EncoderTask::next_sentence},
                {"BertForSequenceClassification", EncoderTask::sequence},
                {"BertForTokenClassification", EncoderTask::token},
                {"BertForQuestionAnswering", EncoderTask::question}},
    .prefix = "bert",
    .read = read_bert,
    .more_names = more_bert_names,
};

}  // namespace quern
