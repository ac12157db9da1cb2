// SPDX-License-Identifier: MIT
// "model" of a tokenizer.json.
#include <map>

#include "base/error.h"
#include "text/bpe_model.h"
#include "text/byte_level.h"
#include "text/json_scanner.h"
#include "text/tokenizer_state.h"
#include "text/word_level_model.h"

namespace quern {
namespace {

using Fields = std::map<std::string, std::string_view, std::less<>>;

std::string_view field(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view("null") : found->second;
}

std::string string_field(const Fields& fields, std::string_view name, const std::string& where) {
  const std::string_view value = field(fields, name);
  if (value == "null") return {};
  JsonScanner scanner(value, fmt::format("{}: model.{}", where, name));
  std::string out;
  scanner.string(out);
  return out;
}

bool bool_field(const Fields& fields, std::string_view name, const std::string& where) {
  const std::string_view value = field(fields, name);
  if (value != "null" && value != "true" && value != "false") {
    throw Error(ErrorKind::InvalidModel, "{}: model.{} must be true or false", where, name);
  }
  return value == "true";
}

Vocabulary read_vocabulary(const Fields& fields, const std::string& where) {
  const std::string_view value = field(fields, "vocab");
  if (!value.starts_with('{')) {
    throw Error(ErrorKind::InvalidModel, "{}: model.vocab must be an object of tokens and ids", where);
  }
  Vocabulary vocabulary;
  JsonScanner scanner(value, fmt::format("{}: model.vocab", where));
  std::string token;
  for (scanner.begin_object(); scanner.next_key(token);) {
    const int64_t id = scanner.integer();
    if (id < 0 || id > kMaxTokenId)
      scanner.fail(fmt::format("token '{}' has id {}, ids go from 0 to {}", token, id, kMaxTokenId));
    if (!vocabulary.add(static_cast<TokenId>(id), token)) {
      scanner.fail(fmt::format("token '{}' with id {}: the token or the id stands twice", token, id));
    }
  }
  if (vocabulary.count() == 0) throw Error(ErrorKind::InvalidModel, "{}: model.vocab is empty", where);
  return vocabulary;
}

// Merges are ["a", "b"] or, in older files, "a b".
std::vector<BpeMerge> read_merges(const Fields& fields, const Vocabulary& vocabulary, const std::string& where) {
  const std::string_view value = field(fields, "merges");
  if (!value.starts_with('[')) throw Error(ErrorKind::InvalidModel, "{}: model.merges must be a list", where);
  std::vector<BpeMerge> merges;
  JsonScanner scanner(value, fmt::format("{}: model.merges", where));
  std::string left, right, joined;
  const auto id_of = [&](const std::string& token) {
    const TokenId id = vocabulary.find(token);
    if (id < 0)
      scanner.fail(fmt::format("merge {} needs the token '{}', which is not in the vocabulary", merges.size(), token));
    return id;
  };
  for (scanner.begin_array(); scanner.next_element();) {
    if (scanner.peek() == '"') {
      scanner.string(left);
      const size_t space = left.find(' ');
      if (space == std::string::npos || left.find(' ', space + 1) != std::string::npos) {
        scanner.fail("a merge is two tokens with one space between");
      }
      right = left.substr(space + 1);
      left.resize(space);
    } else {
      scanner.expect('[');
      scanner.string(left);
      scanner.expect(',');
      scanner.string(right);
      scanner.expect(']');
    }
    joined = left + right;
    const TokenId left_id = id_of(left), right_id = id_of(right);
    merges.push_back({left_id, right_id, id_of(joined)});
    if (merges.size() >= MergeTable::kNone) scanner.fail("too many merges");
  }
  return merges;
}

std::shared_ptr<const TokenModel> parse_bpe(const Fields& fields, const TokenizerParts& parts,
                                            const std::string& where) {
  const auto unsupported = [&where](std::string_view what) {
    return Error(ErrorKind::Unsupported, "{}: {} is not supported", where, what)
        .hint("byte-level BPE and word-level models are");
  };
  if (bool_field(fields, "byte_fallback", where)) throw unsupported("BPE with byte_fallback (SentencePiece)");
  if (!parts.pre_tokenizer.byte_level) throw unsupported("BPE without the ByteLevel pre-tokenizer");
  for (std::string_view name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!string_field(fields, name, where).empty()) throw unsupported(fmt::format("BPE with {}", name));
  }
  const std::string_view dropout = field(fields, "dropout");
  if (dropout != "null" && dropout.find_first_not_of("0.") != std::string_view::npos)
    throw unsupported("BPE with dropout");

  Vocabulary surfaces = read_vocabulary(fields, where);
  std::vector<BpeMerge> merges = read_merges(fields, surfaces, where);
  Vocabulary bytes;
  std::string raw;
  for (TokenId id = 0; id < surfaces.id_limit(); ++id) {
    if (surfaces.contains(id) && surface_to_bytes(surfaces.text_of(id), raw)) bytes.add(id, raw);
  }
  for (const BpeMerge& merge : merges) {
    for (TokenId id : {merge.left, merge.right, merge.result}) {
      if (!bytes.contains(id) || bytes.text_of(id).empty()) {
        throw Error(ErrorKind::InvalidModel,
                    "{}: model.merges uses '{}', which is not written in the byte-level alphabet", where,
                    surfaces.text_of(id));
      }
    }
  }
  auto model = std::make_shared<BpeModel>(std::move(surfaces), std::move(bytes), std::move(merges),
                                          bool_field(fields, "ignore_merges", where));
  if (!model->has_all_bytes() && !string_field(fields, "unk_token", where).empty()) {
    throw unsupported("byte-level BPE with an unknown token and without all 256 bytes");
  }
  return model;
}

std::shared_ptr<const TokenModel> parse_word_level(const Fields& fields, const TokenizerParts& parts,
                                                   const std::string& where) {
  if (parts.pre_tokenizer.byte_level) {
    throw Error(ErrorKind::Unsupported, "{}: a WordLevel model behind a ByteLevel pre-tokenizer is not supported",
                where);
  }
  return std::make_shared<WordLevelModel>(read_vocabulary(fields, where), string_field(fields, "unk_token", where));
}

}  // namespace

std::shared_ptr<const TokenModel> parse_model(std::string_view json, const TokenizerParts& parts,
                                              const std::string& where) {
  JsonScanner scanner(json, fmt::format("{}: model", where));
  if (scanner.peek() != '{') scanner.fail("expected an object");
  Fields fields;
  std::string key;
  for (scanner.begin_object(); scanner.next_key(key);) {
    if (!fields.emplace(key, scanner.skip_value()).second) scanner.fail(fmt::format("the key '{}' stands twice", key));
  }
  std::string type = string_field(fields, "type", where);
  if (type.empty() && fields.contains("merges")) type = "BPE";  // files from before 2020 do not say
  using Parse = std::shared_ptr<const TokenModel> (*)(const Fields&, const TokenizerParts&, const std::string&);
  static constexpr std::pair<std::string_view, Parse> kModels[] = {{"BPE", parse_bpe}, {"WordLevel", parse_word_level}};
  for (const auto& [name, parse] : kModels) {
    if (name == type) return parse(fields, parts, where);
  }
  if (type == "Unigram" || type == "WordPiece") {
    throw Error(ErrorKind::Unsupported, "{}: tokenizers of type {} are not supported", where, type)
        .hint("byte-level BPE and word-level models are");
  }
  throw Error(ErrorKind::InvalidModel, "{}: model.type '{}' is not a kind of tokenizer", where, type);
}

}  // namespace quern
