// SPDX-License-Identifier: MIT
#include "base/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace quern {

namespace {
constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

// A line "NAME:   123 kB" of a file under /proc.
uint64_t kilobytes_of(const char* path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":")) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
  return kNone;
}

uint64_t number_in(const char* path) {
  std::ifstream in(path);
  uint64_t value = 0;
  return in >> value ? value : kNone;  // "max" is no number
}

// Limit of the control group (version 2, then 1) as seen from inside a container.
uint64_t group_limit() {
  return std::min(number_in("/sys/fs/cgroup/memory.max"), number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
}
uint64_t group_use() {
  const uint64_t two = number_in("/sys/fs/cgroup/memory.current");
  return two != kNone ? two : number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes");
}
}  // namespace

uint64_t physical_memory_bytes() {
  const uint64_t machine = uint64_t(::sysconf(_SC_PHYS_PAGES)) * uint64_t(::sysconf(_SC_PAGESIZE));
  return std::min(machine, group_limit());
}

uint64_t available_memory_bytes() {
  uint64_t available = kilobytes_of("/proc/meminfo", "MemAvailable");
  if (available == kNone) available = physical_memory_bytes() / 2;
  const uint64_t limit = group_limit(), use = group_use();
  // The group's use counts file pages that can be dropped, so this may be too little, never too much.
  if (limit != kNone && use != kNone) available = std::min(available, limit > use ? limit - use : 0);
  return available;
}

uint64_t resident_bytes() {
  const uint64_t bytes = kilobytes_of("/proc/self/status", "VmRSS");
  return bytes == kNone ? 0 : bytes;
}

uint64_t peak_resident_bytes() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? uint64_t(usage.ru_maxrss) * 1024 : 0;
}

void give_back_pages(const void* begin, size_t size_bytes) {
  const auto page = size_t(::sysconf(_SC_PAGESIZE)), at = reinterpret_cast<size_t>(begin);
  const size_t first = (at + page - 1) / page * page, last = (at + size_bytes) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

void give_back_freed_memory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace quern
