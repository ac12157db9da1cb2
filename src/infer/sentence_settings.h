// SPDX-License-Identifier: MIT
#pragma once
// What a folder of sentence-transformers says about making a text's vector: modules.json and the files it names,
// sentence_bert_config.json, config_sentence_transformers.json. A plain model folder says nothing of it and a GGUF file
// neither; they get defaults.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "infer/pooling.h"
#include "tensor/ops.h"

namespace quern {

// A step behind pooling: the length made 1, or f(x w^T + b).
struct SentenceStep {
  bool normalize = false;
  Tensor weight, bias;  // of a dense layer: (M, K) and (M) or none
  std::optional<Activation> activation;
};

struct SentenceSettings {
  fs::path model;                 // where config.json, weights and tokenizer are
  std::vector<Pooling> poolings;  // several: their vectors side by side. None: the folder does not say
  bool include_prompt = true;     // the prompt's tokens count in pooling
  std::vector<SentenceStep> steps;
  int64_t max_tokens = 0;  // of a text; 0: the model's own limit
  bool lower_case = false;
  std::map<std::string, std::string> prompts;  // put before a text: "query" -> "Represent the query: "
  std::string default_prompt;                  // a name of `prompts`; "": none
};

// `path`: a folder or a GGUF file. Throws InvalidModel for damaged files and Unsupported for modules of other kinds.
SentenceSettings read_sentence_settings(const fs::path& path);

}  // namespace quern
