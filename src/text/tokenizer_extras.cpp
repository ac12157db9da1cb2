// SPDX-License-Identifier: MIT
#include "text/tokenizer_extras.h"

#include <charconv>

#include "base/files.h"
#include "text/json_node.h"

namespace quern {
namespace {

std::string token_text(const JsonNode& node) {  // "</s>" or {"content": "</s>", ..}
  if (node.is_null()) return "";
  return node.has("content") ? node.at("content").string() : node.string();
}

void read_added(const JsonNode& decoder, std::vector<AddedToken>& out) {
  decoder.require(decoder.value().is_object(), "must be an object");
  for (const auto& [key, value] : decoder.value().items()) {
    const JsonNode node(value, decoder.where() + "." + key);
    AddedToken token;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token.id);
    node.require(error == std::errc() && end == key.data() + key.size() && token.id >= 0 && token.id <= kMaxTokenId,
                 "is not the id of a token");
    token.content = node.at("content").string();
    node.require(!token.content.empty(), "must have a content");
    token.single_word = node.at("single_word").boolean(false);
    token.lstrip = node.at("lstrip").boolean(false);
    token.rstrip = node.at("rstrip").boolean(false);
    token.normalized = node.at("normalized").boolean(false);
    token.special = node.at("special").boolean(false);
    out.push_back(std::move(token));
  }
}

}  // namespace

TokenizerExtras read_tokenizer_extras(const std::filesystem::path& folder) {
  TokenizerExtras extras;
  const std::filesystem::path file = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(file)) return extras;
  const std::string where = file.string();
  const JsonMap config = parse_component(read_file(file), where);
  const JsonNode root(config, where);
  root.require(config.is_object(), "must be an object");
  if (const JsonNode decoder = root.at("added_tokens_decoder"); !decoder.is_null()) read_added(decoder, extras.added);
  // What the classes do when the file does not say.
  const std::string type = root.at("tokenizer_class").is_null() ? "" : root.at("tokenizer_class").string();
  const bool llama = type.starts_with("Llama") || type.starts_with("CodeLlama") || type.starts_with("Gemma");
  if (root.at("add_bos_token").boolean(llama)) extras.bos = token_text(root.at("bos_token"));
  if (root.at("add_eos_token").boolean(type.starts_with("T5"))) extras.eos = token_text(root.at("eos_token"));
  return extras;
}

}  // namespace quern
