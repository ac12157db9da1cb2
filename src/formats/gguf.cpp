// SPDX-License-Identifier: MIT
#include "formats/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <unordered_set>

#include "base/error.h"

namespace quern {

namespace {
constexpr int kMostDims = 4, kMostNesting = 8;
constexpr uint64_t kMostAlignment = 1 << 20;
constexpr uint64_t kLongestName = 1 << 16;
constexpr uint64_t kMostTensors = 1 << 20, kMostEntries = 1 << 16;

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > 80 ? out + "..." : out;
}

// A position in the file that refuses to move beyond its end.
class GgufCursor {
 public:
  GgufCursor(std::span<const std::byte> file, const std::string& where) : file_(file), where_(where) {}

  size_t at() const { return at_; }
  size_t left() const { return file_.size() - at_; }

  const char* take(uint64_t bytes, std::string_view what) {
    if (bytes > left())
      throw Error(ErrorKind::InvalidModel, "{}: {} at byte {} needs {} bytes, {} are left", where_, what, at_, bytes,
                  left())
          .hint("the file was cut off or damaged; fetch it again");
    const char* begin = reinterpret_cast<const char*>(file_.data()) + at_;
    at_ += size_t(bytes);
    return begin;
  }
  template <typename T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what), sizeof(T));
    return value;
  }
  std::string_view text(std::string_view what) {
    const auto length = number<uint64_t>(what);
    return {take(length, what), size_t(length)};
  }
  std::string_view name(std::string_view what) {
    const std::string_view out = text(what);
    if (out.empty() || out.size() > kLongestName)
      throw Error(ErrorKind::InvalidModel, "{}: {} that ends at byte {} has {} bytes", where_, what, at_, out.size());
    return out;
  }

  GgufType type(std::string_view key) {
    const auto number = this->number<uint32_t>("a value type");
    if (number > uint32_t(GgufType::f64))
      throw Error(ErrorKind::InvalidModel, "{}: '{}' has value type {}, which GGUF does not have", where_,
                  printable(key), number);
    return GgufType(number);
  }

  GgufValue value(std::string_view key) {
    GgufValue out{.type = type(key)};
    if (out.type == GgufType::array) {
      out.element = type(key);
      out.count = number<uint64_t>("an array's length");
      const size_t begin = at_;
      skip_elements(out.element, out.count, key, 0);
      out.bytes.assign(reinterpret_cast<const char*>(file_.data()) + begin, at_ - begin);
    } else if (out.type == GgufType::string) {
      out.bytes = text("a text");
    } else {
      const size_t bytes = size_of(out.type);
      out.bytes.assign(take(bytes, "a value"), bytes);
    }
    return out;
  }

 private:
  static size_t size_of(GgufType type) {
    constexpr uint8_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return kSizes[size_t(type)];
  }

  void skip_elements(GgufType element, uint64_t count, std::string_view key, int depth) {
    // The smallest element: a number, a string's length, an inner array's type and length.
    const size_t least = element == GgufType::string ? 8 : element == GgufType::array ? 12 : size_of(element);
    if (count > left() / least)
      throw Error(ErrorKind::InvalidModel, "{}: '{}' claims {} elements, the file has only {} bytes left", where_,
                  printable(key), count, left())
          .hint("the file was cut off or damaged; fetch it again");
    if (element == GgufType::string) {
      for (uint64_t i = 0; i < count; ++i) text("an element of an array");
    } else if (element == GgufType::array) {
      if (depth >= kMostNesting)
        throw Error(ErrorKind::InvalidModel, "{}: '{}' is nested too deeply", where_, printable(key));
      for (uint64_t i = 0; i < count; ++i) {
        const GgufType inner = type(key);
        const auto inner_count = number<uint64_t>("an array's length");
        skip_elements(inner, inner_count, key, depth + 1);
      }
    } else {
      take(count * least, "an array");
    }
  }

  std::span<const std::byte> file_;
  const std::string& where_;
  size_t at_ = 0;
};

uint32_t read_version(GgufCursor& cursor, const std::string& where) {
  if (std::memcmp(cursor.take(4, "the mark of a GGUF file"), "GGUF", 4) != 0)
    throw Error(ErrorKind::InvalidModel, "{}: does not begin with 'GGUF', so it is no GGUF file", where);
  const auto version = cursor.number<uint32_t>("the version");
  if (version == 2 || version == 3) return version;
  if (version != 0 && (version & 0xffff) == 0)
    throw Error(ErrorKind::Unsupported, "{}: this GGUF is for big-endian machines", where)
        .hint("take the little-endian file of this model");
  if (version == 1)
    throw Error(ErrorKind::Unsupported, "{}: GGUF version 1 (of August 2023) is not read", where)
        .hint("convert it with a newer program, or take the model's file of version 2 or 3");
  throw Error(ErrorKind::Unsupported, "{}: GGUF version {} is not known; 2 and 3 are", where, version);
}

