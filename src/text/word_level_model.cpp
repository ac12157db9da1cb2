// SPDX-License-Identifier: MIT
#include "text/word_level_model.h"

#include "base/error.h"
#include "text/json_write.h"
#include "text/unicode.h"

namespace quern {

WordLevelModel::WordLevelModel(Vocabulary surfaces, std::string unk_token)
    : surfaces_(std::move(surfaces)), unk_token_(std::move(unk_token)), unk_id_(surfaces_.find(unk_token_)) {
  for (TokenId id = 0; id < surfaces_.id_limit(); ++id) {
    if (!surfaces_.contains(id) || surfaces_.text_of(id).empty()) continue;
    const CodePoint c = decode_utf8(surfaces_.text_of(id).data());
    if (static_cast<size_t>(c.length) != surfaces_.text_of(id).size()) continue;
    if (c.value >= char_ids_.size()) char_ids_.resize(c.value + 1, -1);
    char_ids_[c.value] = id;
  }
}

TokenId WordLevelModel::id_of(std::string_view word) const {
  const TokenId id = surfaces_.find(word);
  if (id >= 0) return id;
  if (unk_id_ < 0) {
    throw Error(ErrorKind::InvalidData, "'{}' is not in the vocabulary, and the tokenizer has no unknown token", word)
        .hint("train the tokenizer on text that has it, or with an unknown token");
  }
  return unk_id_;
}

void WordLevelModel::tokenize(std::string_view word, EncodeScratch&, std::vector<ModelToken>& out) const {
  out.push_back({id_of(word), word.size()});
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

void WordLevelModel::write_json(std::string& out) const {
  out += "{\n    \"type\": \"WordLevel\",\n    \"vocab\": ";
  write_json_vocabulary(out, surfaces_);
  out += ",\n    \"unk_token\": ";
  write_json_string(out, unk_token_);
  out += "\n  }";
}

}  // namespace quern
