// SPDX-License-Identifier: MIT
#include "train/tensorboard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"

namespace quern {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

TEST(TensorBoard, ChecksumsAreThoseOfRfc3720) {  // appendix B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);  // the usual check value of CRC-32C
}

// The expected bytes were written by tensorboard 2.21.0 (event_pb2, record_writer) for the same messages.
TEST(TensorBoard, MessagesAreTheBytesThatTensorBoardItselfWrites) {
  EXPECT_EQ(hex(tfrecord(version_event(1234.5))),
            "1800000000000000a37f4b220900000000004a93401a0d627261696e2e4576656e743a3265b8d3fb");
  EXPECT_EQ(hex(tfrecord(scalar_event(1234.5, 300, "loss", 1.5f))),
            "1b000000000000001a0d9e130900000000004a934010ac022a0d0a0b0a046c6f7373150000c03f163f128a");
  EXPECT_EQ(hex(tfrecord(session_start_event(1234.5, 300))),
            "100000000000000095fbfe180900000000004a934010ac023a02080160cea677");
  EXPECT_EQ(hex(text_event(1234.5, 7, "sample", "hi")),
            "0900000000004a934010072a220a200a0673616d706c65420c0807120412020801420268694a080a060a0474657874");
}

TEST(TensorBoard, FileIsARowOfWholeRecordsThatStartsWithTheVersion) {
  const TemporaryDirectory dir;
  {
    TensorBoardWriter writer(dir.path() / "tensorboard", 40);
    for (int64_t step = 40; step < 50; ++step) writer.scalar(step, "loss", 2.0);
    writer.text(50, "sample", std::string(100'000, 'x'));  // longer than the buffer
  }
  size_t files = 0, records = 0;
  for (const auto& entry : fs::directory_iterator(dir.path() / "tensorboard")) {
    ++files;
    const std::string bytes = read_file(entry.path());
    size_t at = 0;
    while (at < bytes.size()) {
      ASSERT_LE(at + 12, bytes.size());
      uint64_t size = 0;
      for (int i = 0; i < 8; ++i) size |= uint64_t(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
      ASSERT_LE(at + 16 + size, bytes.size());
      ASSERT_EQ(tfrecord(bytes.substr(at + 12, size)), bytes.substr(at, 16 + size));
      if (records == 0) {
        EXPECT_NE(bytes.substr(at, 16 + size).find("brain.Event:2"), std::string::npos);
      }
      at += 16 + size, ++records;
    }
  }
  EXPECT_EQ(files, 1u);
  EXPECT_EQ(records, 13u);  // version, session start, ten scalars, one text
}

TEST(TensorBoard, TwoWritersInOneFolderWriteTwoFiles) {
  const TemporaryDirectory dir;
  TensorBoardWriter a(dir.path()), b(dir.path());
  a.flush(), b.flush();
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 2);
}

}  // namespace
}  // namespace quern
