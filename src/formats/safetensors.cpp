// SPDX-License-Identifier: MIT
#include "formats/safetensors.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/json.h"

namespace quern {

namespace {
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation

struct FormatType {
  std::string_view name;
  int bits;
  std::optional<DType> dtype;
};
constexpr std::array<FormatType, 20> kFormatTypes{{
    {"F32", 32, DType::f32},        {"BF16", 16, DType::bf16},      {"F16", 16, DType::f16},
    {"F8_E4M3", 8, DType::f8_e4m3}, {"F8_E5M2", 8, DType::f8_e5m2}, {"I32", 32, DType::i32},
    {"I64", 64, DType::i64},        {"U8", 8, DType::u8},           {"BOOL", 8, DType::boolean},
    {"F64", 64, std::nullopt},      {"I8", 8, std::nullopt},        {"I16", 16, std::nullopt},
    {"U16", 16, std::nullopt},      {"U32", 32, std::nullopt},      {"U64", 64, std::nullopt},
    {"C64", 64, std::nullopt},      {"F8_E8M0", 8, std::nullopt},   {"F6_E2M3", 6, std::nullopt},
    {"F6_E3M2", 6, std::nullopt},   {"F4", 4, std::nullopt},
}};

const FormatType* format_type(std::string_view name) {
  const auto it = std::ranges::find(kFormatTypes, name, &FormatType::name);
  return it == kFormatTypes.end() ? nullptr : &*it;
}

// A name from a stranger's file, fit for a message: short, without control characters.
std::string shown(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 120)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return name.size() > 120 ? out + "..." : out;
}

// A tensor as the header states it, nothing checked yet.
struct Stated {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::vector<int64_t> offsets;
  bool has_dtype = false, has_shape = false, has_offsets = false;
};

// Receives the header's JSON event by event; nothing is built for parts that do not belong there.
class HeaderHandler {
 public:
  HeaderHandler(const std::string& where, std::map<std::string, std::string>* metadata)
      : where_(where), metadata_(metadata) {}
  std::vector<Stated> stated;

  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("a truth value"); }
  bool number_float(double, const std::string&) { return unexpected("a fraction"); }
  bool binary(Json::binary_t&) { return unexpected("binary data"); }
  bool number_integer(int64_t) { return unexpected("a negative number"); }
  bool number_unsigned(uint64_t value) {
    if (place_ != Place::Array) return unexpected("a number");
    if (value > uint64_t(std::numeric_limits<int64_t>::max())) return unexpected("a number beyond 63 bits");
    auto& list = field_ == "shape" ? stated.back().shape : stated.back().offsets;
    if (list.size() >= kMaxDimensions) return unexpected("more than 64 dimensions");
    list.push_back(int64_t(value));
    return true;
  }
  bool string(std::string& value) {
    if (place_ == Place::Metadata) {
      if (metadata_) (*metadata_)[field_] = value;
      return true;
    }
    if (place_ != Place::Tensor || field_ != "dtype") return unexpected("a text");
    stated.back().dtype = value;
    return true;
  }
  bool start_object(size_t) {
    if (place_ == Place::Start)
      place_ = Place::Top;
    else if (place_ == Place::Top && field_ == "__metadata__")
      place_ = Place::Metadata;
    else if (place_ == Place::Top) {
      stated.push_back({.name = field_});
      place_ = Place::Tensor;
    } else
      return unexpected("an object");
    return true;
  }
  bool key(std::string& value) {
    if (place_ == Place::Top && !names_.insert(value).second)
      throw Error(ErrorKind::InvalidModel, "{}: the name '{}' occurs twice in the header", where_, shown(value));
    field_ = value;
    if (place_ != Place::Tensor) return true;
    Stated& t = stated.back();
    bool* seen = value == "dtype"          ? &t.has_dtype
                 : value == "shape"        ? &t.has_shape
                 : value == "data_offsets" ? &t.has_offsets
                                           : nullptr;
    if (!seen)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has an unknown key '{}' in the header", where_,
                  shown(t.name), shown(value));
    if (*seen)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has the key '{}' twice", where_, shown(t.name), value);
    *seen = true;
    return true;
  }
  bool end_object() {
    place_ = place_ == Place::Top ? Place::End : Place::Top;
    return true;
  }
  bool start_array(size_t) {
    if (place_ != Place::Tensor || field_ == "dtype") return unexpected("an array");
    place_ = Place::Array;
    return true;
  }
  bool end_array() {
    place_ = Place::Tensor;
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    throw Error(ErrorKind::InvalidModel, "{}: the header is not valid JSON at its byte {}", where_, position)
        .hint("the file may be cut off or damaged; fetch it again");
  }

 private:
  enum class Place { Start, Top, Metadata, Tensor, Array, End };
  static constexpr size_t kMaxDimensions = 64;

  bool unexpected(const char* what) {
    const std::string place = place_ == Place::Tensor || place_ == Place::Array
                                  ? fmt::format("tensor '{}', '{}'", shown(stated.back().name), shown(field_))
                                  : fmt::format("'{}'", shown(field_));
    throw Error(ErrorKind::InvalidModel, "{}: the header holds {} where none belongs ({})", where_, what, place);
  }

  const std::string& where_;
  std::map<std::string, std::string>* metadata_;
  Place place_ = Place::Start;
  std::string field_;
  std::set<std::string> names_;
};

