// SPDX-License-Identifier: MIT
#include "formats/model_source.h"

#include "base/error.h"
#include "formats/gguf_config.h"
#include "formats/gguf_tokenizer.h"
#include "formats/gguf_weights.h"

namespace quern {

namespace {
Json optional_json(const fs::path& path) {
  return fs::exists(path) ? read_json(path, ErrorKind::InvalidModel) : Json::object();
}

class FolderFiles final : public ModelSource {
 public:
  explicit FolderFiles(const fs::path& folder) : ModelSource(folder) {
    if (!fs::exists(folder)) throw Error(ErrorKind::NotFound, "{}: no such folder", folder.string());
    if (!fs::exists(folder / "config.json"))
      throw Error(ErrorKind::NotFound, "{}: no config.json, so this is no model folder", folder.string());
    config_ = read_json(folder / "config.json", ErrorKind::InvalidModel);
    generation_config_ = optional_json(folder / "generation_config.json");
    tokenizer_config_ = optional_json(folder / "tokenizer_config.json");
    if (const fs::path own = folder / "chat_template.jinja"; fs::exists(own) && tokenizer_config_.is_object())
      tokenizer_config_["chat_template"] = read_file(own);
  }

  std::unique_ptr<Weights> weights() const override { return open_folder_weights(path_); }
  bool has_tokenizer() const override { return Tokenizer::exists_in(path_); }
  Tokenizer tokenizer() const override { return Tokenizer::load(path_); }
  std::string tokenizer_json() const override {
    if (fs::exists(path_ / "tokenizer.json")) return read_file(path_ / "tokenizer.json");
    return has_tokenizer() ? tokenizer().to_json() : std::string();  // a SentencePiece or tiktoken file
  }
  Json lineage() const override {
    const fs::path file = path_ / "lineage.json";
    return fs::exists(file) ? read_json(file, ErrorKind::InvalidModel) : Json(nullptr);
  }
};

class GgufFiles final : public ModelSource {
 public:
  explicit GgufFiles(const fs::path& path)
      : ModelSource(path), file_(std::make_shared<const GgufFile>(GgufFile::open(path))) {
    GgufConfig read = config_of_gguf(*file_);
    architecture_ = read.architecture;
    config_ = std::move(read.config);
    generation_config_ = carried("quern.generation_config", generation_config_of_gguf(file_->metadata()));
    tokenizer_config_ = tokenizer_config_of_gguf(file_->metadata());
    const Json chat_template =
        tokenizer_config_.contains("chat_template") ? tokenizer_config_["chat_template"] : Json(nullptr);
    tokenizer_config_ = carried("quern.tokenizer_config", tokenizer_config_);
    if (!chat_template.is_null()) tokenizer_config_["chat_template"] = chat_template;  // others may have changed it
  }

  std::unique_ptr<Weights> weights() const override { return open_gguf_weights(file_, *architecture_, config_); }
  bool has_tokenizer() const override {
    const GgufMetadata& m = file_->metadata();
    return m.find("tokenizer.ggml.tokens") || m.find("tokenizer.huggingface.json");
  }
  Tokenizer tokenizer() const override {
    const std::string json = tokenizer_json();
    if (json.empty()) throw Error(ErrorKind::NotFound, "{}: there is no tokenizer in this file", path_.string());
    return Tokenizer::from_json(json, path_.string());
  }
  std::string tokenizer_json() const override { return tokenizer_json_of_gguf(file_->metadata(), path_.string()); }
  Json lineage() const override {
    const auto text = file_->metadata().text("quern.lineage");
    return text ? parse_json(*text, path_.string() + ": quern.lineage", ErrorKind::InvalidModel) : Json(nullptr);
  }

 private:
  // What the folder said that the file was made from.
  Json carried(const char* key, Json otherwise) const {
    const auto text = file_->metadata().text(key);
    if (!text) return otherwise;
    Json json = parse_json(*text, path_.string() + ": " + key, ErrorKind::InvalidModel);
    return json.is_object() ? json : otherwise;
  }

  std::shared_ptr<const GgufFile> file_;
  const GgufArchitecture* architecture_ = nullptr;
};
}  // namespace

std::unique_ptr<const ModelSource> ModelSource::open(const fs::path& path) {
  if (fs::is_regular_file(path)) return std::make_unique<GgufFiles>(path);
  return std::make_unique<FolderFiles>(path);
}

Json read_model_config(const fs::path& path) { return ModelSource::open(path)->config(); }
Json read_generation_config(const fs::path& path) { return ModelSource::open(path)->generation_config(); }
Json read_tokenizer_config(const fs::path& path) { return ModelSource::open(path)->tokenizer_config(); }
bool has_tokenizer(const fs::path& path) { return ModelSource::open(path)->has_tokenizer(); }
Tokenizer load_tokenizer(const fs::path& path) { return ModelSource::open(path)->tokenizer(); }

}  // namespace quern
