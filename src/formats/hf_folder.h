// SPDX-License-Identifier: MIT
#pragma once
// Models from disk and back. A model folder is as Hugging Face lays it out: config.json, weights in safetensors (one
// file or shards), generation_config.json, tokenizer.json. A GGUF file is read as if it were one (model_source.h).

#include <memory>

#include "base/files.h"
#include "base/json.h"
#include "formats/model_source.h"
#include "models/causal_lm.h"
#include "models/encoder.h"

namespace quern {

// Builds the model that `path` (a folder or a GGUF file) holds and fills it. Every parameter must be there in its
// shape, and every tensor must be known. Throws NotFound, Unsupported (family, dtype, pickled weights) or InvalidModel,
// naming file and tensor.
std::unique_ptr<CausalLm> load_model(const fs::path& path, const ParamOptions& options = {});
std::unique_ptr<CausalLm> load_model(const ModelSource& files, const ParamOptions& options = {});

// The same for an encoder. `body_only`: without what its class puts on top. Throws Unsupported for a decoder.
std::unique_ptr<Encoder> load_encoder(const ModelSource& files, const ParamOptions& options = {},
                                      bool body_only = false);

// Ids that end a text: eos_token_id of generation_config.json, else of config.json; a number or a list.
std::vector<int32_t> end_of_text_ids(const Json& generation_config, const Json& config);

struct SaveOptions {
  DType dtype = DType::f32;      // of matrices; vectors (norms, biases) stay f32
  uint64_t max_shard_bytes = 0;  // 0: one file
};
// Writes config.json and the weights into an existing folder. Weights are written last but config.json, so that a
// folder that can be opened is whole.
void save_model(const fs::path& folder, const CausalLm& model, const SaveOptions& options = {});
void save_encoder(const fs::path& folder, const Encoder& encoder, const SaveOptions& options = {});

// Any named tensors (optimizer moments, adapters) to one file and back.
void save_tensors(const fs::path& file, const std::vector<std::pair<std::string, Tensor>>& tensors);

}  // namespace quern