// Bits of a tensor, or nothing when they exceed 63 bits. A zero in the shape makes an empty tensor; the other sizes
// must still multiply without overflow, because strides are made of them.
std::optional<int64_t> count_bits(const std::vector<int64_t>& shape, int bits) {
  int64_t total = bits;
  bool empty = false;
  for (const int64_t n : shape) {
    empty |= n == 0;
    if (n != 0 && __builtin_mul_overflow(total, n, &total)) return std::nullopt;
  }
  return empty ? 0 : total;
}
}  // namespace

std::vector<SafetensorsTensor> parse_safetensors_header(std::string_view header, std::span<const std::byte> data,
                                                        const std::string& where,
                                                        std::map<std::string, std::string>* metadata) {
  if (header.empty() || header[0] != '{')
    throw Error(ErrorKind::InvalidModel, "{}: the header does not start with '{{'", where)
        .hint("this may not be a safetensors file");
  HeaderHandler handler(where, metadata);
  Json::sax_parse(header.begin(), header.end(), &handler);

  std::vector<SafetensorsTensor> tensors;
  std::vector<std::pair<int64_t, int64_t>> ranges;
  tensors.reserve(handler.stated.size());
  for (Stated& t : handler.stated) {
    const std::string place = fmt::format("{}: tensor '{}'", where, shown(t.name));
    if (!t.has_dtype || !t.has_shape || !t.has_offsets)
      throw Error(ErrorKind::InvalidModel, "{} lacks dtype, shape or data_offsets in the header", place);
    const FormatType* type = format_type(t.dtype);
    if (!type) throw Error(ErrorKind::InvalidModel, "{} has the unknown dtype '{}'", place, shown(t.dtype));
    if (t.offsets.size() != 2)
      throw Error(ErrorKind::InvalidModel, "{} has {} data_offsets instead of 2", place, t.offsets.size());
    const int64_t begin = t.offsets[0], end = t.offsets[1];
    if (begin > end) throw Error(ErrorKind::InvalidModel, "{} ends (byte {}) before it begins ({})", place, end, begin);
    if (uint64_t(end) > data.size())
      throw Error(ErrorKind::InvalidModel, "{} ends at byte {} of the data, the file holds only {}", place, end,
                  data.size())
          .hint("the file was cut off; fetch it again");
    const std::optional<int64_t> bits = count_bits(t.shape, type->bits);
    if (!bits) throw Error(ErrorKind::InvalidModel, "{} has more values than fit into 63 bits", place);
    if (*bits % 8 != 0 || *bits / 8 != end - begin)
      throw Error(ErrorKind::InvalidModel, "{} needs {} bytes for its shape ({}) in {}, its data_offsets span {}",
                  place, *bits / 8, fmt::join(t.shape, ", "), t.dtype, end - begin);
    tensors.push_back({.name = std::move(t.name),
                       .dtype_name = std::move(t.dtype),
                       .known_dtype = type->dtype,
                       .shape = std::move(t.shape),
                       .bytes = data.subspan(size_t(begin), size_t(end - begin))});
    ranges.emplace_back(begin, end);
  }

  // Sorted by their bytes, the tensors must follow each other without overlap or gap up to the end of the file.
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return ranges[i]; });
  std::vector<SafetensorsTensor> sorted;
  sorted.reserve(tensors.size());
  int64_t at = 0;
  for (const size_t i : order) {
    const auto [begin, end] = ranges[i];
    if (begin != at)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' starts at byte {} of the data and {} '{}'", where,
                  shown(tensors[i].name), begin, begin < at ? "overlaps" : "leaves a gap after",
                  sorted.empty() ? std::string("the header") : shown(sorted.back().name));
    at = end;
    sorted.push_back(std::move(tensors[i]));
  }
  if (uint64_t(at) != data.size())
    throw Error(ErrorKind::InvalidModel, "{}: {} bytes follow the last tensor and belong to none", where,
                data.size() - size_t(at));
  return sorted;
}

DType SafetensorsTensor::dtype() const {
  if (known_dtype) return *known_dtype;
  throw Error(ErrorKind::Unsupported, "tensor '{}' has dtype {}, which quern does not compute with", shown(name),
              dtype_name)
      .hint("convert the weights to F32, BF16 or F16");
}

int64_t SafetensorsTensor::num_values() const {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  return n;
}

