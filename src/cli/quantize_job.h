// SPDX-License-Identifier: MIT
#pragma once
// A model about to be quantised, once or to many types: what its calibration text told, and how it is used.

#include <memory>
#include <optional>

#include "base/terminal.h"
#include "formats/quantise_model.h"
#include "infer/awq.h"
#include "infer/loaded_model.h"

namespace quern {

struct QuantizeJobOptions {
  std::string model;
  std::vector<std::string> texts;  // to calibrate with
  std::string imatrix;             // a file of importances, instead
  bool awq = false;
  int64_t tokens = 65536;  // most that are read of the texts
  std::optional<DType> embedding, head;
  uint64_t max_part_bytes = 0;
};

class QuantizeJob {
 public:
  // Reads the texts with the model where there are any. Throws as calibrate() and load_importance() do.
  explicit QuantizeJob(const QuantizeJobOptions& options);

  const fs::path& path() const { return path_; }
  const ModelSource& source() const { return *source_; }
  const Importance* importance() const { return importance_ ? &*importance_ : nullptr; }
  // `to` ends in .gguf; with AWQ it may also be a folder, whose weights are then rescaled for `type`, but not
  // quantised.
  QuantiseReport write(DType type, const fs::path& to) const;

 private:
  QuantizeJobOptions options_;
  fs::path path_;
  std::unique_ptr<const ModelSource> source_;
  std::optional<Importance> importance_;
  Calibration calibration_;  // for AWQ

  void read_texts();
  QuantiseReport write_awq(const QuantiseOptions& options, const fs::path& to) const;
};

// The ids of the texts' documents, one after the other, at most about `most`. Throws InvalidData when there are none.
std::vector<int32_t> ids_of_texts(const std::vector<std::string>& files, const Tokenizer& tokenizer, int64_t most);

// A type that models are written in, by its name. `option` is named in the error.
DType written_dtype(const std::string& option, const std::string& text);

}  // namespace quern
