// SPDX-License-Identifier: MIT
#pragma once
// A model that reads whole texts: an encoder, or a decoder whose hidden states are taken.

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "formats/model_source.h"
#include "infer/fit_text.h"
#include "models/causal_lm.h"
#include "models/encoder.h"
#include "text/tokenizer.h"

namespace quern {

// Where a user's word for a model leads: like resolve_model_path(), and also a folder of sentence-transformers whose
// config.json lies in a folder of its own.
fs::path resolve_text_model_path(const std::string& argument);

struct TextModel {
  std::unique_ptr<Encoder> encoder;  // one of the two
  std::unique_ptr<CausalLm> decoder;
  Tokenizer tokenizer;
  Json config;
  int64_t C = 0;        // width of the hidden states
  int64_t context = 0;  // tokens of a text: what the table of positions has and, where it says less, the tokenizer

  // `body_only`: no heads. Throws as load_encoder() and load_model() do, and NotFound where there is no tokenizer.
  static TextModel open(const fs::path& path, bool body_only);

  // Hidden states of several texts, packed (N, C).
  struct States {
    Batch batch;
    Tensor hidden;
  };
  States run(const std::vector<const FittedText*>& texts) const;
};

// Cuts texts into runs: `order` of texts, the longest first, and the end of each run in it. No run has more than
// `batch` texts, nor, if it has several, more tokens than fit comfortably into memory.
struct TextRuns {
  std::vector<size_t> order, ends;
};
TextRuns plan_runs(const std::vector<FittedText>& texts, int64_t batch);

}  // namespace quern
