// SPDX-License-Identifier: MIT
#include "train/tensorboard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>

#include "base/error.h"
#include "base/files.h"
#include "base/terminal.h"

namespace quern {

namespace {

// Protocol buffers' wire format: a key is field number * 8 + wire type; see protobuf.dev, "Encoding".
enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += char(value | 0x80);
  out += char(value);
}

template <typename T>
void put_fixed(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += char(value >> (8 * i));
}

void put_key(std::string& out, int field, WireType type) { put_varint(out, uint64_t(field) << 3 | type); }

void put_integer(std::string& out, int field, int64_t value) {
  put_key(out, field, kVarint);
  put_varint(out, uint64_t(value));
}

void put_double(std::string& out, int field, double value) {
  put_key(out, field, kFixed64);
  put_fixed(out, std::bit_cast<uint64_t>(value));
}

void put_float(std::string& out, int field, float value) {
  put_key(out, field, kFixed32);
  put_fixed(out, std::bit_cast<uint32_t>(value));
}

void put_bytes(std::string& out, int field, std::string_view bytes) {
  put_key(out, field, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

// Event: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log.
std::string event(double wall_time, int64_t step) {
  std::string out;
  put_double(out, 1, wall_time);
  if (step != 0) put_integer(out, 2, step);
  return out;
}

// Summary: 1 value. Summary.Value: 1 tag, 2 simple_value, 8 tensor, 9 metadata.
std::string summary_event(double wall_time, int64_t step, std::string_view value) {
  std::string summary, out = event(wall_time, step);
  put_bytes(summary, 1, value);
  put_bytes(out, 5, summary);
  return out;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
      table[i] = crc;
    }
    return table;
  }();
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

uint32_t masked_crc32c(std::string_view bytes) {  // tensorflow/core/lib/hash/crc32c.h: a CRC of CRCs would be weak
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

std::string tfrecord(std::string_view message) {
  std::string out;
  put_fixed(out, uint64_t(message.size()));
  put_fixed(out, masked_crc32c(out));
  out += message;
  put_fixed(out, masked_crc32c(message));
  return out;
}

std::string version_event(double wall_time) {
  std::string out = event(wall_time, 0);
  put_bytes(out, 3, "brain.Event:2");
  return out;
}

std::string scalar_event(double wall_time, int64_t step, std::string_view tag, float value) {
  std::string summary_value;
  put_bytes(summary_value, 1, tag);
  put_float(summary_value, 2, value);
  return summary_event(wall_time, step, summary_value);
}

std::string text_event(double wall_time, int64_t step, std::string_view tag, std::string_view markdown) {
  constexpr int kDtString = 7;
  std::string dim, shape, tensor, plugin, metadata, summary_value;
  put_integer(dim, 1, 1);             // TensorShapeProto.Dim.size
  put_bytes(shape, 2, dim);           // TensorShapeProto.dim
  put_integer(tensor, 1, kDtString);  // TensorProto.dtype
  put_bytes(tensor, 2, shape);        // TensorProto.tensor_shape
  put_bytes(tensor, 8, markdown);     // TensorProto.string_val
  put_bytes(plugin, 1, "text");       // SummaryMetadata.PluginData.plugin_name
  put_bytes(metadata, 1, plugin);     // SummaryMetadata.plugin_data
  put_bytes(summary_value, 1, tag);
  put_bytes(summary_value, 8, tensor);
  put_bytes(summary_value, 9, metadata);
  return summary_event(wall_time, step, summary_value);
}

std::string session_start_event(double wall_time, int64_t step) {
  constexpr int kStart = 1;
  std::string log, out = event(wall_time, step);
  put_integer(log, 1, kStart);  // SessionLog.status
  put_bytes(out, 7, log);
  return out;
}

TensorBoardWriter::TensorBoardWriter(const fs::path& dir, int64_t resumed_step) {
  require_writable(dir);
  const double time = now();
  // TensorBoard reads the files of a folder in the order of their names, and wants "tfevents" in them.
  for (int n = 0; path_.empty() || fs::exists(path_); ++n)
    path_ = dir / fmt::format("events.out.tfevents.{:010}.quern.{}.{}", int64_t(time), ::getpid(), n);
  add(version_event(time));
  if (resumed_step >= 0) add(session_start_event(time, resumed_step));
  flush();
}

TensorBoardWriter::~TensorBoardWriter() {
  try {
    flush();
  } catch (const Error& e) {
    warn(e.what());
  }
}

void TensorBoardWriter::add(std::string_view event) {
  constexpr size_t kMostWaiting = 64 << 10;
  waiting_ += tfrecord(event);
  if (waiting_.size() > kMostWaiting) flush();
}

void TensorBoardWriter::scalar(int64_t step, std::string_view tag, double value) {
  add(scalar_event(now(), step, tag, float(value)));
}

void TensorBoardWriter::text(int64_t step, std::string_view tag, std::string_view markdown) {
  add(text_event(now(), step, tag, markdown));
}

void TensorBoardWriter::flush() {
  if (waiting_.empty()) return;
  const std::string out = std::move(waiting_);
  waiting_.clear();
  append_file(path_, out);
}

}  // namespace quern
