// SPDX-License-Identifier: MIT
#pragma once
// The steps from text to ids, for the ways of going through them: encode.cpp, encode_parallel.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer_state.h"

namespace quern {

// `utf8` itself, or what to_valid_utf8() makes of it, in `scratch`.
std::string_view valid_text(std::string_view utf8, std::string& scratch);

// The text as added tokens and what lies between; one segment where nothing is looked for.
void find_written_tokens(const TokenizerState& state, std::string_view text, bool parse_special,
                         std::vector<TextSegment>& out);

// Appends the ids of text between tokens that were looked for before normalization. `at_start`: it begins the input
// text.
void encode_unnormalized(const TokenizerState& state, std::string_view text, bool at_start, bool parse_special,
                         EncodeScratch& scratch, IdSink& out);
// The same of normalized text without added tokens.
void encode_plain(const TokenizerState& state, std::string_view text, bool at_start, EncodeScratch& scratch,
                  IdSink& out);

// Whether the pre-tokenizer is to treat normalized text as the begin of the input, of which `text` is.
bool counts_as_start(const TokenizerState& state, std::string_view text);

// Puts the ids that `body` appends where the post-processor wants the text.
template <typename Body>
void with_template(const TokenizerState& state, bool add_special, std::vector<TokenId>& out, Body&& body) {
  const PostProcessor& post = state.post_processor;
  if (!post.has_template || !add_special) {
    body();
    return;
  }
  for (const PostProcessor::Item& item : post.single) {
    if (item.sequence >= 0) {
      body();
    } else {
      out.insert(out.end(), item.ids.begin(), item.ids.end());
    }
  }
}

}  // namespace quern
