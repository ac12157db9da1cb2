// SPDX-License-Identifier: MIT
#pragma once
// How much each column of a model's matrices matters ("importance matrix"): the squares of what met it while the model
// read a text. The quantisers weigh their errors by it (tensor/quant/quantise.h).

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace quern {

struct ColumnImportance {
  std::vector<float> sum_squares;  // (K) of the inputs of each column
  int64_t count = 0;               // tokens that were summed up; an expert meets only those that are sent to it

  std::vector<float> means() const;  // sum_squares / count; empty when nothing was counted
};

struct Importance {
  std::map<std::string, ColumnImportance> by_weight;  // Hugging Face names
  std::vector<std::string> texts;                     // what was read
  int64_t windows = 0, window_tokens = 0;

  // (K), or empty where nothing is known of this matrix.
  std::vector<float> of(const std::string& weight) const;
};

// The file is llama.cpp's: a GGUF with general.type "imatrix" and for each matrix, under its GGUF name, the tensors
// NAME.in_sum2 (experts, K) and NAME.counts (experts, 1) in f32; the keys imatrix.datasets, imatrix.chunk_count and
// imatrix.chunk_size say what was read (llama.cpp, tools/imatrix). `config` is the model's: it decides the names.
// Throws Unsupported for an architecture that GGUF does not know.
void save_importance(const fs::path& file, const Importance& importance, const Json& config);
// Throws NotFound, InvalidData (not such a file, damaged, another model's).
Importance load_importance(const fs::path& file, const Json& config);

}  // namespace quern
