// SPDX-License-Identifier: MIT
#include "text/word_level_model.h"

#include "base/error.h"
#include "text/json_write.h"
#include "text/unicode.h"

namespace quern {

WordLevelModel::WordLevelModel(Vocabulary surfaces, std::string unk_token, std::vector<TokenId> hidden)
    : surfaces_(std::move(surfaces)),
      hidden_(std::move(hidden)),
      unk_token_(std::move(unk_token)),
      unk_id_(surfaces_.find(unk_token_)),
      char_ids_(single_characters(surfaces_)) {
  for (TokenId& id : char_ids_) id = is_hidden(hidden_, id) ? -1 : id;
}

TokenId WordLevelModel::id_of(std::string_view word) const {
  const TokenId id = surfaces_.find(word);
  if (id >= 0 && !is_hidden(hidden_, id)) return id;
  if (unk_id_ < 0) {
    throw Error(ErrorKind::InvalidData, "'{}' is not in the vocabulary, and the tokenizer has no unknown token", word)
        .hint("train the tokenizer on text that has it, or with an unknown token");
  }
  return unk_id_;
}

void WordLevelModel::tokenize(std::string_view word, EncodeScratch&, std::vector<ModelToken>& out) const {
  out.push_back({id_of(word), 0, word.size()});
}

void WordLevelModel::encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch&,
                            IdSink& out) const {
  auto word = [&](const char* begin, const char* end) {
    const CodePoint c = decode_utf8(begin);
    const bool single = begin + c.length == end;
    TokenId id = single && c.value < char_ids_.size() ? char_ids_[c.value] : -1;
    if (id < 0) id = id_of({begin, static_cast<size_t>(end - begin)});
    out.push(id);
  };
  pre.run(first_stage, pre.stages.size(), text, word);
}

std::shared_ptr<const TokenModel> WordLevelModel::hiding(const std::vector<TokenId>& ids) const {
  return ids == hidden_ ? nullptr : std::make_shared<WordLevelModel>(surfaces_, unk_token_, ids);
}

void WordLevelModel::write_json(std::string& out) const {
  out += "{\n    \"type\": \"WordLevel\",\n    \"vocab\": ";
  write_json_vocabulary(out, surfaces_);
  out += ",\n    \"unk_token\": ";
  write_json_string(out, unk_token_);
  out += "\n  }";
}

}  // namespace quern
