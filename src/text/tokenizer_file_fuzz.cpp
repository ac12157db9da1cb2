// SPDX-License-Identifier: MIT
// Any bytes as a SentencePiece model or a rank file: an Error or a tokenizer that works and survives a round trip.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "text/sentencepiece.h"
#include "text/tiktoken.h"
#include "text/tokenizer.h"
#include "text/tokenizer_extras.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const Tokenizer tokenizer = looks_like_tiktoken(bytes) ? read_tiktoken(bytes, "cl100k_base", "fuzz", {})
                                                           : read_sentencepiece(bytes, "fuzz", {});
    const std::string_view text = "It's 42 mills, \xE7\x9F\xB3\xE7\xA3\xA8 e\xCC\x81 <s>\n\n  x\xFF";
    std::vector<TokenId> ids;
    try {
      ids = tokenizer.encode(text);
      if (tokenizer.encode_full(text).ids != ids) std::abort();
    } catch (const Error&) {
      // a character outside the vocabulary
    }
    (void)tokenizer.decode(ids);
    const Tokenizer again = Tokenizer::from_json(tokenizer.to_json(), "round trip");
    if (!ids.empty() && again.encode(text) != ids) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