GgufTensor read_tensor_info(GgufCursor& cursor, const std::string& where, uint64_t& offset) {
  GgufTensor t;
  t.name = cursor.name("a tensor's name");
  const auto dims = cursor.number<uint32_t>("a tensor's number of dimensions");
  if (dims > kMostDims)
    throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has {} dimensions, at most {} are allowed", where,
                printable(t.name), dims, kMostDims);
  uint64_t values = 1;
  for (uint32_t d = 0; d < dims; ++d) {
    const auto size = cursor.number<uint64_t>("a tensor's size");
    if (size == 0 || size > (uint64_t{1} << 48) || values > (uint64_t{1} << 48) / size)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has an impossible size {}", where, printable(t.name), size);
    values *= size;
    t.shape.insert(t.shape.begin(), int64_t(size));
  }
  t.type = cursor.number<uint32_t>("a tensor's type");
  offset = cursor.number<uint64_t>("a tensor's offset");
  const GgmlType* known = ggml_type(t.type);
  if (known && (t.shape.empty() ? 1 : t.shape.back()) % known->block_size != 0)
    throw Error(ErrorKind::InvalidModel, "{}: rows of tensor '{}' have {} values, no multiple of the {} of {}", where,
                printable(t.name), t.shape.empty() ? 1 : t.shape.back(), known->block_size, known->name);
  return t;
}

uint64_t read_alignment(const GgufMetadata& metadata, const std::string& where) {
  const auto alignment = metadata.integer("general.alignment").value_or(32);
  if (alignment < 1 || uint64_t(alignment) > kMostAlignment || !std::has_single_bit(uint64_t(alignment)))
    throw Error(ErrorKind::InvalidModel, "{}: general.alignment is {}; a power of two is expected", where, alignment);
  return uint64_t(alignment);
}

// Gives each tensor its bytes and checks that they lie inside the data and apart from each other.
void place_tensors(GgufHeader& header, const std::vector<uint64_t>& offsets, std::span<const std::byte> data,
                   const std::string& where) {
  struct Range {
    uint64_t begin, end;
    const GgufTensor* tensor;
  };
  std::vector<Range> ranges;
  for (size_t i = 0; i < offsets.size(); ++i) {
    GgufTensor& t = header.tensors[i];
    const uint64_t begin = offsets[i];
    if (begin % header.alignment != 0)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' starts at byte {} of the data, no multiple of {}", where,
                  printable(t.name), begin, header.alignment);
    if (begin > data.size())
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' starts at byte {} of the data, the file holds {}", where,
                  printable(t.name), begin, data.size())
          .hint("the file was cut off; fetch it again");
    const GgmlType* known = ggml_type(t.type);
    if (!known) continue;  // its size is not known: an error when the tensor is needed
    const uint64_t size = uint64_t(t.num_values()) / uint64_t(known->block_size) * uint64_t(known->block_bytes);
    if (size > data.size() - begin)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' ends at byte {} of the data, the file holds {}", where,
                  printable(t.name), begin + size, data.size())
          .hint("the file was cut off; fetch it again");
    t.bytes = data.subspan(size_t(begin), size_t(size));
    ranges.push_back({begin, begin + size, &t});
  }
  std::ranges::sort(ranges, {}, &Range::begin);
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].begin < ranges[i - 1].end)
      throw Error(ErrorKind::InvalidModel, "{}: tensors '{}' and '{}' overlap", where,
                  printable(ranges[i - 1].tensor->name), printable(ranges[i].tensor->name));
}
}  // namespace

GgufHeader parse_gguf(std::span<const std::byte> file, const std::string& where) {
  GgufCursor cursor(file, where);
  GgufHeader header;
  header.version = read_version(cursor, where);
  const auto num_tensors = cursor.number<uint64_t>("the number of tensors");
  const auto num_entries = cursor.number<uint64_t>("the number of metadata entries");
  // The smallest tensor takes 25 bytes of the directory, the smallest entry 14.
  if (num_tensors > std::min(kMostTensors, cursor.left() / 25) ||
      num_entries > std::min(kMostEntries, cursor.left() / 14))
    throw Error(ErrorKind::InvalidModel, "{}: claims {} tensors and {} metadata entries in {} bytes", where,
                num_tensors, num_entries, file.size())
        .hint("the file was cut off or damaged; fetch it again");
  for (uint64_t i = 0; i < num_entries; ++i) {
    const std::string key(cursor.name("a metadata key"));
    if (!header.metadata.add(key, cursor.value(key)))
      throw Error(ErrorKind::InvalidModel, "{}: the metadata key '{}' stands twice", where, printable(key));
  }
  header.alignment = read_alignment(header.metadata, where);
  std::vector<uint64_t> offsets(num_tensors);
  std::unordered_set<std::string> names;
  for (uint64_t& offset : offsets) {
    header.tensors.push_back(read_tensor_info(cursor, where, offset));
    if (!names.insert(header.tensors.back().name).second)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' stands twice", where,
                  printable(header.tensors.back().name));
  }
  const uint64_t begin = (cursor.at() + header.alignment - 1) / header.alignment * header.alignment;
  place_tensors(header, offsets, begin < file.size() ? file.subspan(begin) : file.subspan(file.size()), where);
  return header;
}

