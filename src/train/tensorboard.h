// SPDX-License-Identifier: MIT
#pragma once
// TensorBoard event files. A file is a row of TFRecords (length, masked CRC-32C, bytes, masked CRC-32C), each an Event
// message of TensorFlow's event.proto, written here by hand: only scalars, texts and the marks of a session are needed.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace quern {

// CRC-32C (Castagnoli, reflected 0x82F63B78), and the mask that TFRecord puts over it.
uint32_t crc32c(std::string_view bytes);
uint32_t masked_crc32c(std::string_view bytes);

std::string tfrecord(std::string_view message);  // framed, little endian

// Serialised Event messages. wall_time in seconds since 1970.
std::string version_event(double wall_time);  // the first of every file
std::string scalar_event(double wall_time, int64_t step, std::string_view tag, float value);
std::string text_event(double wall_time, int64_t step, std::string_view tag, std::string_view markdown);
std::string session_start_event(double wall_time, int64_t step);  // forget what other files say from this step on

class TensorBoardWriter {
 public:
  // Starts a new event file in `dir` (made if missing). After a resume give the first step that is run again, so that
  // TensorBoard drops the events of the run that was cut off. Throws Io.
  explicit TensorBoardWriter(const std::filesystem::path& dir, int64_t resumed_step = -1);

  void scalar(int64_t step, std::string_view tag, double value);
  void text(int64_t step, std::string_view tag, std::string_view markdown);
  void flush();  // called by the destructor, and when 64 kB wait
  ~TensorBoardWriter();
  TensorBoardWriter(const TensorBoardWriter&) = delete;
  TensorBoardWriter& operator=(const TensorBoardWriter&) = delete;

 private:
  std::filesystem::path path_;
  std::string waiting_;
  void add(std::string_view event);
};

}  // namespace quern
