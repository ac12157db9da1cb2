// SPDX-License-Identifier: MIT
// RoBERTa: BERT with other heads, and places that count from pad_token_id + 1. Liu et al. 2019, arXiv:1907.11692.
// XLM-RoBERTa (Conneau et al. 2019, arXiv:1911.02116) and CamemBERT are the same model with other vocabularies.
#include "models/bert_config.h"
#include "models/encoder_families.h"

namespace quern {

namespace {
EncoderConfig read_roberta(const ConfigReader& r) {
  EncoderConfig c = read_bert_sizes(r, {.family = "roberta", .V = 50265, .types = 2});
  c.pad = int32_t(r.integer("pad_token_id", 1));
  if (c.pad >= c.V || c.pad + 1 >= c.positions)
    throw Error(ErrorKind::InvalidModel, "config.json: pad_token_id {} leaves no places of {}", c.pad, c.positions);
  c.names.mlm_dense = "lm_head.dense";
  c.names.mlm_norm = "lm_head.layer_norm";
  c.names.mlm_decoder = "lm_head.decoder";
  c.names.mlm_bias = "lm_head.bias";
  c.names.text_dense = "classifier.dense";
  c.names.text_out = "classifier.out_proj";
  return c;
}

std::vector<std::string> more_roberta_names(const std::string& name) {
  if (name == "lm_head.bias") return {"lm_head.decoder.bias"};
  return {};
}

std::vector<std::pair<std::string, EncoderTask>> roberta_classes() {
  std::vector<std::pair<std::string, EncoderTask>> out;
  for (const std::string family : {"Roberta", "XLMRoberta", "Camembert"})
    for (const auto& [suffix, task] : {std::pair{"Model", EncoderTask::none},
                                       {"ForMaskedLM", EncoderTask::masked_lm},
                                       {"ForSequenceClassification", EncoderTask::sequence},
                                       {"ForTokenClassification", EncoderTask::token},
                                       {"ForQuestionAnswering", EncoderTask::question}})
      out.emplace_back(family + suffix, task);
  return out;
}
}  // namespace

const EncoderFamily kRoberta = {
    .model_types = {"roberta", "xlm-roberta", "camembert"},
    .classes = roberta_classes(),
    .prefix = "roberta",
    .read = read_roberta,
    .more_names = more_roberta_names,
};

}  // namespace quern
