// SPDX-License-Identifier: MIT
#pragma once
// The weights of a model under their Hugging Face names, wherever they lie.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "tensor/tensor.h"

namespace quern {

class Weights {
 public:
  virtual ~Weights() = default;
  // Every tensor there is. One that GGUF's table does not know stands under its GGUF name.
  virtual std::vector<std::string> names() const = 0;
  // In its stored type, mapped in place where that is possible; nothing when there is no such tensor.
  virtual std::optional<Tensor> find(const std::string& name) const = 0;
  virtual int64_t num_values() const = 0;
};

// model.safetensors of a folder, or its shards. Throws NotFound, Io, InvalidModel, Unsupported (pickled weights).
std::unique_ptr<Weights> open_folder_weights(const fs::path& folder);

}  // namespace quern
