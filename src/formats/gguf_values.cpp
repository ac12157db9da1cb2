// SPDX-License-Identifier: MIT
// Metadata values of GGUF files, and the table of ggml's tensor types.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "formats/gguf.h"

namespace quern {

static_assert(std::endian::native == std::endian::little, "GGUF is little endian and read in place");

namespace {
template <typename T>
std::string raw_bytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

template <typename T>
T number_at(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

GgufValue scalar(GgufType type, std::string bytes) { return {.type = type, .bytes = std::move(bytes)}; }

template <typename T>
GgufValue numbers_value(GgufType element, std::span<const T> values) {
  return {.type = GgufType::array,
          .element = element,
          .count = values.size(),
          .bytes = {reinterpret_cast<const char*>(values.data()), values.size_bytes()}};
}

// Bytes of one number, 0 for strings and arrays.
size_t number_bytes(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    default:
      return 0;
  }
}

std::optional<int64_t> integer_at(GgufType type, const char* bytes) {
  switch (type) {
    case GgufType::u8:
      return number_at<uint8_t>(bytes);
    case GgufType::i8:
      return number_at<int8_t>(bytes);
    case GgufType::u16:
      return number_at<uint16_t>(bytes);
    case GgufType::i16:
      return number_at<int16_t>(bytes);
    case GgufType::u32:
      return number_at<uint32_t>(bytes);
    case GgufType::i32:
      return number_at<int32_t>(bytes);
    case GgufType::i64:
      return number_at<int64_t>(bytes);
    case GgufType::u64: {
      const auto value = number_at<uint64_t>(bytes);
      if (value > uint64_t(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return int64_t(value);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> any_number_at(GgufType type, const char* bytes) {
  if (type == GgufType::f32) return number_at<float>(bytes);
  if (type == GgufType::f64) return number_at<double>(bytes);
  if (const auto whole = integer_at(type, bytes)) return double(*whole);
  return std::nullopt;
}

// The elements of an array of strings or arrays follow each other; the parser has checked every length.
std::string_view take_text(std::string_view& rest) {
  const auto length = number_at<uint64_t>(rest.data());
  const std::string_view text = rest.substr(8, length);
  rest.remove_prefix(8 + text.size());
  return text;
}

size_t array_bytes(GgufType element, uint64_t count, std::string_view rest) {
  if (const size_t each = number_bytes(element)) return each * count;
  const size_t all = rest.size();
  for (uint64_t i = 0; i < count; ++i) {
    if (element == GgufType::string) {
      take_text(rest);
    } else {
      const auto inner = GgufType(number_at<uint32_t>(rest.data()));
      const auto inner_count = number_at<uint64_t>(rest.data() + 4);
      rest.remove_prefix(12);
      rest.remove_prefix(array_bytes(inner, inner_count, rest));
    }
  }
  return all - rest.size();
}
}  // namespace

GgufValue GgufValue::u32(uint32_t value) { return scalar(GgufType::u32, raw_bytes(value)); }
GgufValue GgufValue::u16(uint16_t value) { return scalar(GgufType::u16, raw_bytes(value)); }
GgufValue GgufValue::i32(int32_t value) { return scalar(GgufType::i32, raw_bytes(value)); }
GgufValue GgufValue::f32(float value) { return scalar(GgufType::f32, raw_bytes(value)); }
GgufValue GgufValue::boolean(bool value) { return scalar(GgufType::boolean, raw_bytes(uint8_t(value))); }
GgufValue GgufValue::text(std::string_view value) { return scalar(GgufType::string, std::string(value)); }

GgufValue GgufValue::texts(std::span<const std::string> values) {
  GgufValue out{.type = GgufType::array, .element = GgufType::string, .count = values.size()};
  for (const std::string& text : values) out.bytes += raw_bytes(uint64_t(text.size())) + text;
  return out;
}

GgufValue GgufValue::i32s(std::span<const int32_t> values) { return numbers_value(GgufType::i32, values); }
GgufValue GgufValue::f32s(std::span<const float> values) { return numbers_value(GgufType::f32, values); }

std::optional<int64_t> GgufValue::as_integer() const { return integer_at(type, bytes.data()); }
std::optional<double> GgufValue::as_number() const { return any_number_at(type, bytes.data()); }

std::optional<bool> GgufValue::as_boolean() const {
  if (type != GgufType::boolean) return std::nullopt;
  return bytes[0] != 0;
}

std::optional<std::string_view> GgufValue::as_text() const {
  if (type != GgufType::string) return std::nullopt;
  return bytes;
}

std::optional<std::vector<std::string_view>> GgufValue::as_texts() const {
  if (type != GgufType::array || element != GgufType::string) return std::nullopt;
  std::vector<std::string_view> out(count);
  std::string_view rest = bytes;
  for (std::string_view& text : out) text = take_text(rest);
  return out;
}

std::optional<std::vector<double>> GgufValue::as_numbers() const {
  const size_t each = type == GgufType::array ? number_bytes(element) : 0;
  if (each == 0) return std::nullopt;
  std::vector<double> out(count);
  for (uint64_t i = 0; i < count; ++i) {
    const char* at = bytes.data() + i * each;
    const std::optional<double> value = element == GgufType::boolean ? double(*at != 0) : any_number_at(element, at);
    if (!value) return std::nullopt;
    out[i] = *value;
  }
  return out;
}

std::optional<std::vector<GgufValue>> GgufValue::as_items() const {
  if (type != GgufType::array) return std::nullopt;
  std::vector<GgufValue> out(count);
  std::string_view rest = bytes;
  for (GgufValue& item : out) {
    item.type = element;
    if (element == GgufType::string) {
      item.bytes = take_text(rest);
    } else if (element == GgufType::array) {
      item.element = GgufType(number_at<uint32_t>(rest.data()));
      item.count = number_at<uint64_t>(rest.data() + 4);
      rest.remove_prefix(12);
      item.bytes = rest.substr(0, array_bytes(item.element, item.count, rest));
      rest.remove_prefix(item.bytes.size());
    } else {
      item.bytes = rest.substr(0, number_bytes(element));
      rest.remove_prefix(item.bytes.size());
    }
  }
  return out;
}

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto it = index_.find(std::string(key));
  return it == index_.end() ? nullptr : &entries_[it->second].second;
}

bool GgufMetadata::add(std::string key, GgufValue value) {
  if (!index_.emplace(key, entries_.size()).second) return false;
  entries_.emplace_back(std::move(key), std::move(value));
  return true;
}

void GgufMetadata::set(const std::string& key, GgufValue value) {
  const auto it = index_.find(key);
  if (it == index_.end())
    add(key, std::move(value));
  else
    entries_[it->second].second = std::move(value);
}

void GgufMetadata::erase(std::string_view key) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first == key; });
  index_.clear();
  for (size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].first, i);
}

namespace {
template <typename T>
std::optional<T> typed(const GgufValue* value, std::string_view key, const char* kind, std::optional<T> read) {
  if (value && !read) throw Error(ErrorKind::InvalidModel, "GGUF metadata: '{}' must be {}", key, kind);
  return read;
}
}  // namespace

std::optional<int64_t> GgufMetadata::integer(std::string_view key) const {
  const GgufValue* v = find(key);
  return typed(v, key, "a whole number", v ? v->as_integer() : std::nullopt);
}

std::optional<double> GgufMetadata::number(std::string_view key) const {
  const GgufValue* v = find(key);
  return typed(v, key, "a number", v ? v->as_number() : std::nullopt);
}

std::optional<bool> GgufMetadata::boolean(std::string_view key) const {
  const GgufValue* v = find(key);
  return typed(v, key, "a truth value", v ? v->as_boolean() : std::nullopt);
}

std::optional<std::string> GgufMetadata::text(std::string_view key) const {
  const GgufValue* v = find(key);
  const auto view = typed(v, key, "a text", v ? v->as_text() : std::nullopt);
  if (!view) return std::nullopt;
  return std::string(*view);
}

std::optional<std::vector<std::string_view>> GgufMetadata::texts(std::string_view key) const {
  const GgufValue* v = find(key);
  return typed(v, key, "a list of texts", v ? v->as_texts() : std::nullopt);
}

std::optional<std::vector<double>> GgufMetadata::numbers(std::string_view key) const {
  const GgufValue* v = find(key);
  return typed(v, key, "a list of numbers", v ? v->as_numbers() : std::nullopt);
}

namespace {
// Numbers and block sizes of ggml's types (ggml.h, ggml-common.h); the gaps are types that were withdrawn.
constexpr std::array<GgmlType, 33> kGgmlTypes{{
    {0, "F32", "f32", 1, 4},
    {1, "F16", "f16", 1, 2},
    {2, "Q4_0", "q4_0", 32, 18},
    {3, "Q4_1", "q4_1", 32, 20},
    {6, "Q5_0", "q5_0", 32, 22},
    {7, "Q5_1", "q5_1", 32, 24},
    {8, "Q8_0", "q8_0", 32, 34},
    {9, "Q8_1", "", 32, 36},
    {10, "Q2_K", "q2_k", 256, 84},
    {11, "Q3_K", "q3_k", 256, 110},
    {12, "Q4_K", "q4_k", 256, 144},
    {13, "Q5_K", "q5_k", 256, 176},
    {14, "Q6_K", "q6_k", 256, 210},
    {15, "Q8_K", "", 256, 292},
    {16, "IQ2_XXS", "iq2_xxs", 256, 66},
    {17, "IQ2_XS", "iq2_xs", 256, 74},
    {18, "IQ3_XXS", "iq3_xxs", 256, 98},
    {19, "IQ1_S", "iq1_s", 256, 50},
    {20, "IQ4_NL", "iq4_nl", 32, 18},
    {21, "IQ3_S", "iq3_s", 256, 110},
    {22, "IQ2_S", "iq2_s", 256, 82},
    {23, "IQ4_XS", "iq4_xs", 256, 136},
    {24, "I8", "", 1, 1},
    {25, "I16", "", 1, 2},
    {26, "I32", "i32", 1, 4},
    {27, "I64", "i64", 1, 8},
    {28, "F64", "", 1, 8},
    {29, "IQ1_M", "iq1_m", 256, 56},
    {30, "BF16", "bf16", 1, 2},
    {34, "TQ1_0", "tq1_0", 256, 54},
    {35, "TQ2_0", "tq2_0", 256, 66},
    {39, "MXFP4", "mxfp4", 32, 17},
    {40, "NVFP4", "nvfp4", 64, 36},
}};
}  // namespace

const GgmlType* ggml_type(uint32_t number) {
  const auto it = std::ranges::find_if(kGgmlTypes, [&](const GgmlType& t) { return t.number == number; });
  return it == kGgmlTypes.end() ? nullptr : &*it;
}

const GgmlType& ggml_type_of(DType dtype) {
  for (const GgmlType& t : kGgmlTypes)
    if (!t.dtype.empty() && t.dtype == name(dtype)) return t;
  throw Error(ErrorKind::Unsupported, "GGUF has no tensors of type {}", name(dtype));
}

std::string GgufTensor::type_name() const {
  const GgmlType* known = ggml_type(type);
  return known ? std::string(known->name) : fmt::format("type {}", type);
}

DType GgufTensor::dtype() const {
  const GgmlType* known = ggml_type(type);
  if (known && !known->dtype.empty())
    if (const auto dtype = dtype_from_name(known->dtype)) return *dtype;
  throw Error(ErrorKind::Unsupported, "tensor '{}' is stored as {}, which quern can't compute with", name, type_name())
      .hint("take this model in another quantisation, as Q4_K_M or Q8_0");
}

}  // namespace quern
