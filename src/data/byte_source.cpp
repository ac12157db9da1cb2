// SPDX-License-Identifier: MIT
#include "data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace quern {

struct ByteSource::Impl {
  std::filesystem::path path;
  uint64_t max_ratio, raw = 0, unpacked = 0;
  int fd = -1;
  bool started = false, packed = false, ended = false, in_member = false;
  z_stream zip{};
  std::vector<unsigned char> chunk = std::vector<unsigned char>(1 << 16);

  ~Impl() {
    if (packed) inflateEnd(&zip);
    if (fd >= 0) ::close(fd);
  }
  size_t fill() {  // chunk from disk
    for (;;) {
      const ssize_t n = ::read(fd, chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw Error(ErrorKind::Io, "{}: can't read: {}", path.string(), std::strerror(errno));
      raw += uint64_t(n);
      return size_t(n);
    }
  }
  [[noreturn]] void damaged(std::string_view what) {
    throw Error(ErrorKind::InvalidData, "{}: {}", path.string(), what);
  }
};

ByteSource::ByteSource(const std::filesystem::path& path, uint64_t max_ratio) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->max_ratio = max_ratio;
  // Not blocking: a FIFO with a text file's name must not hang the program.
  impl_->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (impl_->fd < 0)
    throw Error(errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, "{}: can't open: {}", path.string(),
                std::strerror(errno));
  struct stat info{};
  if (::fstat(impl_->fd, &info) != 0 || !S_ISREG(info.st_mode))
    throw Error(ErrorKind::InvalidArgument, "{}: not a regular file", path.string());
}

ByteSource::~ByteSource() = default;
uint64_t ByteSource::raw_bytes() const { return impl_->raw; }

bool ByteSource::read(std::string& out, size_t limit) {
  Impl& s = *impl_;
  if (s.ended) return false;
  size_t have = 0;
  if (!s.started) {
    s.started = true;
    have = s.fill();
    if (have >= 2 && s.chunk[0] == 0x1f && s.chunk[1] == 0x8b) {
      s.packed = s.in_member = true;
      if (inflateInit2(&s.zip, 15 + 16) != Z_OK) throw Error(ErrorKind::Resources, "zlib could not start");
      s.zip.next_in = s.chunk.data();
      s.zip.avail_in = uInt(have);
    }
  } else if (!s.packed) {
    have = s.fill();
  }
  if (!s.packed) {
    s.ended = have == 0;
    out.append(reinterpret_cast<const char*>(s.chunk.data()), have);
    return have > 0;
  }
  const size_t before = out.size();
  out.resize(before + limit);
  s.zip.next_out = reinterpret_cast<unsigned char*>(out.data() + before);
  s.zip.avail_out = uInt(limit);
  const auto keep = [&] {
    const size_t produced = limit - s.zip.avail_out;
    out.resize(before + produced);
    s.unpacked += produced;
    return produced;
  };
  while (s.zip.avail_out > 0) {
    if (s.zip.avail_in == 0) {
      s.zip.next_in = s.chunk.data();
      s.zip.avail_in = uInt(s.fill());
      if (s.zip.avail_in == 0) {
        s.ended = true;
        const bool cut = s.in_member;
        if (keep() == 0 && cut) s.damaged("the gzip data is cut off");
        if (cut) s.ended = false;  // what came before the cut is handed out first
        return out.size() > before;
      }
    }
    const bool fresh = !s.in_member;
    s.in_member = true;
    if (fresh) {  // after a member: another one, or padding and rubbish, which gzip ignores
      if (s.zip.next_in[0] != 0x1f) {
        s.ended = true;
        s.in_member = false;
        return keep() > 0;
      }
      inflateReset(&s.zip);
    }
    const int code = inflate(&s.zip, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      s.in_member = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      s.ended = true;
      keep();
      s.damaged("damaged gzip data");
    }
  }
  keep();
  if (s.unpacked > s.max_ratio * s.raw + (uint64_t{1} << 20)) {
    s.ended = true;
    s.damaged(fmt::format("unpacks to more than {} times its size", s.max_ratio));
  }
  return true;
}

}  // namespace quern
