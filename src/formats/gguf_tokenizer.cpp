// SPDX-License-Identifier: MIT
#include "formats/gguf_tokenizer.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "text/json_write.h"
#include "text/vocabulary.h"

namespace quern {

namespace {
constexpr std::string_view kSpace = "\u2581";  // SentencePiece's mark of a space
constexpr int64_t kMostTokens = 1 << 21;

// What the metadata says about the tokens, checked to be of one length.
struct TokenList {
  std::vector<std::string_view> texts;
  std::vector<GgufTokenKind> kinds;
  std::vector<double> scores;  // empty when there are none

  TokenList(const GgufMetadata& metadata, const std::string& where) {
    const auto listed = metadata.texts("tokenizer.ggml.tokens");
    if (!listed || listed->empty() || int64_t(listed->size()) > kMostTokens)
      throw Error(ErrorKind::InvalidModel, "{}: the tokenizer has {} tokens", where, listed ? listed->size() : 0);
    texts = *listed;
    kinds.assign(texts.size(), GgufTokenKind::normal);
    if (const auto types = metadata.numbers("tokenizer.ggml.token_type")) {
      require_size(types->size(), "types", where);
      for (size_t i = 0; i < kinds.size(); ++i)
        if ((*types)[i] >= 1 && (*types)[i] <= 6) kinds[i] = GgufTokenKind(int32_t((*types)[i]));
    }
    if (const auto values = metadata.numbers("tokenizer.ggml.scores")) {
      require_size(values->size(), "scores", where);
      scores = *values;
    }
  }

  bool special(size_t i) const { return kinds[i] == GgufTokenKind::control || kinds[i] == GgufTokenKind::unknown; }
  bool added(size_t i) const { return special(i) || kinds[i] == GgufTokenKind::user_defined; }
  // Rows of the embedding that no text leads to.
  bool filler(size_t i) const {
    return kinds[i] == GgufTokenKind::unused && texts[i].starts_with("[PAD") && texts[i] == fmt::format("[PAD{}]", i);
  }
  bool has(int64_t id) const { return id >= 0 && id < int64_t(texts.size()); }

