// SPDX-License-Identifier: MIT
// A tokenizer.json as GGUF metadata.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "formats/gguf_tokenizer.h"
#include "text/tokenizer.h"

namespace quern {

namespace {
using Tree = nlohmann::json;  // keys in a tree: a vocabulary in an ordered Json would need quadratic time

constexpr std::string_view kWordStart = "\u2581";

struct WrittenTokens {
  std::vector<std::string> texts;
  std::vector<int32_t> kinds;
  std::vector<float> scores;  // only of SentencePiece's kinds

  explicit WrittenTokens(int64_t V) : texts(size_t(V)), kinds(size_t(V), int32_t(GgufTokenKind::unused)) {
    for (size_t i = 0; i < texts.size(); ++i) texts[i] = fmt::format("[PAD{}]", i);
  }

  void put(int64_t id, std::string text, GgufTokenKind kind) {
    if (id < 0 || id >= int64_t(texts.size()))
      throw Error(ErrorKind::InvalidModel, "tokenizer.json: token '{}' has id {}, the model's embedding {} rows", text,
                  id, texts.size())
          .hint("config.json and tokenizer.json may belong to different models");
    texts[size_t(id)] = std::move(text);
    kinds[size_t(id)] = int32_t(kind);
  }
};

void put_vocabulary(const Tree& model, WrittenTokens& tokens) {
  const Tree& vocab = model.at("vocab");
  if (vocab.is_array()) {
    for (size_t id = 0; id < vocab.size(); ++id)
      tokens.put(int64_t(id), vocab[id].at(0).get<std::string>(), GgufTokenKind::normal);
  } else {
    for (const auto& [text, id] : vocab.items()) tokens.put(id.get<int64_t>(), text, GgufTokenKind::normal);
  }
}

void put_added(const Tree& whole, WrittenTokens& tokens) {
  if (!whole.contains("added_tokens") || !whole["added_tokens"].is_array()) return;
  for (const Tree& added : whole["added_tokens"])
    tokens.put(added.at("id").get<int64_t>(), added.at("content").get<std::string>(),
               added.value("special", false) ? GgufTokenKind::control : GgufTokenKind::user_defined);
}

bool mentions(const Tree& json, std::string_view type) {
  return json.dump().find("\"" + std::string(type) + "\"") != std::string::npos;
}

// The steps of a pre-tokenizer without what does not change its cuts.
std::string essence(const Tree& step) {
  if (!step.is_object()) return "";
  const std::string type = step.value("type", "");
  if (type == "Sequence") {
    std::string out;
    for (const Tree& s : step.value("pretokenizers", Tree::array())) out += essence(s);
    return out;
  }
  if (type == "ByteLevel")
    return fmt::format("ByteLevel {} {};", step.value("use_regex", true), step.value("add_prefix_space", true));
  if (type == "Split") return fmt::format("Split {} {};", step.at("pattern").dump(), step.value("behavior", ""));
  return step.dump() + ";";
}

void add_byte_level(const Tree& whole, GgufMetadata& out, std::vector<std::string>& warnings) {
  const Tree& model = whole.at("model");
  const std::string cuts = essence(whole.value("pre_tokenizer", Tree()));
  const bool ignore_merges = model.value("ignore_merges", false);
  const GgufPreTokenizer* best = nullptr;
  for (const GgufPreTokenizer& p : gguf_pre_tokenizers()) {
    if (essence(Tree::parse(p.steps.dump())) != cuts) continue;
    const bool nfc = mentions(whole.value("normalizer", Tree()), "NFC");
    if (!best || (p.ignore_merges == ignore_merges && p.nfc == nfc)) best = &p;
  }
  if (!best)
    warnings.push_back("GGUF has no name for the way this tokenizer cuts words: other programs will get other ids");
  out.set("tokenizer.ggml.model", GgufValue::text("gpt2"));
  out.set("tokenizer.ggml.pre", GgufValue::text(best ? best->names.front() : "default"));
  std::vector<std::string> merges;
  for (const Tree& m : model.at("merges"))
    merges.push_back(m.is_string() ? m.get<std::string>()
                                   : m.at(0).get<std::string>() + " " + m.at(1).get<std::string>());
  out.set("tokenizer.ggml.merges", GgufValue::texts(merges));
}

// SentencePiece merges by score; the place of a token's first merge in the list says the same.
void add_sentencepiece_bpe(const Tree& whole, WrittenTokens& tokens, GgufMetadata& out) {
  const Tree& model = whole.at("model");
  out.set("tokenizer.ggml.model", GgufValue::text("llama"));
  out.set("tokenizer.ggml.pre", GgufValue::text("default"));
  std::map<std::string, int64_t> rank;
  int64_t next = 0;
  for (const Tree& m : model.at("merges")) {
    std::string joined;
    if (m.is_string()) {
      joined = m.get<std::string>();
      std::erase(joined, ' ');
    } else {
      joined = m.at(0).get<std::string>() + m.at(1).get<std::string>();
    }
    if (rank.emplace(std::move(joined), next).second) ++next;
  }
  tokens.scores.assign(tokens.texts.size(), 0.0f);
  for (size_t i = 0; i < tokens.texts.size(); ++i) {
    const std::string& text = tokens.texts[i];
    if (const auto it = rank.find(text); it != rank.end())
      tokens.scores[i] = -float(it->second);
    else if (tokens.kinds[i] == int32_t(GgufTokenKind::normal))
      tokens.scores[i] = -float(next) - 1;
    if (text.size() == 6 && text.starts_with("<0x") && text.ends_with('>'))
      tokens.kinds[i] = int32_t(GgufTokenKind::byte);
    if (model.contains("unk_token") && model["unk_token"] == text) tokens.kinds[i] = int32_t(GgufTokenKind::unknown);
  }
  const std::string before = whole.value("normalizer", Tree()).dump() + whole.value("pre_tokenizer", Tree()).dump();
  const bool prefix =
      before.find("\"Prepend\"") != std::string::npos ||
      (before.find("\"Metaspace\"") != std::string::npos && before.find("\"never\"") == std::string::npos);
  out.set("tokenizer.ggml.add_space_prefix", GgufValue::boolean(prefix));
}

std::string from_base64(std::string_view text) {
  std::string out;
  uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) continue;
    word = word << 6 | uint32_t(value);
    if ((bits += 6) >= 8) out += char(word >> (bits -= 8) & 0xff);
  }
  return out;
}

