// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "formats/safetensors.h"

namespace quern {

namespace {
std::string_view format_name(const SafetensorsSource& t) {
  switch (t.dtype) {
    case DType::f32:
      return "F32";
    case DType::bf16:
      return "BF16";
    case DType::f16:
      return "F16";
    case DType::f8_e4m3:
      return "F8_E4M3";
    case DType::f8_e5m2:
      return "F8_E5M2";
    case DType::i32:
      return "I32";
    case DType::i64:
      return "I64";
    case DType::u8:
      return "U8";
    case DType::boolean:
      return "BOOL";
    default:
      throw Error(ErrorKind::InvalidArgument, "tensor '{}': safetensors has no dtype for {}", t.name, name(t.dtype))
          .hint("write block-quantised weights as GGUF");
  }
}

uint64_t source_bytes(const SafetensorsSource& t) {
  int64_t n = 1;
  for (const int64_t size : t.shape) n *= size;
  return size_bytes(t.dtype, n);
}

void sort_for_file(std::vector<SafetensorsSource>& tensors) {
  std::ranges::sort(tensors, [](const SafetensorsSource& a, const SafetensorsSource& b) {
    const int size_a = info(a.dtype).block_bytes, size_b = info(b.dtype).block_bytes;
    return size_a != size_b ? size_a > size_b : a.name < b.name;
  });
}

std::string make_header(const std::vector<SafetensorsSource>& tensors, const SafetensorsMetadata& metadata) {
  std::string text = "{";  // by hand: an ordered Json looks through all its keys at every insertion
  if (!metadata.empty()) text += "\"__metadata__\":" + to_line(Json(metadata));
  std::set<std::string_view> names;
  uint64_t at = 0;
  for (const SafetensorsSource& t : tensors) {
    if (t.name == "__metadata__" || !names.insert(t.name).second)
      throw Error(ErrorKind::InvalidArgument, "two tensors would be written under the name '{}'", t.name);
    const uint64_t size = source_bytes(t);
    const Json entry = {{"dtype", format_name(t)}, {"shape", t.shape}, {"data_offsets", {at, at + size}}};
    text += fmt::format("{}{}:{}", text.size() > 1 ? "," : "", to_line(Json(t.name)), to_line(entry));
    at += size;
  }
  text += '}';
  // Spaces up to a multiple of 64, so that the data starts on a cache line of the mapped file.
  text.append((64 - (text.size() + 8) % 64) % 64, ' ');
  return text;
}

void write_tensor(AtomicFile& file, const SafetensorsSource& t) {
  uint64_t written = 0;
  const ByteSink sink = [&](std::span<const std::byte> piece) {
    written += piece.size();
    constexpr size_t kChunk = 1 << 20;  // AtomicFile copies what it is given
    for (; !piece.empty(); piece = piece.subspan(std::min(kChunk, piece.size())))
      file.write(piece.data(), std::min(kChunk, piece.size()));
  };
  if (t.produce)
    t.produce(sink);
  else
    sink(t.bytes);
  QUERN_CHECK(written == source_bytes(t), "tensor '{}': {} bytes written, its shape needs {}", t.name, written,
              source_bytes(t));
}

void save_sorted(const fs::path& path, const std::vector<SafetensorsSource>& tensors,
                 const SafetensorsMetadata& metadata) {
  const std::string header = make_header(tensors, metadata);
  AtomicFile file(path);
  char length[8];
  for (int i = 0; i < 8; ++i) length[i] = char(uint64_t(header.size()) >> (8 * i) & 0xff);
  file.write(length, 8);
  file.write(header);
  for (const SafetensorsSource& t : tensors) write_tensor(file, t);
  file.commit();
}
}  // namespace

void save_safetensors(const fs::path& path, std::vector<SafetensorsSource> tensors,
                      const SafetensorsMetadata& metadata) {
  sort_for_file(tensors);
  save_sorted(path, tensors, metadata);
}

std::vector<fs::path> save_safetensors_model(const fs::path& dir, std::vector<SafetensorsSource> tensors,
                                             uint64_t max_shard_bytes, const SafetensorsMetadata& metadata) {
  std::set<std::string_view> names;
  uint64_t total = 0;
  for (const SafetensorsSource& t : tensors) {
    if (!names.insert(t.name).second)
      throw Error(ErrorKind::InvalidArgument, "two tensors would be written under the name '{}'", t.name);
    total += source_bytes(t);
  }
  if (max_shard_bytes == 0 || total <= max_shard_bytes) {
    save_safetensors(dir / "model.safetensors", std::move(tensors), metadata);
    return {dir / "model.safetensors"};
  }

  // In the given order (that of the layers), each shard is filled until the next tensor would not fit.
  std::vector<std::vector<SafetensorsSource>> shards;
  uint64_t used = 0;
  for (SafetensorsSource& t : tensors) {
    const uint64_t size = source_bytes(t);
    if (shards.empty() || (used + size > max_shard_bytes && used > 0)) {
      shards.emplace_back();
      used = 0;
    }
    used += size;
    shards.back().push_back(std::move(t));
  }

  std::vector<fs::path> files;
  std::map<std::string, std::string> weight_map;
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    sort_for_file(shards[i]);
    save_sorted(dir / name, shards[i], metadata);
    for (const SafetensorsSource& t : shards[i]) weight_map[t.name] = name;
    files.push_back(dir / name);
  }
  const Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}};
  write_file(dir / "model.safetensors.index.json", index.dump(2) + "\n");
  files.push_back(dir / "model.safetensors.index.json");
  return files;
}

}  // namespace quern
