// SPDX-License-Identifier: MIT
#include "text/protobuf_reader.h"

#include <bit>

#include "base/error.h"
#include "text/unicode.h"

namespace quern {

void ProtobufReader::fail(const std::string& what) const {
  throw Error(ErrorKind::InvalidModel, "{}: at byte {}: {}", where_, at_, what);
}

uint64_t ProtobufReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == bytes_.size()) fail("the message ends inside a number");
    const auto byte = static_cast<unsigned char>(bytes_[at_++]);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  fail("a number of more than ten bytes");
}

std::string_view ProtobufReader::take(uint64_t size) {
  if (size > bytes_.size() - at_) fail(fmt::format("{} bytes are announced, {} follow", size, bytes_.size() - at_));
  const std::string_view out = bytes_.substr(at_, static_cast<size_t>(size));
  at_ += static_cast<size_t>(size);
  return out;
}

bool ProtobufReader::next() {
  if (at_ == bytes_.size()) return false;
  const uint64_t key = varint();
  if (key >> 3 == 0 || key >> 32 != 0) fail("a field number that can't be");
  field_ = static_cast<uint32_t>(key >> 3);
  wire_ = static_cast<uint32_t>(key & 7);
  const auto fixed = [this](size_t size) {
    uint64_t value = 0;
    const std::string_view raw = take(size);
    for (size_t i = 0; i < size; ++i) value |= uint64_t{static_cast<unsigned char>(raw[i])} << (8 * i);
    return value;
  };
  switch (wire_) {
    case kVarint:
      number_ = varint();
      break;
    case kFixed64:
      number_ = fixed(8);
      break;
    case kFixed32:
      number_ = fixed(4);
      break;
    case kBytes:
      value_ = take(varint());
      break;
    default:
      fail(fmt::format("wire type {} is not used by this format", wire_));
  }
  return true;
}

void ProtobufReader::require(Wire wire, const char* what) const {
  if (wire_ != wire) fail(fmt::format("field {} is not {}", field_, what));
}

uint64_t ProtobufReader::integer() {
  require(kVarint, "an integer");
  return number_;
}

float ProtobufReader::real() {
  require(kFixed32, "a 32-bit number");
  return std::bit_cast<float>(static_cast<uint32_t>(number_));
}

std::string_view ProtobufReader::text() {
  require(kBytes, "a string or message");
  return value_;
}

std::string ProtobufReader::utf8() {
  const std::string_view raw = text();
  if (!is_valid_utf8(raw)) fail(fmt::format("field {} is not UTF-8", field_));
  return std::string(raw);
}

}  // namespace quern