namespace {
// NAME-00002-of-00003.gguf: where the number of the part stands in the file's name.
std::optional<size_t> part_number_at(const std::string& file_name) {
  constexpr std::string_view kForm = "-00000-of-00000.gguf";
  if (file_name.size() < kForm.size()) return std::nullopt;
  const size_t begin = file_name.size() - kForm.size();
  for (size_t i = 0; i < kForm.size(); ++i) {
    const char c = file_name[begin + i];
    if (kForm[i] == '0' ? c < '0' || c > '9' : c != kForm[i]) return std::nullopt;
  }
  return begin + 1;
}

std::vector<fs::path> parts_of(const fs::path& path, int64_t count, const std::string& where) {
  const std::string file_name = path.filename().string();
  const auto at = part_number_at(file_name);
  if (!at || count > 99999 || file_name.substr(*at + 9, 5) != fmt::format("{:05}", count))
    throw Error(ErrorKind::InvalidModel, "{}: is one of {} parts, but its name does not end in -0000X-of-{:05}.gguf",
                where, count, count)
        .hint("give the parts the names under which they were published");
  std::vector<fs::path> parts;
  for (int64_t i = 1; i <= count; ++i) {
    std::string name = file_name;
    name.replace(*at, 5, fmt::format("{:05}", i));
    parts.push_back(path.parent_path() / name);
    if (!fs::exists(parts.back()))
      throw Error(ErrorKind::NotFound, "{}: part {} of {} is missing", parts.back().string(), i, count)
          .hint("fetch all parts into the same folder");
  }
  return parts;
}
}  // namespace

GgufFile GgufFile::open(const fs::path& path) {
  GgufFile file;
  file.path_ = path;
  file.mappings_.push_back(std::make_shared<MappedFile>(path));
  file.header_ = parse_gguf(file.mappings_[0]->bytes(), path.string());
  file.parts_ = {path};
  if (const int64_t count = file.metadata().integer("split.count").value_or(0); count > 1) {
    file.parts_ = parts_of(path, count, path.string());
    file.mappings_.clear();
    file.header_ = {};
    std::optional<int64_t> promised;
    for (size_t i = 0; i < file.parts_.size(); ++i) {
      const std::string where = file.parts_[i].string();
      file.mappings_.push_back(std::make_shared<MappedFile>(file.parts_[i]));
      GgufHeader part = parse_gguf(file.mappings_.back()->bytes(), where);
      if (part.metadata.integer("split.no").value_or(-1) != int64_t(i) ||
          part.metadata.integer("split.count").value_or(-1) != count)
        throw Error(ErrorKind::InvalidModel, "{}: says it is part {} of {}, its name says {} of {}", where,
                    part.metadata.integer("split.no").value_or(-1) + 1,
                    part.metadata.integer("split.count").value_or(-1), i + 1, count);
      if (i == 0) {
        promised = part.metadata.integer("split.tensors.count");
        file.header_ = std::move(part);
      } else {
        std::ranges::move(part.tensors, std::back_inserter(file.header_.tensors));
      }
    }
    if (promised && *promised != int64_t(file.tensors().size()))
      throw Error(ErrorKind::InvalidModel, "{}: promises {} tensors, the parts hold {}", path.string(), *promised,
                  file.tensors().size());
  }
  for (size_t i = 0; i < file.tensors().size(); ++i)
    if (!file.index_.emplace(file.tensors()[i].name, i).second)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' is in two parts", path.string(),
                  printable(file.tensors()[i].name));
  return file;
}

const GgufTensor* GgufFile::find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors()[it->second];
}

Tensor GgufFile::borrow(const GgufTensor& t) const {
  const DType dtype = t.dtype();
  for (const auto& mapping : mappings_) {
    const auto all = mapping->bytes();
    if (t.bytes.data() < all.data() || t.bytes.data() + t.bytes.size() > all.data() + all.size()) continue;
    // Blocks are structs of half-precision numbers and bytes; plain numbers are as long as their alignment.
    const size_t needs = is_quantised(dtype) ? 4 : size_t(info(dtype).block_bytes);
    if (reinterpret_cast<uintptr_t>(t.bytes.data()) % needs == 0)
      return Tensor::borrow(t.bytes.data(), t.shape, dtype, mapping, true);
    Tensor copy = Tensor::empty(t.shape, dtype);
    std::ranges::copy(t.bytes, copy.data<std::byte>());
    return copy;
  }
  throw Error(ErrorKind::Internal, "tensor '{}' lies in no file", t.name);
}

bool looks_like_gguf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  char mark[4] = {};
  return fs::is_regular_file(file) && in.read(mark, 4) && std::memcmp(mark, "GGUF", 4) == 0;
}

}  // namespace quern
