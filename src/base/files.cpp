// SPDX-License-Identifier: MIT
#include "base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/error.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quern {

namespace {
[[noreturn]] void throw_io(const fs::path& path, const char* what, int error) {
  if (error == ENOENT) throw Error(ErrorKind::NotFound, "{}: no such file or folder", path.string());
  Error e(ErrorKind::Io, "{}: can't {}: {}", path.string(), what, std::strerror(error));
  if (error == ENOSPC) throw std::move(e).hint("the disk is full; free some space or choose another folder");
  if (error == EACCES || error == EROFS) throw std::move(e).hint("choose a folder you may write to");
  throw e;
}

void sync_directory(const fs::path& dir) {
  const int fd = ::open(dir.empty() ? "." : dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}
}  // namespace

std::string read_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw_io(path, "open", errno);
  std::string out;
  char chunk[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      ::close(fd);
      throw_io(path, "read", error);
    }
    if (n == 0) break;
    out.append(chunk, size_t(n));
  }
  ::close(fd);
  return out;
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw_io(path, "open", errno);
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw Error(ErrorKind::InvalidArgument, "{}: not a regular file", path.string());
  }
  size_ = size_t(info.st_size);
  if (size_ > 0) {
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data_ == MAP_FAILED) {
      const int error = errno;
      data_ = nullptr;
      ::close(fd);
      throw_io(path, "map", error);
    }
  }
  ::close(fd);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(data_, size_);
}

AtomicFile::AtomicFile(const fs::path& path) : path_(path) {
  temporary_ = path;
  temporary_ += fmt::format(".{}.tmp", ::getpid());
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    const int error = errno;
    if (error == ENOENT) throw Error(ErrorKind::Io, "{}: the folder does not exist", path.parent_path().string());
    throw_io(path, "create", error);
  }
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) {
    ::close(fd_);
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(const void* data, size_t size_bytes) {
  buffer_.append(static_cast<const char*>(data), size_bytes);
  if (buffer_.size() >= (1 << 20)) flush();
}

void AtomicFile::flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0) {
      if (errno == EINTR) continue;
      throw_io(path_, "write", errno);
    }
    done += size_t(n);
  }
  buffer_.clear();
}

void AtomicFile::commit() {
  flush();
  if (::fsync(fd_) != 0 && errno != EINVAL) throw_io(path_, "sync", errno);
  ::close(fd_);
  fd_ = -1;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    throw_io(path_, "rename to", error);
  }
  sync_directory(path_.parent_path());
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void append_file(const fs::path& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) throw_io(path, "open", errno);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      ::close(fd);
      throw_io(path, "write", error);
    }
    done += size_t(n);
  }
  ::close(fd);
}

void write_directory(const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  fs::path temporary = path;
  temporary += fmt::format(".{}.tmp", ::getpid());
  std::error_code ec;
  fs::remove_all(temporary, ec);
  if (!fs::create_directories(temporary, ec) || ec) throw_io(path, "create", ec ? ec.value() : EEXIST);
  try {
    fill(temporary);
    sync_directory(temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_io(path, "rename to", errno);
  } catch (...) {
    fs::remove_all(temporary, ec);
    throw;
  }
  sync_directory(path.parent_path());
}

void require_writable(const fs::path& dir, uint64_t needed_bytes) {
  std::error_code ec;
  fs::create_directories(dir, ec);
  if (ec) throw_io(dir, "create", ec.value());
  const fs::path probe = dir / fmt::format(".quern-probe-{}", ::getpid());
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) throw_io(dir, "write into", errno);
  const ssize_t n = ::write(fd, "quern", 5);
  const int error = errno;
  ::close(fd);
  ::unlink(probe.c_str());
  if (n != 5) throw_io(dir, "write into", error);
  struct statvfs info{};
  if (needed_bytes > 0 && ::statvfs(dir.c_str(), &info) == 0) {
    const uint64_t available = uint64_t(info.f_bavail) * info.f_frsize;
    if (available < needed_bytes)
      throw Error(ErrorKind::Resources, "{}: {} are needed, the disk has {} free", dir.string(),
                  format_size(needed_bytes), format_size(available))
          .hint("free some space or choose another folder");
  }
}

TemporaryDirectory::TemporaryDirectory(std::string_view prefix, const fs::path& parent) {
  std::string pattern = (parent / fmt::format("{}-XXXXXX", prefix)).string();
  if (!::mkdtemp(pattern.data())) throw_io(pattern, "create", errno);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

uint64_t parse_size(std::string_view text) {
  const std::string s(text);
  char* end = nullptr;
  const double value = std::strtod(s.c_str(), &end);
  std::string unit(end);
  std::erase(unit, ' ');
  for (char& c : unit) c = char(std::tolower(static_cast<unsigned char>(c)));
  double factor = -1;
  if (unit.empty() || unit == "b")
    factor = 1;
  else if (unit == "k" || unit == "kb")
    factor = 1e3;
  else if (unit == "m" || unit == "mb")
    factor = 1e6;
  else if (unit == "g" || unit == "gb")
    factor = 1e9;
  else if (unit == "kib")
    factor = 1024.0;
  else if (unit == "mib")
    factor = 1048576.0;
  else if (unit == "gib")
    factor = 1073741824.0;
  if (end == s.c_str() || factor < 0 || !std::isfinite(value) || value < 0 || value * factor > 9e18)
    throw Error(ErrorKind::InvalidArgument, "'{}' is not a size", text).hint("write for example 30MB, 1.5GB or 512KiB");
  return uint64_t(value * factor);
}

std::string format_size(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = double(bytes);
  const char* units[] = {"kB", "MB", "GB", "TB"};
  int u = -1;
  while (value >= 999.5 && u < 3) value /= 1000, ++u;
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, units[u]);
}

std::string content_hash(std::span<const std::byte> bytes) {
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}
std::string content_hash(std::string_view text) {
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace quern