SafetensorsFile SafetensorsFile::open(const fs::path& path) {
  SafetensorsFile file;
  const auto mapping = std::make_shared<MappedFile>(path);
  file.mapping_ = mapping;
  const std::string where = path.string();
  const std::span<const std::byte> all = mapping->bytes();
  if (all.size() < 8)
    throw Error(ErrorKind::InvalidModel, "{}: {} bytes are too few for a safetensors file", where, all.size());
  uint64_t header_bytes = 0;
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | uint64_t(all[size_t(i)]);
  if (header_bytes > all.size() - 8)
    throw Error(ErrorKind::InvalidModel, "{}: the header claims {} bytes, the file holds {}", where, header_bytes,
                all.size() - 8)
        .hint("the file was cut off or is not a safetensors file");
  if (header_bytes > kMaxHeaderBytes)
    throw Error(ErrorKind::InvalidModel, "{}: a header of {} bytes is more than the allowed {}", where, header_bytes,
                kMaxHeaderBytes);
  file.tensors_ = parse_safetensors_header(mapping->text().substr(8, header_bytes), all.subspan(8 + header_bytes),
                                           where, &file.metadata_);
  for (size_t i = 0; i < file.tensors_.size(); ++i) file.index_.emplace(file.tensors_[i].name, i);
  return file;
}

const SafetensorsTensor* SafetensorsFile::find(std::string_view name) const {
  const auto it = index_.find(std::string(name));
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

const SafetensorsTensor& SafetensorsFile::at(std::string_view name) const {
  if (const SafetensorsTensor* t = find(name)) return *t;
  throw Error(ErrorKind::InvalidModel, "{}: there is no tensor '{}'", path().string(), name);
}

namespace {
bool plain_file_name(const std::string& name) {
  return !name.empty() && name.size() < 256 && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

// The index as shard -> names. A std::map holds it: an ordered Json needs quadratic time for many names.
std::map<std::string, std::vector<std::string>> read_index(const fs::path& path) {
  const std::string where = path.string(), text = read_file(path);
  std::set<std::string> seen;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (depth > 8) throw Error(ErrorKind::InvalidModel, "{}: nested too deeply", where);
    if (depth == 2 && event == nlohmann::json::parse_event_t::key && !seen.insert(value.get<std::string>()).second)
      throw Error(ErrorKind::InvalidModel, "{}: '{}' is listed twice", where, shown(value.get<std::string>()));
    return true;
  };
  const nlohmann::json index = nlohmann::json::parse(text, check, /*allow_exceptions=*/false);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
    throw Error(ErrorKind::InvalidModel, "{}: this is no JSON object with an object 'weight_map'", where);
  std::map<std::string, std::vector<std::string>> names_of;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    if (!shard.is_string() || !plain_file_name(shard.get_ref<const std::string&>()))
      throw Error(ErrorKind::InvalidModel, "{}: the shard of '{}' is not a plain file name", where, shown(name));
    names_of[shard.get<std::string>()].push_back(name);
  }
  return names_of;
}
}  // namespace

SafetensorsModel SafetensorsModel::open(const fs::path& path) {
  SafetensorsModel model;
  fs::path file = path;
  if (fs::is_directory(path)) {
    file = path / "model.safetensors";
    if (!fs::exists(file)) file = path / "model.safetensors.index.json";
    if (!fs::exists(file))
      throw Error(ErrorKind::NotFound, "{}: holds neither model.safetensors nor model.safetensors.index.json",
                  path.string())
          .hint("give the folder of a model in Hugging Face's layout");
  }
  model.where_ = file.string();
  if (file.extension() != ".json") {
    model.files_.push_back(SafetensorsFile::open(file));
    for (const SafetensorsTensor& t : model.files_[0].tensors()) model.tensors_.push_back(&t);
  } else {
    const std::map<std::string, std::vector<std::string>> names_of = read_index(file);
    model.files_.reserve(names_of.size());
    for (const auto& [shard, names] : names_of) {
      const fs::path shard_path = file.parent_path() / shard;
      if (!fs::exists(shard_path))
        throw Error(ErrorKind::NotFound, "{}: the shard '{}' is missing", model.where_, shown(shard))
            .hint("fetch the model again; all shards are needed");
      model.files_.push_back(SafetensorsFile::open(shard_path));
      for (const std::string& name : names) {
        const SafetensorsTensor* t = model.files_.back().find(name);
        if (!t)
          throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' should be in '{}', which does not hold it",
                      model.where_, shown(name), shown(shard));
        model.tensors_.push_back(t);
      }
    }
  }
  std::ranges::sort(model.tensors_, {}, [](const SafetensorsTensor* t) -> const std::string& { return t->name; });
  return model;
}

const SafetensorsTensor* SafetensorsModel::find(std::string_view name) const {
  const auto it = std::ranges::lower_bound(tensors_, name, {}, [](const auto* t) { return std::string_view(t->name); });
  return it != tensors_.end() && (*it)->name == name ? *it : nullptr;
}

const SafetensorsTensor& SafetensorsModel::at(std::string_view name) const {
  if (const SafetensorsTensor* t = find(name)) return *t;
  throw Error(ErrorKind::InvalidModel, "{}: there is no tensor '{}'", where_, name);
}

}  // namespace quern
