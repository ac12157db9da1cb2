// SPDX-License-Identifier: MIT
// Any bytes as a tokenizer.json: an Error or a tokenizer that works and survives a round trip, nothing else.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  try {
    const Tokenizer tokenizer = Tokenizer::from_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    const std::string_view text = "It's 42 mills, \xE7\x9F\xB3\xE7\xA3\xA8 e\xCC\x81 <s>\n\n  x\xFF";
    const EncodeOptions options{.parse_special = true};
    std::vector<TokenId> ids;
    try {
      ids = tokenizer.encode(text, options);
      if (tokenizer.encode_full(text, options).ids != ids) std::abort();
      tokenizer.encode_pair(text, text, options);
    } catch (const Error&) {
      // a word outside the vocabulary, or a pattern that needs too many steps
    }
    (void)tokenizer.decode(ids);
    const Tokenizer again = Tokenizer::from_json(tokenizer.to_json(), "round trip");
    if (!ids.empty() && again.encode(text, options) != ids) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
