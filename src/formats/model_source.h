// SPDX-License-Identifier: MIT
#pragma once
// A model on disk, whatever its format: a Hugging Face folder or a GGUF file, seen as the former.

#include <memory>

#include "base/json.h"
#include "formats/weights.h"
#include "text/tokenizer.h"

namespace quern {

class ModelSource {
 public:
  virtual ~ModelSource() = default;
  // A folder with config.json, or a GGUF file (any part of a split one). Throws NotFound, InvalidModel, Unsupported.
  static std::unique_ptr<const ModelSource> open(const fs::path& path);

  const fs::path& path() const { return path_; }
  const Json& config() const { return config_; }                        // config.json
  const Json& generation_config() const { return generation_config_; }  // {} when there is none
  const Json& tokenizer_config() const { return tokenizer_config_; }    // {} when there is none
  virtual std::unique_ptr<Weights> weights() const = 0;
  virtual bool has_tokenizer() const = 0;
  virtual Tokenizer tokenizer() const = 0;         // throws NotFound when there is none
  virtual std::string tokenizer_json() const = 0;  // "" when there is none
  virtual Json lineage() const = 0;                // lineage.json, null when there is none

 protected:
  explicit ModelSource(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
  Json config_, generation_config_ = Json::object(), tokenizer_config_ = Json::object();
};

// What of a model is to be had without its weights. `path` as in ModelSource::open().
Json read_model_config(const fs::path& path);
Json read_generation_config(const fs::path& path);
// tokenizer_config.json with the chat template wherever it stands (chat_template.jinja counts before the field).
Json read_tokenizer_config(const fs::path& path);
bool has_tokenizer(const fs::path& path);
Tokenizer load_tokenizer(const fs::path& path);

}  // namespace quern