void add_unigram(const Tree& whole, WrittenTokens& tokens, GgufMetadata& out) {
  const Tree& model = whole.at("model");
  out.set("tokenizer.ggml.model", GgufValue::text("t5"));
  out.set("tokenizer.ggml.pre", GgufValue::text("default"));
  tokens.scores.assign(tokens.texts.size(), 0.0f);
  const Tree& vocab = model.at("vocab");
  for (size_t i = 0; i < vocab.size(); ++i) tokens.scores[i] = vocab[i].at(1).get<float>();
  if (model.contains("unk_id") && model["unk_id"].is_number_unsigned() &&
      model["unk_id"].get<size_t>() < tokens.kinds.size())
    tokens.kinds[model["unk_id"].get<size_t>()] = int32_t(GgufTokenKind::unknown);
  const Tree normalizer = whole.value("normalizer", Tree());
  std::vector<Tree> steps;
  if (normalizer.is_object())
    for (const Tree& s : normalizer.contains("normalizers") ? normalizer["normalizers"] : Tree::array({normalizer}))
      steps.push_back(s);
  for (const Tree& s : steps)
    if (s.value("type", "") == "Precompiled" && s.contains("precompiled_charsmap")) {
      const std::string map = from_base64(s["precompiled_charsmap"].get<std::string>());
      out.set("tokenizer.ggml.precompiled_charsmap",
              {.type = GgufType::array, .element = GgufType::u8, .count = map.size(), .bytes = map});
    }
  const std::string pre = whole.value("pre_tokenizer", Tree()).dump();
  out.set("tokenizer.ggml.remove_extra_whitespaces",
          GgufValue::boolean(normalizer.dump().find(" {2,}") != std::string::npos));
  out.set("tokenizer.ggml.add_space_prefix", GgufValue::boolean(pre.find("\"never\"") == std::string::npos));
}

void add_word_piece(WrittenTokens& tokens, GgufMetadata& out) {
  out.set("tokenizer.ggml.model", GgufValue::text("bert"));
  out.set("tokenizer.ggml.pre", GgufValue::text("default"));
  for (size_t i = 0; i < tokens.texts.size(); ++i) {
    std::string& text = tokens.texts[i];
    if (tokens.kinds[i] != int32_t(GgufTokenKind::normal) || (text.starts_with('[') && text.ends_with(']'))) continue;
    text = text.starts_with("##") ? text.substr(2) : std::string(kWordStart) + text;
  }
}

std::string content_of(const Json& config, const char* key) {
  if (!config.is_object() || !config.contains(key)) return {};
  const Json& v = config[key];
  if (v.is_string()) return v.get<std::string>();
  return v.is_object() && v.contains("content") && v["content"].is_string() ? v["content"].get<std::string>() : "";
}

std::vector<int64_t> ids_in(const Json& config, const char* key) {
  std::vector<int64_t> out;
  if (!config.is_object() || !config.contains(key)) return out;
  const Json list = config[key].is_array() ? config[key] : Json::array({config[key]});
  for (const Json& id : list)
    if (id.is_number_integer() && id.get<int64_t>() >= 0 && id.get<int64_t>() < (int64_t{1} << 31))
      out.push_back(id.get<int64_t>());
  return out;
}

