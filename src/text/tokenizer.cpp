// SPDX-License-Identifier: MIT
#include "text/tokenizer.h"

#include <algorithm>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/tokenizer_state.h"
#include "text/unicode.h"

namespace quern {

Tokenizer finish_tokenizer(TokenizerParts parts, const std::string& where) {
  auto state = std::make_shared<TokenizerState>();
  static_cast<TokenizerParts&>(*state) = std::move(parts);
  for (const Vocabulary& surfaces = state->model->surfaces(); const AddedToken& token : state->added) {
    const auto refuse = [&](const std::string& why) {
      throw Error(ErrorKind::InvalidModel, "{}: added token '{}' has id {}, but {}", where, token.content, token.id,
                  why);
    };
    if (surfaces.contains(token.id) && surfaces.text_of(token.id) != token.content) {
      refuse(fmt::format("the model's token {} is '{}'", token.id, surfaces.text_of(token.id)));
    }
    if (const TokenId known = surfaces.find(token.content); known >= 0 && known != token.id) {
      refuse(fmt::format("the model gives it id {}", known));
    }
    if (!state->added_contents.add(token.id, token.content)) refuse("the id or the token is listed twice");
  }

  std::vector<TokenId> hidden;
  for (const AddedToken& token : state->added) {
    if (token.special) hidden.push_back(token.id);
  }
  std::sort(hidden.begin(), hidden.end());
  if (auto model = state->model->hiding(hidden)) state->model = std::move(model);

  std::vector<const AddedToken*> written, normalized;
  std::vector<std::string> written_contents, normalized_contents;
  std::string scratch;
  for (const AddedToken& token : state->added) {
    if (token.normalized) {
      normalized.push_back(&token);
      normalized_contents.emplace_back(state->normalizer.apply(token.content, scratch));
    } else {
      written.push_back(&token);
      written_contents.push_back(token.content);
    }
  }
  if (!written.empty()) state->written = AddedTokenMatcher(std::move(written), std::move(written_contents));
  if (!normalized.empty()) state->normalized = AddedTokenMatcher(std::move(normalized), std::move(normalized_contents));

  const Vocabulary& surfaces = state->model->surfaces();
  const TokenId limit = std::max(surfaces.id_limit(), state->added_contents.id_limit());
  state->pieces.resize(static_cast<size_t>(limit));
  state->special.resize(static_cast<size_t>(limit));
  std::string bytes;
  for (TokenId id = 0; id < limit; ++id) {
    const bool added = state->added_contents.contains(id);
    if (!added && !surfaces.contains(id)) continue;
    if (added) {
      bytes = state->added_contents.text_of(id);
      // The byte-level decoder reads every token as bytes, where it can.
      if (std::string raw; state->decoder == DecoderKind::ByteLevel && surface_to_bytes(bytes, raw)) bytes = raw;
    } else if (state->decoder == DecoderKind::ByteLevel) {
      bytes = surfaces.text_of(id);
      if (std::string raw; surface_to_bytes(bytes, raw)) bytes = raw;
    } else if (state->decoder == DecoderKind::Steps) {
      bytes = state->decoder_steps.piece_of(surfaces.text_of(id));
    } else {
      bytes = surfaces.text_of(id);
    }
    TokenizerState::Piece& piece = state->pieces[static_cast<size_t>(id)];
    piece = {static_cast<uint32_t>(state->piece_bytes.size()), static_cast<uint32_t>(bytes.size()) & 0x7FFFFFFF, 1};
    state->piece_bytes += bytes;
    QUERN_CHECK(state->piece_bytes.size() < UINT32_MAX, "a vocabulary of {} bytes", state->piece_bytes.size());
  }
  state->piece_bytes.append(16, '\0');  // decode() copies 16 bytes at a time
  for (const AddedToken& token : state->added) state->special[static_cast<size_t>(token.id)] = token.special;
  return Tokenizer(std::move(state));
}

int64_t Tokenizer::vocab_size() const { return static_cast<int64_t>(state_->pieces.size()); }

std::optional<TokenId> Tokenizer::token_to_id(std::string_view token) const {
  TokenId id = state_->added_contents.find(token);
  if (id < 0) id = state_->model->surfaces().find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::string Tokenizer::id_to_token(TokenId id) const {
  if (state_->added_contents.contains(id)) return std::string(state_->added_contents.text_of(id));
  const Vocabulary& surfaces = state_->model->surfaces();
  return surfaces.contains(id) ? std::string(surfaces.text_of(id)) : std::string();
}

std::string_view Tokenizer::token_bytes(TokenId id) const {
  if (!state_->knows(id) || state_->special[static_cast<size_t>(id)]) return {};
  return state_->piece(id);
}

bool Tokenizer::is_special(TokenId id) const { return state_->knows(id) && state_->special[static_cast<size_t>(id)]; }

size_t Tokenizer::bytes_of(std::span<const TokenId> ids) const {
  size_t size = 0;
  for (TokenId id : ids) size += token_bytes(id).size();
  return size;
}

std::span<const AddedToken> Tokenizer::added_tokens() const { return state_->added; }

Tokenizer Tokenizer::with_special_tokens(std::span<const std::string> contents) const {
  TokenizerParts parts = *state_;
  TokenId next = static_cast<TokenId>(vocab_size());
  for (const std::string& content : contents) {
    if (content.empty() || !is_valid_utf8(content)) {
      throw Error(ErrorKind::InvalidArgument, "a special token must be non-empty UTF-8 text, not '{}'", content);
    }
    const auto known =
        std::find_if(parts.added.begin(), parts.added.end(), [&](const AddedToken& t) { return t.content == content; });
    if (known != parts.added.end()) {
      known->special = true;
      continue;
    }
    const TokenId in_model = parts.model->surfaces().find(content);
    parts.added.push_back({.id = in_model >= 0 ? in_model : next++, .content = content});
  }
  if (next > kMaxTokenId + 1)
    throw Error(ErrorKind::Unsupported, "a vocabulary of more than {} tokens", kMaxTokenId + 1);
  return finish_tokenizer(std::move(parts), "the tokenizer");
}

}  // namespace quern
