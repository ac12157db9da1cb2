// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include "base/error.h"
#include "formats/gguf.h"

namespace quern {

namespace {
template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void append_text(std::string& out, std::string_view text) {
  append(out, uint64_t(text.size()));
  out += text;
}

void append_value(std::string& out, const GgufValue& value) {
  append(out, uint32_t(value.type));
  if (value.type == GgufType::array) {
    append(out, uint32_t(value.element));
    append(out, value.count);
  }
  if (value.type == GgufType::string)
    append_text(out, value.bytes);
  else
    out += value.bytes;
}

uint64_t source_bytes(const GgufSource& t) { return size_bytes(t.dtype, numel(t.shape)); }
uint64_t rounded(uint64_t bytes, uint64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

std::string header_of(const GgufMetadata& metadata, std::span<const GgufSource> tensors, uint64_t alignment) {
  std::string out = "GGUF";
  append(out, uint32_t{3});
  append(out, uint64_t(tensors.size()));
  append(out, uint64_t(metadata.entries().size()));
  for (const auto& [key, value] : metadata.entries()) {
    append_text(out, key);
    append_value(out, value);
  }
  uint64_t offset = 0;
  for (const GgufSource& t : tensors) {
    append_text(out, t.name);
    append(out, uint32_t(t.shape.size()));
    for (auto size = t.shape.rbegin(); size != t.shape.rend(); ++size) append(out, uint64_t(*size));
    append(out, ggml_type_of(t.dtype).number);
    append(out, offset);
    offset += rounded(source_bytes(t), alignment);
  }
  out.resize(rounded(out.size(), alignment), '\0');
  return out;
}

void write_part(const fs::path& path, const GgufMetadata& metadata, std::span<const GgufSource> tensors,
                uint64_t alignment) {
  AtomicFile file(path);
  file.write(header_of(metadata, tensors, alignment));
  for (const GgufSource& t : tensors) {
    const Tensor values = t.produce();
    QUERN_CHECK(values.dtype() == t.dtype && values.shape() == t.shape && values.is_contiguous(),
                "tensor '{}' was announced as {} {}", t.name, name(t.dtype), to_string(t.shape));
    const std::byte* at = values.data<std::byte>();
    constexpr size_t kChunk = 1 << 20;  // AtomicFile copies what it is given
    for (size_t left = values.size_bytes(); left > 0;) {
      const size_t piece = std::min(kChunk, left);
      file.write(at, piece);
      at += piece;
      left -= piece;
    }
    file.write(std::string(rounded(source_bytes(t), alignment) - source_bytes(t), '\0'));
  }
  file.commit();
}

void check_sources(const std::vector<GgufSource>& tensors) {
  std::set<std::string_view> names;
  for (const GgufSource& t : tensors) {
    if (!names.insert(t.name).second)
      throw Error(ErrorKind::InvalidArgument, "two tensors would be written under the name '{}'", t.name);
    if (t.shape.empty() || t.shape.size() > 4 || t.shape.back() % info(t.dtype).block_size != 0)
      throw Error(ErrorKind::InvalidArgument, "tensor '{}' of shape {} can't be written as {}", t.name,
                  to_string(t.shape), ggml_type_of(t.dtype).name);
  }
}
}  // namespace

std::vector<fs::path> save_gguf(const fs::path& path, const GgufMetadata& metadata,
                                const std::vector<GgufSource>& tensors, uint64_t max_part_bytes) {
  check_sources(tensors);
  const auto alignment = uint64_t(metadata.integer("general.alignment").value_or(32));
  if (alignment < 8 || (alignment & (alignment - 1)) != 0)
    throw Error(ErrorKind::InvalidArgument, "general.alignment is {}; a power of two from 8 on is expected", alignment);
  // In the given order, each part is filled until the next tensor would not fit.
  std::vector<std::pair<size_t, size_t>> parts;
  uint64_t used = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const uint64_t size = rounded(source_bytes(tensors[i]), alignment);
    if (parts.empty() || (max_part_bytes > 0 && used + size > max_part_bytes)) {
      parts.emplace_back(i, i);
      used = 0;
    }
    used += size;
    parts.back().second = i + 1;
  }
  if (parts.size() <= 1) {
    write_part(path, metadata, tensors, alignment);
    return {path};
  }
  std::vector<fs::path> files(parts.size());
  for (size_t p = parts.size(); p-- > 0;) {
    GgufMetadata own = p == 0 ? metadata : GgufMetadata{};
    if (p > 0 && metadata.find("general.alignment")) own.set("general.alignment", GgufValue::u32(uint32_t(alignment)));
    own.set("split.no", GgufValue::u16(uint16_t(p)));
    own.set("split.count", GgufValue::u16(uint16_t(parts.size())));
    own.set("split.tensors.count", GgufValue::i32(int32_t(tensors.size())));
    files[p] = path.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", path.stem().string(), p + 1, parts.size());
    write_part(files[p], own, std::span(tensors).subspan(parts[p].first, parts[p].second - parts[p].first), alignment);
  }
  return files;
}

}  // namespace quern
