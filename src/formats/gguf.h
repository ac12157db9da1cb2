// SPDX-License-Identifier: MIT
#pragma once
// GGUF, the file of llama.cpp: one file with typed metadata (sizes, tokenizer, chat template), a directory of tensors
// and their bytes. Layout (little endian; https://github.com/ggml-org/ggml/blob/master/docs/gguf.md):
//   "GGUF"  version u32  tensors u64  entries u64
//   entries: key, value type u32, value       (a string is length u64 + bytes; an array is type u32, count u64,
//   elements) tensors: name, dims u32, sizes u64 each (innermost first), type u32, offset u64 from the start of the
//   data padding to general.alignment (32), then the data, each tensor at a multiple of the alignment
// A model may be split into NAME-00001-of-0000N.gguf. Versions 2 and 3 are read, 3 is written. Files come from
// strangers: nothing is believed before it is checked against the file's size.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

namespace quern {

enum class GgufType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

// One value of the metadata, kept in the encoding of the file.
struct GgufValue {
  GgufType type = GgufType::u32;
  GgufType element = GgufType::u32;  // of an array
  uint64_t count = 0;                // of an array
  std::string bytes;                 // a number's bytes, a string's text, an array's elements one after the other

  static GgufValue u32(uint32_t value);
  static GgufValue u16(uint16_t value);
  static GgufValue i32(int32_t value);
  static GgufValue f32(float value);
  static GgufValue boolean(bool value);
  static GgufValue text(std::string_view value);
  static GgufValue texts(std::span<const std::string> values);
  static GgufValue i32s(std::span<const int32_t> values);
  static GgufValue f32s(std::span<const float> values);

  // Empty when the value is of another kind (or a whole number does not fit into 63 bits).
  std::optional<int64_t> as_integer() const;
  std::optional<double> as_number() const;  // whole numbers too
  std::optional<bool> as_boolean() const;
  std::optional<std::string_view> as_text() const;
  std::optional<std::vector<std::string_view>> as_texts() const;  // views into `bytes`
  std::optional<std::vector<double>> as_numbers() const;          // of any numeric or boolean element
  std::optional<std::vector<GgufValue>> as_items() const;         // of any array, nested ones too
};

// Metadata in the order of the file.
class GgufMetadata {
 public:
  const std::vector<std::pair<std::string, GgufValue>>& entries() const { return entries_; }
  const GgufValue* find(std::string_view key) const;  // nullptr when missing
  bool add(std::string key, GgufValue value);         // false when the key is there already
  void set(const std::string& key, GgufValue value);  // added or replaced
  void erase(std::string_view key);

  // Empty when missing; a value of another kind is an InvalidModel error that names the key.
  std::optional<int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::vector<std::string_view>> texts(std::string_view key) const;
  std::optional<std::vector<double>> numbers(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, GgufValue>> entries_;
  std::unordered_map<std::string, size_t> index_;
};

// A tensor type of ggml by its number in the file.
struct GgmlType {
  uint32_t number;
  std::string_view name;   // "Q4_K"
  std::string_view dtype;  // ours, "q4_k"; "" when quern has none
  int block_size, block_bytes;
};
const GgmlType* ggml_type(uint32_t number);  // nullptr when unknown
// Throws Unsupported for a dtype that GGUF can't hold.
const GgmlType& ggml_type_of(DType dtype);

struct GgufTensor {
  std::string name;
  uint32_t type = 0;                 // ggml's number
  Shape shape;                       // outermost first
  std::span<const std::byte> bytes;  // inside the mapping; empty when the type is unknown

  std::string type_name() const;  // "Q4_K", "type 77"
  DType dtype() const;            // throws Unsupported, naming tensor and type
  int64_t num_values() const { return numel(shape); }
};

struct GgufHeader {
  uint32_t version = 3;
  GgufMetadata metadata;
  uint64_t alignment = 32;
  std::vector<GgufTensor> tensors;  // in the order of the directory
};
// Reads and checks a whole file held in memory; the parser behind GgufFile::open, and what is fuzzed. `bytes` of the
// tensors point into `file`. Throws InvalidModel or Unsupported (version 1, big endian).
GgufHeader parse_gguf(std::span<const std::byte> file, const std::string& where);

// A model in GGUF: one file or all parts of a split one, mapped.
class GgufFile {
 public:
  GgufFile(GgufFile&&) = default;
  GgufFile& operator=(GgufFile&&) = default;
  // `path` may be any part of a split model. Throws NotFound, Io, InvalidModel or Unsupported.
  static GgufFile open(const fs::path& path);

  const GgufMetadata& metadata() const { return header_.metadata; }  // of the first part
  uint32_t version() const { return header_.version; }
  uint64_t alignment() const { return header_.alignment; }
  const std::vector<GgufTensor>& tensors() const { return header_.tensors; }  // of all parts
  const GgufTensor* find(std::string_view name) const;                        // nullptr when missing
  const fs::path& path() const { return path_; }
  const std::vector<fs::path>& parts() const { return parts_; }
  // The tensor in place, kept alive by the mapping; a copy where its bytes are not aligned to its numbers.
  Tensor borrow(const GgufTensor& tensor) const;

 private:
  GgufFile() = default;
  fs::path path_;
  GgufHeader header_;
  std::vector<fs::path> parts_;
  std::vector<std::shared_ptr<const MappedFile>> mappings_;
  std::unordered_map<std::string_view, size_t> index_;
};

// Does the file begin as a GGUF does?
bool looks_like_gguf(const fs::path& file);

// --- writing ---

struct GgufSource {
  std::string name;
  DType dtype;
  Shape shape;                      // outermost first; rows (innermost) are whole blocks
  std::function<Tensor()> produce;  // the values, contiguous, of that dtype and shape; called when they are written
};

// Writes one file atomically; with `max_part_bytes` > 0 and more tensor bytes than that, parts
// NAME-00001-of-0000N.gguf, the first (with the metadata) last. Returns the files. Throws Io, InvalidArgument
// (duplicate name, alignment), Unsupported (dtype).
std::vector<fs::path> save_gguf(const fs::path& path, const GgufMetadata& metadata,
                                const std::vector<GgufSource>& tensors, uint64_t max_part_bytes = 0);

}  // namespace quern
