// SPDX-License-Identifier: MIT
#pragma once
// For tests: the config of a tiny encoder of each family and class.

#include <string>
#include <vector>

#include "base/json.h"

namespace quern::testing_models {

inline const std::vector<std::string>& encoder_classes() {
  static const std::vector<std::string> names = {"BertModel",
                                                 "BertForPreTraining",
                                                 "BertForMaskedLM",
                                                 "BertForNextSentencePrediction",
                                                 "BertForSequenceClassification",
                                                 "BertForTokenClassification",
                                                 "BertForQuestionAnswering",
                                                 "RobertaModel",
                                                 "RobertaForMaskedLM",
                                                 "RobertaForSequenceClassification",
                                                 "RobertaForTokenClassification",
                                                 "XLMRobertaModel",
                                                 "DistilBertModel",
                                                 "DistilBertForMaskedLM",
                                                 "DistilBertForSequenceClassification",
                                                 "DistilBertForTokenClassification",
                                                 "DistilBertForQuestionAnswering"};
  return names;
}

// Weights are drawn wide, so that what a part adds is not lost in rounding.
inline Json tiny_encoder_config(const std::string& architecture, int64_t V = 203) {
  if (architecture.starts_with("Distil"))
    return {{"architectures", {architecture}},
            {"model_type", "distilbert"},
            {"vocab_size", V},
            {"dim", 40},
            {"n_layers", 2},
            {"n_heads", 4},
            {"hidden_dim", 72},
            {"max_position_embeddings", 64},
            {"initializer_range", 0.2}};
  const bool bert = architecture.starts_with("Bert");
  Json c{{"architectures", {architecture}},
         {"model_type", bert ? "bert" : "roberta"},
         {"vocab_size", V},
         {"hidden_size", 40},
         {"num_hidden_layers", 2},
         {"num_attention_heads", 4},
         {"intermediate_size", 72},
         {"max_position_embeddings", 64},
         {"initializer_range", 0.2},
         {"type_vocab_size", bert ? 2 : 1},
         {"pad_token_id", bert ? 0 : 1},
         {"layer_norm_eps", 1e-5}};
  if (architecture.ends_with("TokenClassification")) c["id2label"] = {{"0", "a"}, {"1", "b"}, {"2", "c"}};
  return c;
}

}  // namespace quern::testing_models
