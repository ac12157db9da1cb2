// SPDX-License-Identifier: MIT
// Any bytes as a safetensors file: either tensors whose bytes lie inside the data, or an Error.

#include <cstdint>
#include <map>

#include "base/error.h"
#include "formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  if (size < 2) return 0;
  // Two bytes of header length instead of eight, so that the fuzzer reaches the JSON quickly.
  const size_t header_bytes = std::min<size_t>(data[0] | data[1] << 8, size - 2);
  const std::string_view header(reinterpret_cast<const char*>(data) + 2, header_bytes);
  const std::span<const std::byte> rest(reinterpret_cast<const std::byte*>(data) + 2 + header_bytes,
                                        size - 2 - header_bytes);
  try {
    std::map<std::string, std::string> metadata;
    uint64_t sum = 0;
    for (const SafetensorsTensor& t : parse_safetensors_header(header, rest, "fuzz", &metadata))
      for (const std::byte b : t.bytes) sum += uint64_t(b);
    volatile uint64_t sink = sum;
    (void)sink;
  } catch (const Error&) {
  }
  return 0;
}
