// SPDX-License-Identifier: MIT
#pragma once
// Reading the small parts of a tokenizer.json: values that know their place in the file, for errors.

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/regex_split.h"
#include "text/tokenizer.h"
#include "text/unicode.h"
#include "text/vocabulary.h"

namespace quern {

using JsonMap = nlohmann::json;  // keys in a tree: a hostile object with many keys costs no quadratic time

// One value with its place in the file, for errors.
class JsonNode {
 public:
  JsonNode(const JsonMap& value, std::string where) : value_(value), where_(std::move(where)) {}

  bool is_null() const { return value_.is_null(); }
  JsonNode at(const std::string& key) const {
    static const JsonMap kNull;
    require(value_.is_object(), "must be an object");
    const auto found = value_.find(key);
    return {found == value_.end() ? kNull : *found, where_ + "." + key};
  }
  std::vector<JsonNode> list() const {
    require(value_.is_array(), "must be a list");
    std::vector<JsonNode> out;
    for (size_t i = 0; i < value_.size(); ++i) out.push_back({value_[i], fmt::format("{}[{}]", where_, i)});
    return out;
  }
  bool has(const std::string& key) const { return value_.is_object() && value_.contains(key); }
  std::string string() const {
    require(value_.is_string(), "must be a string");
    return value_.get<std::string>();
  }
  bool boolean(bool fallback) const {
    if (is_null()) return fallback;
    require(value_.is_boolean(), "must be true or false");
    return value_.get<bool>();
  }
  TokenId id() const {
    require(value_.is_number_integer(), "must be a token id");
    const bool fits = value_.is_number_unsigned() ? value_.get<uint64_t>() <= uint64_t{kMaxTokenId} : false;
    require(fits, "must be a token id, from 0 to 2097151");
    return value_.get<TokenId>();
  }
  size_t count(size_t fallback, size_t most) const {
    if (is_null()) return fallback;
    require(value_.is_number_unsigned() && value_.get<uint64_t>() <= most, fmt::format("must be from 0 to {}", most));
    return value_.get<size_t>();
  }
  // One character.
  std::string character() const {
    const std::string text = string();
    require(!text.empty() && count_code_points(text) == 1, "must be one character");
    return text;
  }
  uint8_t type_id() const {
    if (is_null()) return 0;
    require(value_.is_number_unsigned() && value_.get<uint64_t>() < 256, "must be from 0 to 255");
    return value_.get<uint8_t>();
  }
  std::string type() const { return at("type").string(); }
  const JsonMap& value() const { return value_; }
  const std::string& where() const { return where_; }

  void require(bool ok, const std::string& what) const {
    if (!ok) throw Error(ErrorKind::InvalidModel, "{} {}", where_, what);
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorKind::Unsupported, "{}: {} is not supported", where_, what);
  }

 private:
  const JsonMap& value_;
  std::string where_;
};

inline JsonMap parse_component(std::string_view json, const std::string& where) {
  try {
    return JsonMap::parse(json);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::InvalidModel, "{}: {}", where, error.what());
  }
}

// A list of steps, whether written as one step or as a Sequence of them.
inline void flatten(const JsonNode& node, const std::string& list_key, std::vector<JsonNode>& out, int depth = 0) {
  if (node.is_null()) return;
  node.require(depth < 16, "is nested too deep");
  if (node.type() == "Sequence") {
    for (const JsonNode& step : node.at(list_key).list()) flatten(step, list_key, out, depth + 1);
  } else {
    out.push_back(node);
    node.require(out.size() <= 64, "is one step too many");
  }
}

inline std::string kept_json(const JsonMap& value) {
  return value.dump(-1, ' ', false, JsonMap::error_handler_t::replace);
}

// {"String": ..} or {"Regex": ..}: text to look for, or a pattern.
struct TextPattern {
  std::string literal;
  std::shared_ptr<const Regex> regex;  // null: the literal
  std::string source;                  // of the regex
};
inline TextPattern parse_text_pattern(const JsonNode& node) {
  TextPattern out;
  if (node.has("String")) {
    out.literal = node.at("String").string();
  } else {
    out.source = node.at("Regex").string();
    out.regex = std::make_shared<Regex>(out.source, node.where());
  }
  return out;
}

}  // namespace quern
