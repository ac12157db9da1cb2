// SPDX-License-Identifier: MIT
#pragma once
// The bytes of a file, unpacked when it is gzip (known by its first bytes, all members), a chunk at a time.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace quern {

class ByteSource {
 public:
  // max_ratio: unpacking stops with InvalidData beyond this many times the packed size + 1 MB (a zip bomb). Throws
  // NotFound or Io.
  ByteSource(const std::filesystem::path& path, uint64_t max_ratio);
  ~ByteSource();
  // Appends up to `limit` bytes; false at the end. Throws Io, or InvalidData when the packed data is damaged or a bomb.
  bool read(std::string& out, size_t limit = size_t{1} << 20);
  uint64_t raw_bytes() const;  // read from disk so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern
