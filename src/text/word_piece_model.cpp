// SPDX-License-Identifier: MIT
#include "text/word_piece_model.h"

#include "base/error.h"
#include "text/encode_scratch.h"
#include "text/json_write.h"
#include "text/unicode.h"
#include "text/word_loop.h"

namespace quern {

WordPieceModel::WordPieceModel(Vocabulary surfaces, std::string unk_token, std::string prefix, int64_t max_chars,
                               std::vector<TokenId> hidden)
    : surfaces_(std::move(surfaces)),
      hidden_(std::move(hidden)),
      unk_token_(std::move(unk_token)),
      prefix_(std::move(prefix)),
      max_chars_(max_chars),
      unk_id_(surfaces_.find(unk_token_)) {
  std::vector<std::pair<std::string_view, TokenId>> first, following;
  for (TokenId id = 0; id < surfaces_.id_limit(); ++id) {
    if (!surfaces_.contains(id) || is_hidden(hidden_, id)) continue;
    const std::string_view text = surfaces_.text_of(id);
    if (!text.empty()) first.emplace_back(text, id);
    if (text.size() > prefix_.size() && text.starts_with(prefix_))
      following.emplace_back(text.substr(prefix_.size()), id);
  }
  first_.emplace(std::move(first));
  following_.emplace(std::move(following));
}

TokenId WordPieceModel::unknown(std::string_view word) const {
  if (unk_id_ < 0) {
    throw Error(ErrorKind::InvalidData, "'{}' can't be written in this vocabulary, which has no unknown token '{}'",
                word.substr(0, 100), unk_token_)
        .hint("use the tokenizer.json published with the model");
  }
  return unk_id_;
}

TokenId* WordPieceModel::encode_word(const char* word, size_t size, EncodeScratch&, TokenId* out) const {
  const char* end = word + size;
  TokenId* at = out;
  const bool too_long =
      static_cast<int64_t>(size) > max_chars_ && static_cast<int64_t>(count_code_points({word, size})) > max_chars_;
  for (const char* p = word; p < end;) {
    const TokenId id = too_long ? -1 : (p == word ? *first_ : *following_).longest(p, end);
    if (id < 0) {
      *out = unknown({word, size});
      return out + 1;
    }
    *at++ = id;
    p += surfaces_.text_of(id).size() - (p == word ? 0 : prefix_.size());
  }
  return at;
}

void WordPieceModel::tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const {
  scratch.ids.resize(word.size());
  const TokenId* end = encode_word(word.data(), word.size(), scratch, scratch.ids.data());
  // An unknown word is one token; a token of the same id that does write the word covers it as well.
  if (end == scratch.ids.data() + 1) {
    out.push_back({scratch.ids[0], 0, word.size()});
    return;
  }
  size_t at = 0;
  for (const TokenId* id = scratch.ids.data(); id < end; ++id) {
    const size_t size = surfaces_.text_of(*id).size() - (at == 0 ? 0 : prefix_.size());
    out.push_back({*id, at, at + size});
    at += size;
  }
}

void WordPieceModel::encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
                            IdSink& out) const {
  CachedWords word(*this, text, scratch, out);
  pre.run(first_stage, pre.stages.size(), text, word);
}

std::shared_ptr<const TokenModel> WordPieceModel::hiding(const std::vector<TokenId>& ids) const {
  if (ids == hidden_) return nullptr;
  return std::make_shared<WordPieceModel>(surfaces_, unk_token_, prefix_, max_chars_, ids);
}

void WordPieceModel::write_json(std::string& out) const {
  out += "{\n    \"type\": \"WordPiece\",\n    \"unk_token\": ";
  write_json_string(out, unk_token_);
  out += ",\n    \"continuing_subword_prefix\": ";
  write_json_string(out, prefix_);
  out += fmt::format(",\n    \"max_input_chars_per_word\": {},\n    \"vocab\": ", max_chars_);
  write_json_vocabulary(out, surfaces_);
  out += "\n  }";
}

}  // namespace quern
