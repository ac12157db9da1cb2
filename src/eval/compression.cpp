// SPDX-License-Identifier: MIT
#include "eval/compression.h"

#include <lzma.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace quern {

namespace {

constexpr uint32_t kPreset = 9;
constexpr size_t kDictionary = size_t{64} << 20;

class Encoder {
 public:
  // A dictionary larger than all there is to see changes nothing in the result but takes ten times its size in memory.
  explicit Encoder(size_t total_bytes) {
    lzma_options_lzma options;
    if (lzma_lzma_preset(&options, kPreset)) throw Error(ErrorKind::Internal, "liblzma has no preset {}", kPreset);
    options.dict_size = uint32_t(std::clamp(total_bytes, size_t{1} << 20, kDictionary));
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
    if (lzma_stream_encoder(&stream_, filters, LZMA_CHECK_CRC64) != LZMA_OK)
      throw Error(ErrorKind::Resources, "xz could not start: not enough memory");
  }
  ~Encoder() { lzma_end(&stream_); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Bytes written so far, after `text` went in and `action` was done.
  uint64_t push(std::string_view text, lzma_action action) {
    stream_.next_in = reinterpret_cast<const uint8_t*>(text.data());
    stream_.avail_in = text.size();
    for (;;) {
      uint8_t out[1 << 16];
      stream_.next_out = out;
      stream_.avail_out = sizeof out;
      const lzma_ret code = lzma_code(&stream_, action);
      if (code == LZMA_STREAM_END) return stream_.total_out;
      if (code != LZMA_OK) throw Error(ErrorKind::Resources, "xz failed with code {}", int(code));
    }
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

CompressionScore compress_alone(std::string_view text) {
  Encoder encoder(text.size());
  return {.bytes = text.size(), .packed_bytes = encoder.push(text, LZMA_FINISH)};
}

CompressionScore compress_after(std::string_view before, std::string_view text) {
  if (before.size() > kDictionary) before.remove_prefix(before.size() - kDictionary);
  Encoder encoder(before.size() + text.size());
  // A sync flush makes the count exact at the border and keeps the dictionary; it costs a few bytes.
  const uint64_t first = before.empty() ? 0 : encoder.push(before, LZMA_SYNC_FLUSH);
  const uint64_t both = encoder.push(text, LZMA_SYNC_FLUSH);
  return {.bytes = text.size(), .packed_bytes = both - first};
}

}  // namespace quern
