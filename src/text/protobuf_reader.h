// SPDX-License-Identifier: MIT
#pragma once
// Protocol Buffers' wire format, read field by field; no length is trusted.

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

class ProtobufReader {
 public:
  // `where` names the message in errors (InvalidModel). `bytes` must outlive the reader.
  ProtobufReader(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  bool next();  // goes to the next field; false at the end
  uint32_t field() const { return field_; }
  // The field's value; an error when it is of another wire type.
  uint64_t integer();
  bool boolean() { return integer() != 0; }
  float real();             // 32 bits
  std::string_view text();  // bytes, a string or a message
  std::string utf8();       // must be UTF-8

  [[noreturn]] void fail(const std::string& what) const;

 private:
  enum Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  std::string_view bytes_;
  std::string where_;
  size_t at_ = 0;
  uint32_t field_ = 0, wire_ = 0;
  uint64_t number_ = 0;     // of kVarint and the fixed sizes
  std::string_view value_;  // of kBytes
  uint64_t varint();
  std::string_view take(uint64_t size);
  void require(Wire wire, const char* what) const;
};

}  // namespace quern
