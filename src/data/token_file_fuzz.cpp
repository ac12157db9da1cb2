// SPDX-License-Identifier: MIT
// Any bytes as a token file: either tokens, borders and byte counts that lie inside it, or an Error. The two checksums
// are put right first, or nothing but them would be tested.

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "data/batch_source.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  constexpr size_t kTail = 72, kHashes = 16;
  if (size >= kTail) {
    const uint64_t body = XXH3_64bits(bytes.data(), size - kTail);
    std::memcpy(bytes.data() + size - 16, &body, 8);
    const uint64_t tail = XXH3_64bits(bytes.data() + size - kTail, kTail - kHashes + 8);
    std::memcpy(bytes.data() + size - 8, &tail, 8);
  }
  static const int fd = memfd_create("tokens", 0);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes.data(), size, 0) != ssize_t(size)) return 0;
  try {
    const TokenStore store = TokenStore::open("/proc/self/fd/" + std::to_string(fd));
    for (const Packing packing : {Packing::BestFit, Packing::Stream}) {
      const PackedRows rows(store, 16, {.packing = packing});
      TokenBatch batch;
      for (int64_t i = 0; i < rows.rows(); ++i) rows.append_row(i, batch);
    }
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Internal) __builtin_trap();
  }
  return 0;
}
