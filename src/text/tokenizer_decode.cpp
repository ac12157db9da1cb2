// SPDX-License-Identifier: MIT
// From ids to text, at once and as they come.
#include <cstring>

#include "text/decoder.h"
#include "text/tokenizer.h"
#include "text/tokenizer_state.h"
#include "text/unicode.h"

namespace quern {

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  const TokenizerState& state = *state_;
  if (state.decoder == DecoderKind::Steps) {
    StreamDecoder stream(*this, skip_special);
    std::string text;
    for (TokenId id : ids) text += stream.push(id);
    return text += stream.finish();
  }
  const bool spaces = state.decoder == DecoderKind::Spaces;
  const auto wanted = [&](TokenId id) {
    return state.knows(id) && !(skip_special && state.special[static_cast<size_t>(id)]);
  };
  size_t size = 0;
  for (TokenId id : ids) {
    if (wanted(id)) size += state.pieces[static_cast<size_t>(id)].size + spaces;
  }
  std::string text(size + 16, '\0');
  char* at = text.data();
  for (TokenId id : ids) {
    if (!wanted(id)) continue;
    if (spaces && at != text.data()) *at++ = ' ';
    const TokenizerState::Piece& piece = state.pieces[static_cast<size_t>(id)];
    const char* bytes = state.piece_bytes.data() + piece.begin;
    std::memcpy(at, bytes, 16);  // most pieces are shorter, and both ends have room
    if (piece.size > 16) [[unlikely]]
      std::memcpy(at, bytes, piece.size);
    at += piece.size;
  }
  text.resize(static_cast<size_t>(at - text.data()));
  if (state.decoder == DecoderKind::ByteLevel && !is_valid_utf8(text)) return to_valid_utf8(text);
  return text;
}

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special)
    : tokenizer_(tokenizer), skip_special_(skip_special) {
  const TokenizerState& state = tokenizer.state();
  if (state.decoder == DecoderKind::Steps) run_ = std::make_unique<DecoderRun>(state.decoder_steps);
}

StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;

std::string StreamDecoder::push(TokenId id) {
  const TokenizerState& state = tokenizer_.state();
  if (!state.knows(id) || (skip_special_ && state.special[static_cast<size_t>(id)])) return {};
  std::string out;
  if (run_ != nullptr) {
    run_->push(state.surface(id), out);
    return out;
  }
  if (state.decoder == DecoderKind::Spaces && !first_) out += ' ';
  first_ = false;
  if (state.decoder != DecoderKind::ByteLevel) return out += state.piece(id);
  pending_ += state.piece(id);
  take_whole_characters(pending_, out);
  return out;
}

std::string StreamDecoder::finish() {
  std::string rest = to_valid_utf8(pending_);
  pending_.clear();
  if (run_ != nullptr) run_->finish(rest);
  return rest;
}

}  // namespace quern