 private:
  void require_size(size_t size, const char* what, const std::string& where) const {
    if (size != texts.size())
      throw Error(ErrorKind::InvalidModel, "{}: the tokenizer has {} tokens and {} {}", where, texts.size(), size,
                  what);
  }
};

std::string json_quoted(std::string_view text) {
  std::string out;
  write_json_string(out, text);
  return out;
}

std::string added_tokens_json(const TokenList& tokens) {
  std::string out = "[";
  for (size_t i = 0; i < tokens.texts.size(); ++i) {
    if (!tokens.added(i) || tokens.texts[i].empty()) continue;
    out += fmt::format(
        "{}{{\"id\":{},\"content\":{},\"single_word\":false,\"lstrip\":{},\"rstrip\":false,\"normalized\":false,"
        "\"special\":{}}}",
        out.size() > 1 ? "," : "", i, json_quoted(tokens.texts[i]), tokens.texts[i] == "<mask>", tokens.special(i));
  }
  return out + "]";
}

void append_number(std::string& out, size_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// The first of several tokens with the same text has it. text_of(i) gives a string or a view of one.
template <typename TextOf>
std::string vocabulary_json(const TokenList& tokens, const TextOf& text_of) {
  Vocabulary seen;
  std::string out = "{";
  for (size_t i = 0; i < tokens.texts.size(); ++i) {
    const auto& text = text_of(i);
    if (tokens.filler(i) || !seen.add(TokenId(i), text)) continue;
    if (out.size() > 1) out += ',';
    write_json_string(out, text);
    out += ':';
    append_number(out, i);
  }
  return out += '}';
}

void append_merge(std::string& out, std::string_view left, std::string_view right) {
  out += out.size() > 1 ? ",[" : "[";
  write_json_string(out, left);
  out += ',';
  write_json_string(out, right);
  out += ']';
}

// SentencePiece merges whichever neighbours make the token with the best score; as a list of merges: every pair of
// tokens that makes a token, by falling score of what it makes.
std::string merges_of_scores(const TokenList& tokens) {
  std::unordered_map<std::string_view, size_t> ids;
  const auto mergeable = [&](size_t i) {
    return tokens.kinds[i] == GgufTokenKind::normal || tokens.kinds[i] == GgufTokenKind::user_defined;
  };
  for (size_t i = 0; i < tokens.texts.size(); ++i)
    if (mergeable(i)) ids.emplace(tokens.texts[i], i);
  struct Merge {
    double score;
    size_t left, right;
  };
  std::vector<Merge> merges;
  for (size_t i = 0; i < tokens.texts.size(); ++i) {
    const std::string_view text = tokens.texts[i];
    if (!mergeable(i) || ids.at(text) != i || text.size() > 128) continue;
    const size_t first = merges.size();
    for (size_t cut = 1; cut < text.size(); ++cut) {
      if ((uint8_t(text[cut]) & 0xc0) == 0x80) continue;  // inside a character
      const auto left = ids.find(text.substr(0, cut)), right = ids.find(text.substr(cut));
      if (left != ids.end() && right != ids.end())
        merges.push_back({tokens.scores.empty() ? -double(i) : tokens.scores[i], left->second, right->second});
    }
    std::sort(merges.begin() + int64_t(first), merges.end(),
              [](const Merge& a, const Merge& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); });
  }
  std::ranges::stable_sort(merges, [](const Merge& a, const Merge& b) { return a.score > b.score; });
  std::string out = "[";
  for (const Merge& m : merges) append_merge(out, tokens.texts[m.left], tokens.texts[m.right]);
  return out += ']';
}

// $A between a begin and an end of text, as far as the file asks for them.
Json template_of(const GgufMetadata& metadata, const TokenList& tokens, bool add_bos, bool add_eos) {
  const auto id_of = [&](const char* key) { return metadata.integer(key).value_or(-1); };
  const int64_t bos = id_of("tokenizer.ggml.bos_token_id"), eos = id_of("tokenizer.ggml.eos_token_id");
  add_bos = metadata.boolean("tokenizer.ggml.add_bos_token").value_or(add_bos) && tokens.has(bos);
  add_eos = metadata.boolean("tokenizer.ggml.add_eos_token").value_or(add_eos) && tokens.has(eos);
  if (!add_bos && !add_eos) return nullptr;
  Json single = Json::array(), pair = Json::array(), used = Json::object();
  const auto special = [&](int64_t id, int type_id) {
    const std::string text(tokens.texts[size_t(id)]);
    used[text] = {{"id", text}, {"ids", {id}}, {"tokens", {text}}};
    return Json{{"SpecialToken", {{"id", text}, {"type_id", type_id}}}};
  };
  for (const int type_id : {0, 1}) {
    const Json text = {{"Sequence", {{"id", type_id == 0 ? "A" : "B"}, {"type_id", type_id}}}};
    if (add_bos) pair.push_back(special(bos, type_id));
    pair.push_back(text);
    if (add_eos) pair.push_back(special(eos, type_id));
    if (type_id == 0) single = pair;
  }
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", used}};
}

std::string assembled(const TokenList& tokens, const Json& normalizer, const Json& pre_tokenizer, const Json& post,
                      const Json& decoder, const std::string& model) {
  return fmt::format(
      "{{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":{},\"normalizer\":{},"
      "\"pre_tokenizer\":{},\"post_processor\":{},\"decoder\":{},\"model\":{}}}\n",
      added_tokens_json(tokens), to_line(normalizer), to_line(pre_tokenizer), to_line(post), to_line(decoder), model);
}

Json replaced(std::string_view from, std::string_view to) {
  return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

std::string byte_level_bpe(const GgufMetadata& metadata, const TokenList& tokens, const std::string& where) {
  const std::string pre = metadata.text("tokenizer.ggml.pre").value_or("");
  const auto& table = gguf_pre_tokenizers();
  const auto found = std::ranges::find_if(
      table, [&](const GgufPreTokenizer& p) { return std::ranges::find(p.names, pre) != p.names.end(); });
  if (found == table.end())
    throw Error(ErrorKind::Unsupported, "{}: the pre-tokenizer '{}' is not known", where, pre.substr(0, 40))
        .hint("convert the model from its Hugging Face folder, which has a tokenizer.json");
  const auto merges = metadata.texts("tokenizer.ggml.merges");
  if (!merges) throw Error(ErrorKind::InvalidModel, "{}: the tokenizer has no merges", where);
  std::string list = "[";
  for (const std::string_view merge : *merges) {
    const size_t space = merge.find(' ', 1);  // a token may be a space itself, at the front
    if (space == std::string_view::npos)
      throw Error(ErrorKind::InvalidModel, "{}: the merge '{}' is not two tokens with a space between", where,
                  merge.substr(0, 40));
    append_merge(list, merge.substr(0, space), merge.substr(space + 1));
  }
  const std::string model = fmt::format(
      "{{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":null,"
      "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":{},\"vocab\":{},"
      "\"merges\":{}]}}",
      found->ignore_merges, vocabulary_json(tokens, [&](size_t i) { return tokens.texts[i]; }), list);
  const Json decoder = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
  return assembled(tokens, found->nfc ? Json{{"type", "NFC"}} : Json(nullptr), found->steps,
                   template_of(metadata, tokens, found->add_bos, false), decoder, model);
}

std::string sentencepiece_bpe(const GgufMetadata& metadata, const TokenList& tokens) {
  const bool prefix = metadata.boolean("tokenizer.ggml.add_space_prefix").value_or(true);
  const auto unknown = std::ranges::find(tokens.kinds, GgufTokenKind::unknown);
  const Json unk = unknown == tokens.kinds.end()
                       ? Json(nullptr)
                       : Json(std::string(tokens.texts[size_t(unknown - tokens.kinds.begin())]));
  const std::string model = fmt::format(
      "{{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":{},\"continuing_subword_prefix\":null,"
      "\"end_of_word_suffix\":null,\"fuse_unk\":true,\"byte_fallback\":true,\"ignore_merges\":false,\"vocab\":{},"
      "\"merges\":{}}}",
      to_line(unk), vocabulary_json(tokens, [&](size_t i) { return tokens.texts[i]; }), merges_of_scores(tokens));
  Json normalizer = replaced(" ", kSpace);
  Json decoders = {replaced(kSpace, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
  if (prefix) {
    normalizer = {{"type", "Sequence"},
                  {"normalizers", {{{"type", "Prepend"}, {"prepend", kSpace}}, replaced(" ", kSpace)}}};
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return assembled(tokens, normalizer, nullptr, template_of(metadata, tokens, true, false),
                   {{"type", "Sequence"}, {"decoders", decoders}}, model);
}

// GGUF writes beginnings of words with SentencePiece's mark and continuations bare; BERT's own vocabulary has
// beginnings bare and continuations with ##.
std::string word_piece(const GgufMetadata& metadata, const TokenList& tokens, const std::string& where) {
  const auto text_of = [&](size_t i) {
    const std::string_view text = tokens.texts[i];
    if (tokens.added(i) || (text.starts_with('[') && text.ends_with(']'))) return std::string(text);
    if (text.starts_with(kSpace)) return std::string(text.substr(kSpace.size()));
    return "##" + std::string(text);
  };
  bool cased = false;
  for (size_t i = 0; i < tokens.texts.size(); ++i)
    if (!text_of(i).starts_with('['))
      cased = cased || std::ranges::any_of(tokens.texts[i], [](char c) { return c >= 'A' && c <= 'Z'; });
  const auto id_of = [&](const char* key, std::string_view text) -> int64_t {
    if (const auto id = metadata.integer(key); id && tokens.has(*id)) return *id;
    const auto it = std::ranges::find(tokens.texts, text);
    if (it == tokens.texts.end())
      throw Error(ErrorKind::InvalidModel, "{}: the tokenizer has no token {}", where, text);
    return it - tokens.texts.begin();
  };
  const int64_t unk = id_of("tokenizer.ggml.unknown_token_id", "[UNK]"),
                cls = id_of("tokenizer.ggml.cls_token_id", "[CLS]"),
                sep = id_of("tokenizer.ggml.seperator_token_id", "[SEP]");
  const auto entry = [&](int64_t id) { return Json{std::string(tokens.texts[size_t(id)]), id}; };
  const std::string model = fmt::format(
      "{{\"type\":\"WordPiece\",\"unk_token\":{},\"continuing_subword_prefix\":\"##\","
      "\"max_input_chars_per_word\":100,\"vocab\":{}}}",
      json_quoted(tokens.texts[size_t(unk)]), vocabulary_json(tokens, text_of));
  return assembled(tokens,
                   {{"type", "BertNormalizer"},
                    {"clean_text", true},
                    {"handle_chinese_chars", true},
                    {"strip_accents", nullptr},
                    {"lowercase", !cased}},
                   {{"type", "BertPreTokenizer"}},
                   {{"type", "BertProcessing"}, {"sep", entry(sep)}, {"cls", entry(cls)}},
                   {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}, model);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k) word = word << 8 | (k < n ? uint8_t(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string unigram(const GgufMetadata& metadata, const TokenList& tokens, const std::string& where) {
  if (tokens.scores.empty()) throw Error(ErrorKind::InvalidModel, "{}: the tokenizer has no scores", where);
  const auto unknown = std::ranges::find(tokens.kinds, GgufTokenKind::unknown);
  std::string vocab = "[";
  for (size_t i = 0; i < tokens.texts.size(); ++i)
    vocab += fmt::format("{}[{},{}]", i > 0 ? "," : "", json_quoted(tokens.texts[i]), float(tokens.scores[i]));
  const std::string model = fmt::format(
      "{{\"type\":\"Unigram\",\"unk_id\":{},\"byte_fallback\":false,\"vocab\":{}]}}",
      unknown == tokens.kinds.end() ? std::string("null") : std::to_string(unknown - tokens.kinds.begin()), vocab);
  std::vector<Json> steps;
  if (const GgufValue* map = metadata.find("tokenizer.ggml.precompiled_charsmap"); map && !map->bytes.empty())
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", base64(map->bytes)}});
  if (metadata.boolean("tokenizer.ggml.remove_extra_whitespaces").value_or(true))
    steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}});
  const bool prefix = metadata.boolean("tokenizer.ggml.add_space_prefix").value_or(true);
  const Json metaspace = {
      {"type", "Metaspace"}, {"replacement", kSpace}, {"prepend_scheme", prefix ? "always" : "never"}, {"split", true}};
  return assembled(tokens, {{"type", "Sequence"}, {"normalizers", steps}}, metaspace,
                   template_of(metadata, tokens, false, true), metaspace, model);
}
}  // namespace

std::string tokenizer_json_of_gguf(const GgufMetadata& metadata, const std::string& where) {
  if (const auto carried = metadata.text("tokenizer.huggingface.json")) return *carried;
  const std::string kind = metadata.text("tokenizer.ggml.model").value_or("no_vocab");
  if (kind == "no_vocab" || kind == "none") return {};
  const TokenList tokens(metadata, where);
  if (kind == "gpt2") return byte_level_bpe(metadata, tokens, where);
  if (kind == "llama") return sentencepiece_bpe(metadata, tokens);
  if (kind == "bert") return word_piece(metadata, tokens, where);
  if (kind == "t5") return unigram(metadata, tokens, where);
  throw Error(ErrorKind::Unsupported, "{}: tokenizers of kind '{}' are not known", where, kind.substr(0, 40))
      .hint("known are gpt2, llama, bert and t5");
}

Json tokenizer_config_of_gguf(const GgufMetadata& metadata) {
  Json out = Json::object();
  const auto listed = metadata.texts("tokenizer.ggml.tokens");
  for (const auto& [name, key] : {std::pair("bos_token", "bos"), std::pair("eos_token", "eos"),
                                  std::pair("unk_token", "unknown"), std::pair("pad_token", "padding")})
    if (const auto id = metadata.integer(fmt::format("tokenizer.ggml.{}_token_id", key));
        id && listed && *id >= 0 && *id < int64_t(listed->size()))
      out[name] = std::string((*listed)[size_t(*id)]);
  for (const char* key : {"add_bos_token", "add_eos_token"})
    if (const auto flag = metadata.boolean(std::string("tokenizer.ggml.") + key)) out[key] = *flag;
  const auto plain = metadata.text("tokenizer.chat_template");
  if (const auto names = metadata.texts("tokenizer.chat_templates"); names && !names->empty()) {
    Json templates = Json::array();
    if (plain) templates.push_back({{"name", "default"}, {"template", *plain}});
    for (const std::string_view name : *names)
      if (const auto text = metadata.text("tokenizer.chat_template." + std::string(name)))
        templates.push_back({{"name", std::string(name)}, {"template", *text}});
    out["chat_template"] = std::move(templates);
  } else if (plain) {
    out["chat_template"] = *plain;
  }
  return out;
}

Json generation_config_of_gguf(const GgufMetadata& metadata) {
  Json out = Json::object(), ends = Json::array();
  if (const auto bos = metadata.integer("tokenizer.ggml.bos_token_id")) out["bos_token_id"] = *bos;
  for (const char* key : {"eos", "eot", "eom"})
    if (const auto id = metadata.integer(fmt::format("tokenizer.ggml.{}_token_id", key));
        id && std::ranges::find(ends, Json(*id)) == ends.end())
      ends.push_back(*id);
  if (ends.size() == 1) out["eos_token_id"] = ends[0];
  if (ends.size() > 1) out["eos_token_id"] = ends;
  return out;
}

}  // namespace quern
