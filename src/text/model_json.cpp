// SPDX-License-Identifier: MIT
// "model" of a tokenizer.json.
#include <map>

#include "base/error.h"
#include "text/bpe_model.h"
#include "text/byte_level.h"
#include "text/char_bpe_model.h"
#include "text/json_scanner.h"
#include "text/tokenizer_state.h"
#include "text/unigram_model.h"
#include "text/word_level_model.h"
#include "text/word_piece_model.h"

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
std::vector<BpeMerge> read_merges(const Fields& fields, const Vocabulary& vocabulary, const std::string& prefix,
                                  const std::string& where) {
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
    // A continuation loses its prefix in what it is joined to.
    joined = left + (right.size() >= prefix.size() ? right.substr(prefix.size()) : right);
    const TokenId left_id = id_of(left), right_id = id_of(right);
    merges.push_back({left_id, right_id, id_of(joined)});
    if (merges.size() >= MergeTable::kNone) scanner.fail("too many merges");
  }
  return merges;
}

// The bytes of each token, when the byte-level alphabet writes all that the merges need.
std::optional<Vocabulary> byte_level_tokens(const Vocabulary& surfaces, const std::vector<BpeMerge>& merges) {
  Vocabulary bytes;
  std::string raw;
  for (TokenId id = 0; id < surfaces.id_limit(); ++id) {
    if (surfaces.contains(id) && surface_to_bytes(surfaces.text_of(id), raw)) bytes.add(id, raw);
  }
  for (const BpeMerge& merge : merges) {
    for (TokenId id : {merge.left, merge.right, merge.result}) {
      if (!bytes.contains(id) || bytes.text_of(id).empty()) return std::nullopt;
    }
  }
  return bytes;
}

bool has_every_byte(const Vocabulary& bytes) {
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    if (bytes.find({&byte, 1}) < 0) return false;
  }
  return true;
}

std::shared_ptr<const TokenModel> parse_bpe(const Fields& fields, TokenizerParts& parts, const std::string& where) {
  const std::string_view dropout = field(fields, "dropout");
  if (dropout != "null" && dropout.find_first_not_of("0.") != std::string_view::npos) {
    throw Error(ErrorKind::Unsupported, "{}: BPE with dropout is not supported", where)
        .hint("dropout is for training; write null there");
  }
  CharBpeOptions options{.unk_token = string_field(fields, "unk_token", where),
                         .fuse_unk = bool_field(fields, "fuse_unk", where),
                         .byte_fallback = bool_field(fields, "byte_fallback", where),
                         .prefix = string_field(fields, "continuing_subword_prefix", where),
                         .suffix = string_field(fields, "end_of_word_suffix", where),
                         .ignore_merges = bool_field(fields, "ignore_merges", where)};
  Vocabulary surfaces = read_vocabulary(fields, where);
  std::vector<BpeMerge> merges = read_merges(fields, surfaces, options.prefix, where);
  const bool plain = !options.byte_fallback && options.prefix.empty() && options.suffix.empty();
  if (parts.pre_tokenizer.byte_level && plain) {
    std::optional<Vocabulary> bytes = byte_level_tokens(surfaces, merges);
    if (bytes && (options.unk_token.empty() || has_every_byte(*bytes))) {
      return std::make_shared<BpeModel>(std::move(surfaces), std::move(*bytes), std::move(merges),
                                        options.ignore_merges);
    }
  }
  parts.pre_tokenizer.spell_out_bytes();
  return std::make_shared<CharBpeModel>(std::move(surfaces), std::move(merges), std::move(options));
}

