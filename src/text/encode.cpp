// SPDX-License-Identifier: MIT
// The fast way from text to ids.
#include "text/encode_text.h"
#include "text/unicode.h"

namespace quern {

namespace {

// Words of a piece that stages before `first` have made, and their ids. `at_start`: it begins the input text.
void encode_piece(const TokenizerState& state, std::string_view text, size_t first, bool at_start,
                  EncodeScratch& scratch, IdSink& out) {
  const PreTokenizer& pre = state.pre_tokenizer;
  const size_t change = pre.next_transform(first);
  if (change == pre.stages.size()) {
    state.model->encode(text, pre, first, scratch, out);
    return;
  }
  std::string changed;
  auto piece = [&](const char* begin, const char* end) {
    const std::string_view part(begin, static_cast<size_t>(end - begin));
    const bool starts = at_start && begin == text.data();
    encode_piece(state, transform(pre.stages[change], part, starts, changed), change + 1, starts, scratch, out);
  };
  pre.run(first, change, text, piece);
}

}  // namespace

void encode_plain(const TokenizerState& state, std::string_view text, bool at_start, EncodeScratch& scratch,
                  IdSink& out) {
  encode_piece(state, text, 0, at_start, scratch, out);
}

bool counts_as_start(const TokenizerState& state, std::string_view text) {
  if (!state.pre_tokenizer.asks_for_start()) return false;
  if (state.normalizer.is_identity()) return true;
  AlignedText aligned(text, 0);
  state.normalizer.apply_aligned(aligned);
  // Does its first byte still come from the first of the text?
  return aligned.source.empty() || aligned.source[0].begin == 0;
}

void encode_unnormalized(const TokenizerState& state, std::string_view text, bool at_start, bool parse_special,
                         EncodeScratch& scratch, IdSink& out) {
  at_start = at_start && counts_as_start(state, text);
  if (!state.normalizer.is_identity()) text = state.normalizer.apply(text, scratch.normalized);
  if (state.normalized.is_empty() || !(parse_special || state.normalized.has_plain())) {
    encode_plain(state, text, at_start, scratch, out);
    return;
  }
  scratch.normalized_segments.clear();
  state.normalized.split(text, parse_special, scratch.normalized_segments);
  for (const TextSegment& segment : scratch.normalized_segments) {
    if (segment.token != nullptr) {
      out.push(segment.token->id);
    } else {
      encode_plain(state, text.substr(segment.begin, segment.end - segment.begin), at_start && segment.begin == 0,
                   scratch, out);
    }
  }
}

void find_written_tokens(const TokenizerState& state, std::string_view text, bool parse_special,
                         std::vector<TextSegment>& out) {
  out.clear();
  if (state.written.is_empty() || !(parse_special || state.written.has_plain())) {
    if (!text.empty()) out.push_back({0, text.size(), nullptr});
  } else {
    state.written.split(text, parse_special, out);
  }
}

std::string_view valid_text(std::string_view utf8, std::string& scratch) {
  if (is_valid_utf8(utf8)) return utf8;
  scratch = to_valid_utf8(utf8);
  return scratch;
}

void Tokenizer::encode_append(std::string_view utf8, EncodeOptions options, std::vector<TokenId>& out) const {
  const ScratchPool::Lease lease(state_->scratch);
  EncodeScratch& scratch = *lease;
  const std::string_view text = valid_text(utf8, scratch.valid);
  with_template(*state_, options.add_special, out, [&] {
    IdSink sink(out);
    find_written_tokens(*state_, text, options.parse_special, scratch.segments);
    for (const TextSegment& segment : scratch.segments) {
      if (segment.token != nullptr) {
        sink.push(segment.token->id);
      } else {
        encode_unnormalized(*state_, text.substr(segment.begin, segment.end - segment.begin), segment.begin == 0,
                            options.parse_special, scratch, sink);
      }
    }
  });
}

std::vector<TokenId> Tokenizer::encode(std::string_view utf8, EncodeOptions options) const {
  std::vector<TokenId> out;
  encode_append(utf8, options, out);
  return out;
}

}  // namespace quern
