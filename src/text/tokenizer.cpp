// SPDX-License-Identifier: MIT
#include "text/tokenizer.h"

#include <algorithm>
#include <cstring>
#include <thread>

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

void encode_plain(const TokenizerState& state, std::string_view text, bool at_start, EncodeScratch& scratch,
                  IdSink& out) {
  encode_piece(state, text, 0, at_start, scratch, out);
}

// Whether the first byte of normalized text still comes from the first of the text.
bool starts_at_origin(const TokenizerState& state, std::string_view text) {
  if (state.normalizer.is_identity()) return true;
  AlignedText aligned(text, 0);
  state.normalizer.apply_aligned(aligned);
  return aligned.source.empty() || aligned.source[0].begin == 0;
}

// Text between tokens that were looked for before normalization.
// `at_start`: it begins the input text.
void encode_unnormalized(const TokenizerState& state, std::string_view text, bool at_start, bool parse_special,
                         EncodeScratch& scratch, IdSink& out) {
  at_start = at_start && state.pre_tokenizer.asks_for_start() && starts_at_origin(state, text);
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

// The text as segments; one segment where nothing is looked for.
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

// Whether cutting the text where safe_cut() says leaves the ids as they are.
bool can_cut(const TokenizerState& state) {
  if (!state.normalized.is_empty() || !state.normalizer.is_local()) return false;
  for (const SplitStage& stage : state.pre_tokenizer.stages) {
    using Kind = SplitStage::Kind;
    switch (stage.kind) {  // the first stage that ends words at such a place
      case Kind::Gpt2:
      case Kind::Gpt4:
      case Kind::EveryChar:
        return true;
      case Kind::Digits:
        continue;
      case Kind::Chars:
        if (stage.set == SplitStage::CharSet::Space && stage.behavior == SplitBehavior::Removed) return true;
        return false;
      default:
        return false;
    }
  }
  return false;
}

}  // namespace

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

std::vector<TokenId> Tokenizer::encode_parallel(std::string_view utf8, int threads, EncodeOptions options) const {
  constexpr size_t kWorthwhile = 1 << 16;  // bytes a thread, below which starting it costs more than it saves
  threads = static_cast<int>(std::min<size_t>(static_cast<size_t>(std::max(threads, 1)), utf8.size() / kWorthwhile));
  if (threads < 2 || !can_cut(*state_)) return encode(utf8, options);
  std::string scratch;
  const std::string_view text = valid_text(utf8, scratch);
  std::vector<TextSegment> segments, parts;
  find_written_tokens(*state_, text, options.parse_special, segments);
  const size_t part_size = std::max(kWorthwhile, text.size() / static_cast<size_t>(threads) / 4 + 1);
  for (const TextSegment& segment : segments) {
    TextSegment rest = segment;
    while (rest.token == nullptr && rest.end - rest.begin > part_size + part_size / 2) {
      const std::string_view whole = text.substr(rest.begin, rest.end - rest.begin);
      const size_t cut = rest.begin + safe_cut(whole, part_size);
      if (cut >= rest.end) break;
      parts.push_back({rest.begin, cut, nullptr});
      rest.begin = cut;
    }
    parts.push_back(rest);
  }
  // Worker w takes a contiguous run of parts of about equal bytes.
  std::vector<std::vector<TokenId>> found(static_cast<size_t>(threads));
  std::vector<std::exception_ptr> failures(static_cast<size_t>(threads));
  const auto work = [&](size_t w) {
    try {
      ScratchPool::Lease lease(state_->scratch);
      const size_t from = text.size() * w / static_cast<size_t>(threads),
                   to = text.size() * (w + 1) / static_cast<size_t>(threads);
      IdSink sink(found[w]);
      for (const TextSegment& part : parts) {
        if (part.begin < from || part.begin >= to) continue;
        if (part.token != nullptr) {
          sink.push(part.token->id);
        } else {
          encode_unnormalized(*state_, text.substr(part.begin, part.end - part.begin), part.begin == 0,
                              options.parse_special, *lease, sink);
        }
      }
    } catch (...) {
      failures[w] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> team;
    for (size_t w = 1; w < found.size(); ++w) team.emplace_back(work, w);
    work(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  std::vector<TokenId> out;
  with_template(*state_, options.add_special, out, [&] {
    size_t total = out.size();
    for (const auto& ids : found) total += ids.size();
    out.reserve(total);
    for (const auto& ids : found) out.insert(out.end(), ids.begin(), ids.end());
  });
  return out;
}

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
