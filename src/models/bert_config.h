// SPDX-License-Identifier: MIT
#pragma once
// The keys of config.json that BERT and RoBERTa share.

#include "models/encoder.h"

namespace quern {

// Where config.json is silent.
struct BertDefaults {
  const char* family;
  int64_t V, types;
};
// Throws InvalidModel or Unsupported, naming the key.
EncoderConfig read_bert_sizes(const ConfigReader& r, const BertDefaults& defaults);

}  // namespace quern
