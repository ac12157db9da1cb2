// SPDX-License-Identifier: MIT
#pragma once
// The other yardstick: a general compressor. xz at preset 9 (LZMA2, 64 MiB dictionary), as the command `xz -9` does.

#include <cstdint>
#include <string_view>

namespace quern {

struct CompressionScore {
  uint64_t bytes = 0;  // of the text
  uint64_t packed_bytes = 0;
  double bits_per_byte() const { return bytes ? 8.0 * double(packed_bytes) / double(bytes) : 0; }
};

// The text alone: what `xz -9 < text | wc -c` prints. Needs some 670 MB of memory while it runs, less for short texts.
CompressionScore compress_alone(std::string_view text);

// The text after the compressor has seen `before` (of which it keeps the last 64 MiB): the number of bytes that
// `before` + `text` takes more than `before`. This is the fair comparison with a model that was trained on `before`.
CompressionScore compress_after(std::string_view before, std::string_view text);

}  // namespace quern
