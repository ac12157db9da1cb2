// SPDX-License-Identifier: MIT
#pragma once
// What each type of weights would cost a model: size, speed, perplexity, divergence from the model as it is.

#include "base/json.h"
#include "cli/quantize_job.h"

namespace quern {

struct QuantizeTableOptions {
  std::vector<DType> types;
  std::vector<std::string> texts;  // to measure with; none: what the model itself writes
  int64_t tokens = 4096;           // that are predicted
  int64_t context = 512;
};

struct QuantizeTableRow {
  std::string type;  // "q4_k"; "as it is" for the model itself
  uint64_t size_bytes = 0;
  double bits_per_weight = 0;
  double decode_tokens_per_s = 0, prefill_tokens_per_s = 0;
  double perplexity = 0, divergence = 0, same_top = 0;
  std::map<std::string, QuantiseReport::Matrices> matrices;  // by type
};

struct QuantizeTable {
  std::string measured_on;  // the text
  int64_t tokens = 0;
  std::vector<QuantizeTableRow> rows;
  bool stopped = false;
};

// Writes each into a folder of the system's temporary ones and removes it again. Ctrl-C ends after the rows that are
// whole.
QuantizeTable measure_types(const QuantizeJob& job, const QuantizeTableOptions& options);

std::string table_text(const QuantizeTable& table);
Json table_json(const QuantizeTable& table);

}  // namespace quern
