// SPDX-License-Identifier: MIT
#pragma once
// A model from one format to the other: Hugging Face folder <-> GGUF file. Values stay bit-equal where the types allow;
// tokenizer, chat template, generation settings and lineage go along.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "formats/model_source.h"
#include "tensor/tensor.h"

namespace quern {

struct ConvertOptions {
  // Of matrices. Left out: as they are stored; into a folder, block types become f32, which loses nothing. Where
  // rows are no whole number of blocks it falls back as dtype_for_rows() says.
  std::optional<DType> type;
  // Instead of `type`: of each matrix by its Hugging Face name. It must fit the rows. Into GGUF only.
  std::function<DType(const std::string& name, const std::vector<int64_t>& shape)> choose;
  // Instead of Tensor::to(): a matrix (rows, K), experts one by one, in its type. By its Hugging Face name; into GGUF
  // only.
  std::function<Tensor(const std::string& name, const Tensor& values, DType dtype)> encode = {};
  std::string step = "convert";  // as the lineage calls it
  Json note = Json::object();    // further entries of that step
  uint64_t max_part_bytes = 0;   // of the weights in one file; 0: no limit
};

struct ConvertReport {
  std::vector<std::string> files, warnings;
  int64_t tensors = 0, values = 0;
  std::vector<std::string> fallen_back;  // tensors that `type` does not fit
};

// `to` is a GGUF file when its name ends in .gguf, else a folder that must not exist. Throws what reading throws,
// Unsupported (an architecture GGUF does not know), InvalidArgument (`to` exists).
ConvertReport convert_model(const ModelSource& from, const fs::path& to, const ConvertOptions& options = {});
ConvertReport convert_model(const fs::path& from, const fs::path& to, const ConvertOptions& options = {});

}  // namespace quern
