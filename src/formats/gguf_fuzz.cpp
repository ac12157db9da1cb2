// SPDX-License-Identifier: MIT
// Any bytes as a GGUF file: either a header whose values can be read and whose tensors lie inside the file, or an
// Error. The tokenizer in it is taken apart too.

#include <cstdint>

#include "base/error.h"
#include "formats/gguf_tokenizer.h"
#include "text/tokenizer.h"

namespace {
void read_everything(const quern::GgufHeader& header) {
  uint64_t sum = 0;
  for (const auto& [key, value] : header.metadata.entries()) {
    sum += uint64_t(value.as_integer().value_or(0)) + uint64_t(value.as_boolean().value_or(false));
    sum += value.as_text().value_or("").size() + value.as_texts().value_or(std::vector<std::string_view>{}).size();
    sum += value.as_numbers().value_or(std::vector<double>{}).size();
    const auto items = value.as_items();
    for (size_t i = 0; items && i < items->size(); ++i) sum += (*items)[i].bytes.size();
  }
  for (const quern::GgufTensor& t : header.tensors)
    for (const std::byte b : t.bytes) sum += uint64_t(b);
  volatile uint64_t sink = sum;
  (void)sink;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  try {
    const GgufHeader header = parse_gguf({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
    read_everything(header);
    tokenizer_config_of_gguf(header.metadata);
    generation_config_of_gguf(header.metadata);
    const std::string json = tokenizer_json_of_gguf(header.metadata, "fuzz");
    if (!json.empty()) Tokenizer::from_json(json, "fuzz").encode("Hello, world");
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Internal) throw;
  }
  return 0;
}
