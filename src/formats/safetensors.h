// SPDX-License-Identifier: MIT
#pragma once
// safetensors: eight bytes of header length (little endian), a JSON header {name: {dtype, shape, data_offsets}}, then
// the tensors' bytes without gaps. Format: https://huggingface.co/docs/safetensors. Files come from strangers, so
// nothing in the header is believed before it is checked against the file's size. Published files exist whose header is
// not padded: bytes may start at any address, so copy before using them as numbers.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "tensor/dtype.h"

namespace quern {

struct SafetensorsTensor {
  std::string name;
  std::string dtype_name;            // as the file says it: "F32", "BF16", "I16"
  std::optional<DType> known_dtype;  // empty for I16, F64 and the like, which the format has and quern does not
  std::vector<int64_t> shape;        // outermost first; {} is a scalar
  std::span<const std::byte> bytes;  // row-major, little endian, inside the mapping

  DType dtype() const;  // throws Unsupported for a dtype quern does not compute with
  int64_t num_values() const;
};

class SafetensorsFile {
 public:
  // Maps and checks the file. Throws NotFound, Io, or InvalidModel naming what is wrong and where.
  static SafetensorsFile open(const fs::path& path);

  const std::vector<SafetensorsTensor>& tensors() const { return tensors_; }  // in the order of their bytes
  const SafetensorsTensor* find(std::string_view name) const;                 // nullptr when missing
  const SafetensorsTensor& at(std::string_view name) const;                   // throws InvalidModel when missing
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const fs::path& path() const { return mapping_->path(); }
  // Keeps the bytes alive for whoever borrows them.
  std::shared_ptr<const MappedFile> mapping() const { return mapping_; }

 private:
  SafetensorsFile() = default;
  std::shared_ptr<const MappedFile> mapping_;
  std::vector<SafetensorsTensor> tensors_;
  std::unordered_map<std::string, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

// The weights of a model: one file, or shards listed by model.safetensors.index.json.
class SafetensorsModel {
 public:
  // `path` is a .safetensors file, an .index.json, or a folder holding either. Every name of the index must be in its
  // shard, and shards are plain file names beside the index. Throws as SafetensorsFile::open does.
  static SafetensorsModel open(const fs::path& path);

  const std::vector<const SafetensorsTensor*>& tensors() const { return tensors_; }  // sorted by name
  const SafetensorsTensor* find(std::string_view name) const;
  const SafetensorsTensor& at(std::string_view name) const;
  const std::vector<SafetensorsFile>& files() const { return files_; }

 private:
  std::string where_;
  std::vector<SafetensorsFile> files_;
  std::vector<const SafetensorsTensor*> tensors_;
};

// Checks a header held in memory against `data_bytes` bytes of data; the parser behind open(), and what is fuzzed.
// `bytes` of the results point into `data`.
std::vector<SafetensorsTensor> parse_safetensors_header(std::string_view header, std::span<const std::byte> data,
                                                        const std::string& where,
                                                        std::map<std::string, std::string>* metadata);

// --- writing ---

using ByteSink = std::function<void(std::span<const std::byte>)>;

// A tensor to be written. Either `bytes` is all of it, or `produce` hands it over piece by piece, so that a file larger
// than the memory can be written.
struct SafetensorsSource {
  std::string name;
  DType dtype;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
  std::function<void(const ByteSink&)> produce;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

// Writes one file atomically: tensors by falling element size, then by name, so that each is aligned to its element.
// Throws Io, InvalidArgument (duplicate name, block-quantised dtype).
void save_safetensors(const fs::path& path, std::vector<SafetensorsSource> tensors,
                      const SafetensorsMetadata& metadata = {{"format", "pt"}});

// Writes model.safetensors into `dir`, or, when all tensors together exceed `max_shard_bytes` (0: never), shards
// model-00001-of-0000N.safetensors and, last, model.safetensors.index.json. A tensor is never split. Returns the files.
std::vector<fs::path> save_safetensors_model(const fs::path& dir, std::vector<SafetensorsSource> tensors,
                                             uint64_t max_shard_bytes = 0,
                                             const SafetensorsMetadata& metadata = {{"format", "pt"}});

}  // namespace quern
