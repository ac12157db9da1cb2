// SPDX-License-Identifier: MIT
#pragma once
// The models on this machine that were pulled or imported: a folder each, by name, under one root.
//   ROOT/ORG/NAME/          as published: config.json, *.safetensors, tokenizer.json, or FILE.gguf
//   ROOT/ORG/NAME/quern-source.json   where it came from, and the size and SHA-256 of every file
//   ROOT/.partial/...       what is being fetched; moved into place when it is whole
// ROOT is $QUERN_MODELS, else models/ in quern's home.

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "formats/hub.h"

namespace quern {

struct StoredFile {
  std::string path;
  uint64_t size = 0;
  std::string sha256;
};

struct StoredModel {
  std::string name, source, added;  // added: "2026-11-22T10:00:00Z"
  std::filesystem::path folder;
  std::vector<StoredFile> files;
  uint64_t size_bytes() const;
};

struct FileProblem {
  std::string path, problem;  // "is missing", "has 5 bytes instead of 9", "is not what was stored (SHA-256)"
};

class ModelStore {
 public:
  explicit ModelStore(std::filesystem::path root = default_root());
  static std::filesystem::path default_root();  // throws NotFound when there is no home folder

  std::vector<StoredModel> list() const;  // by name
  // By its whole name or, if only one model has it, its last part; case does not matter. Nothing when there is none.
  std::optional<StoredModel> find(const std::string& name) const;
  StoredModel at(const std::string& name) const;  // throws NotFound, naming the nearest

  // Fetches what is missing; what is there already and unchanged is not fetched again. `on_progress` sees bytes done
  // and all, and the file under way. Interrupted, or broken off, the next call goes on from there.
  using OnProgress = std::function<void(uint64_t done, std::optional<uint64_t> total, const std::string& file)>;
  StoredModel pull(const HubModel& model, const std::string& name, HttpOptions http,
                   const OnProgress& on_progress = {});
  // Copies a model's folder or GGUF file into the store; `link` makes hard links where the file system allows it.
  StoredModel import(const std::filesystem::path& path, const std::string& name, bool link);
  StoredModel copy(const std::string& from, const std::string& to);  // shares the files' bytes (hard links)
  void remove(const std::string& name);
  // Reads every file again. Empty when all is well.
  std::vector<FileProblem> verify(const StoredModel& model) const;

  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
  std::filesystem::path folder_of(const std::string& name) const;  // checks the name
  StoredModel put_in_place(const std::filesystem::path& partial, StoredModel model);
};

// What to open for a name of the store: the folder, or the GGUF file in it. Nothing when the store has no such model.
std::optional<std::filesystem::path> stored_model_path(const std::string& name);

}  // namespace quern