void add_special_ids(const TokenizerFiles& files, const Tokenizer& tokenizer, GgufMetadata& out) {
  const auto put = [&](const char* key, int64_t id) {
    out.set(fmt::format("tokenizer.ggml.{}_token_id", key), GgufValue::u32(uint32_t(id)));
  };
  int64_t bos = -1, eos = -1;
  for (const auto& [name, id_name, key] :
       {std::tuple("bos_token", "bos_token_id", "bos"), std::tuple("eos_token", "eos_token_id", "eos"),
        std::tuple("unk_token", "unk_token_id", "unknown"), std::tuple("pad_token", "pad_token_id", "padding"),
        std::tuple("sep_token", "sep_token_id", "seperator"), std::tuple("cls_token", "cls_token_id", "cls"),
        std::tuple("mask_token", "mask_token_id", "mask")}) {
    int64_t id = -1;
    if (const std::string text = content_of(files.tokenizer_config, name); !text.empty() && tokenizer.valid())
      id = tokenizer.token_to_id(text).value_or(-1);
    for (const Json* from : {&files.generation_config, &files.config})
      if (const auto ids = ids_in(*from, id_name); id < 0 && !ids.empty()) id = ids[0];
    if (id < 0) continue;
    put(key, id);
    if (std::string_view(key) == "bos") bos = id;
    if (std::string_view(key) == "eos") eos = id;
  }
  for (const int64_t id : ids_in(files.generation_config, "eos_token_id"))
    if (id != eos && !out.find("tokenizer.ggml.eot_token_id")) put("eot", id);
  if (!tokenizer.valid()) return;
  const std::vector<TokenId> with = tokenizer.encode("a"), without = tokenizer.encode("a", {.add_special = false});
  const bool more = with.size() > without.size();
  out.set("tokenizer.ggml.add_bos_token", GgufValue::boolean(more && with.front() == bos));
  out.set("tokenizer.ggml.add_eos_token", GgufValue::boolean(more && with.back() == eos));
}

void add_chat_templates(const Json& tokenizer_config, GgufMetadata& out) {
  if (!tokenizer_config.is_object() || !tokenizer_config.contains("chat_template")) return;
  const Json& templates = tokenizer_config["chat_template"];
  if (templates.is_string()) out.set("tokenizer.chat_template", GgufValue::text(templates.get<std::string>()));
  if (!templates.is_array()) return;
  std::vector<std::string> names;
  for (const Json& t : templates) {
    const std::string name = content_of(t, "name"), text = content_of(t, "template");
    if (name.empty()) continue;
    out.set(name == "default" ? "tokenizer.chat_template" : "tokenizer.chat_template." + name, GgufValue::text(text));
    if (name != "default") names.push_back(name);
  }
  if (!names.empty()) out.set("tokenizer.chat_templates", GgufValue::texts(names));
}
}  // namespace

void add_tokenizer_keys(const TokenizerFiles& files, int64_t V, GgufMetadata& out, std::vector<std::string>& warnings) {
  if (files.tokenizer_json.empty()) {
    out.set("tokenizer.ggml.model", GgufValue::text("no_vocab"));
    add_special_ids(files, {}, out);
    return;
  }
  const Tokenizer tokenizer = Tokenizer::from_json(files.tokenizer_json, "tokenizer.json");  // and checks it
  const Tree whole = Tree::parse(files.tokenizer_json);
  const Tree& model = whole.at("model");
  // Older files leave the type out; a vocabulary with merges is BPE.
  const std::string type = model.value("type", std::string(model.contains("merges") ? "BPE" : ""));
  WrittenTokens tokens(V);
  put_vocabulary(model, tokens);
  put_added(whole, tokens);
  const bool byte_level = mentions(whole.value("pre_tokenizer", Tree()), "ByteLevel") ||
                          mentions(whole.value("decoder", Tree()), "ByteLevel");
  if (type == "BPE" && byte_level) {
    add_byte_level(whole, out, warnings);
  } else if (type == "BPE" && model.value("byte_fallback", false)) {
    add_sentencepiece_bpe(whole, tokens, out);
  } else if (type == "Unigram") {
    add_unigram(whole, tokens, out);
  } else if (type == "WordPiece") {
    add_word_piece(tokens, out);
  } else {
    warnings.push_back(
        fmt::format("GGUF has no tokenizers of type {}: other programs can't read text with this model", type));
    out.set("tokenizer.ggml.model", GgufValue::text("no_vocab"));
  }
  if (*out.text("tokenizer.ggml.model") != "no_vocab") {
    out.set("tokenizer.ggml.tokens", GgufValue::texts(tokens.texts));
    if (!tokens.scores.empty()) out.set("tokenizer.ggml.scores", GgufValue::f32s(tokens.scores));
    out.set("tokenizer.ggml.token_type", GgufValue::i32s(tokens.kinds));
  }
  add_special_ids(files, tokenizer, out);
  add_chat_templates(files.tokenizer_config, out);
  out.set("tokenizer.huggingface.json", GgufValue::text(files.tokenizer_json));
}

}  // namespace quern