std::shared_ptr<const TokenModel> parse_unigram(const Fields& fields, TokenizerParts& parts, const std::string& where) {
  constexpr size_t kLongestToken = 4096;  // bytes; encoding takes this many steps a byte at worst
  const std::string_view value = field(fields, "vocab");
  JsonScanner scanner(value, fmt::format("{}: model.vocab", where));
  if (scanner.peek() != '[') scanner.fail("must be a list of tokens with scores");
  Vocabulary surfaces;
  std::vector<double> scores;
  std::string token;
  for (scanner.begin_array(); scanner.next_element();) {
    scanner.expect('[');
    scanner.string(token);
    scanner.expect(',');
    scores.push_back(scanner.number());
    scanner.expect(']');
    if (scores.size() > kMaxTokenId) scanner.fail("too many tokens");
    if (token.size() > kLongestToken) scanner.fail(fmt::format("a token of {} bytes", token.size()));
    if (!surfaces.add(static_cast<TokenId>(scores.size() - 1), token))
      scanner.fail(fmt::format("the token '{}' stands twice", token));
  }
  if (scores.empty()) throw Error(ErrorKind::InvalidModel, "{}: model.vocab is empty", where);
  TokenId unk_id = -1;
  if (const std::string_view unk = field(fields, "unk_id"); unk != "null") {
    const int64_t id = JsonScanner(unk, fmt::format("{}: model.unk_id", where)).integer();
    if (id < 0 || id >= static_cast<int64_t>(scores.size())) {
      throw Error(ErrorKind::InvalidModel, "{}: model.unk_id is {}, but there are {} tokens", where, id, scores.size());
    }
    unk_id = static_cast<TokenId>(id);
  }
  parts.pre_tokenizer.spell_out_bytes();
  return std::make_shared<UnigramModel>(std::move(surfaces), std::move(scores), unk_id,
                                        bool_field(fields, "byte_fallback", where));
}

std::shared_ptr<const TokenModel> parse_word_piece(const Fields& fields, TokenizerParts& parts,
                                                   const std::string& where) {
  const auto text_or = [&](std::string_view name, const char* fallback) {
    return field(fields, name) == "null" ? std::string(fallback) : string_field(fields, name, where);
  };
  int64_t max_chars = 100;
  if (const std::string_view most = field(fields, "max_input_chars_per_word"); most != "null")
    max_chars = JsonScanner(most, fmt::format("{}: model.max_input_chars_per_word", where)).integer();
  parts.pre_tokenizer.spell_out_bytes();
  return std::make_shared<WordPieceModel>(read_vocabulary(fields, where), text_or("unk_token", "[UNK]"),
                                          text_or("continuing_subword_prefix", "##"), max_chars);
}

std::shared_ptr<const TokenModel> parse_word_level(const Fields& fields, TokenizerParts& parts,
                                                   const std::string& where) {
  parts.pre_tokenizer.spell_out_bytes();
  return std::make_shared<WordLevelModel>(read_vocabulary(fields, where), string_field(fields, "unk_token", where));
}

}  // namespace

std::shared_ptr<const TokenModel> parse_model(std::string_view json, TokenizerParts& parts, const std::string& where) {
  JsonScanner scanner(json, fmt::format("{}: model", where));
  if (scanner.peek() != '{') scanner.fail("expected an object");
  Fields fields;
  std::string key;
  for (scanner.begin_object(); scanner.next_key(key);) {
    if (!fields.emplace(key, scanner.skip_value()).second) scanner.fail(fmt::format("the key '{}' stands twice", key));
  }
  std::string type = string_field(fields, "type", where);
  if (type.empty()) {  // files from before 2020 do not say
    if (fields.contains("merges")) type = "BPE";
    if (fields.contains("unk_id")) type = "Unigram";
    if (fields.contains("max_input_chars_per_word")) type = "WordPiece";
  }
  using Parse = std::shared_ptr<const TokenModel> (*)(const Fields&, TokenizerParts&, const std::string&);
  static constexpr std::pair<std::string_view, Parse> kModels[] = {
      {"BPE", parse_bpe}, {"Unigram", parse_unigram}, {"WordPiece", parse_word_piece}, {"WordLevel", parse_word_level}};
  for (const auto& [name, parse] : kModels) {
    if (name == type) return parse(fields, parts, where);
  }
  throw Error(ErrorKind::InvalidModel, "{}: model.type '{}' is not a kind of tokenizer", where, type);
}

}  // namespace quern
