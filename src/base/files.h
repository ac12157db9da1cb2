// SPDX-License-Identifier: MIT
#pragma once
// Files: reading, mapping, and writing so that a reader sees the old file or the new one, never half of one.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace quern {

namespace fs = std::filesystem;

// The whole file as bytes. Throws NotFound or Io.
std::string read_file(const fs::path& path);

// A file mapped read-only; the bytes live as long as the object.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  std::string_view text() const { return {static_cast<const char*>(data_), size_}; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  void* data_ = nullptr;
  size_t size_ = 0;
};

// Writes to a temporary name beside `path`, syncs, then renames. On any exception the temporary is removed and `path`
// is as it was. Throws Io naming path and reason (disk full, read-only).
class AtomicFile {
 public:
  explicit AtomicFile(const fs::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(const void* data, size_t size_bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();

 private:
  fs::path path_, temporary_;
  int fd_ = -1;
  std::string buffer_;
  void flush();
};

void write_file(const fs::path& path, std::string_view text);  // atomically

// Appends and syncs nothing; for logs. Throws Io.
void append_file(const fs::path& path, std::string_view text);

// Makes a directory under a temporary name, lets `fill` write into it, syncs it and renames it to `path`.
// `path` must not exist. On an exception nothing is left behind.
void write_directory(const fs::path& path, const std::function<void(const fs::path& temporary)>& fill);

// Throws Io or Resources unless `dir` (made if missing) can be written and has `needed_bytes` free.
void require_writable(const fs::path& dir, uint64_t needed_bytes = 0);

// A directory that is removed with everything in it at the end of its life (tests, spills).
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string_view prefix = "quern", const fs::path& parent = fs::temp_directory_path());
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// "30MB", "1.5 GiB", "800k" or "12345" -> bytes (MB = 10^6, MiB = 2^20). Throws InvalidArgument.
uint64_t parse_size(std::string_view text);
std::string format_size(uint64_t bytes);  // "12.3 MB"

// Hex of a 64-bit hash of the bytes (XXH3), for lineage and caches; not for security.
std::string content_hash(std::span<const std::byte> bytes);
std::string content_hash(std::string_view text);

}  // namespace quern
