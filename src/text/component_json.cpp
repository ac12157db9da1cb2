// SPDX-License-Identifier: MIT
// The small parts of a tokenizer.json: added tokens, normalizer, pre-tokenizer, post-processor, decoder.
#include <algorithm>
#include <initializer_list>
#include <set>

#include "base/json.h"
#include "text/tokenizer_state.h"

namespace quern {
namespace {

using Map = nlohmann::json;  // keys in a tree: a hostile object with many keys costs no quadratic time

// One value with its place in the file, for errors.
class Node {
 public:
  Node(const Map& value, std::string where) : value_(value), where_(std::move(where)) {}

  bool is_null() const { return value_.is_null(); }
  Node at(const std::string& key) const {
    static const Map kNull;
    require(value_.is_object(), "must be an object");
    const auto found = value_.find(key);
    return {found == value_.end() ? kNull : *found, where_ + "." + key};
  }
  std::vector<Node> list() const {
    require(value_.is_array(), "must be a list");
    std::vector<Node> out;
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
  uint8_t type_id() const {
    if (is_null()) return 0;
    require(value_.is_number_unsigned() && value_.get<uint64_t>() < 256, "must be from 0 to 255");
    return value_.get<uint8_t>();
  }
  std::string type() const { return at("type").string(); }
  const Map& value() const { return value_; }
  const std::string& where() const { return where_; }

  void require(bool ok, const std::string& what) const {
    if (!ok) throw Error(ErrorKind::InvalidModel, "{} {}", where_, what);
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorKind::Unsupported, "{}: {} is not supported", where_, what);
  }

 private:
  const Map& value_;
  std::string where_;
};

Map parse(std::string_view json, const std::string& where) {
  try {
    return Map::parse(json);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::InvalidModel, "{}: {}", where, error.what());
  }
}

// A list of steps, whether written as one step or as a Sequence of them.
void flatten(const Node& node, const std::string& list_key, std::vector<Node>& out, int depth = 0) {
  if (node.is_null()) return;
  node.require(depth < 16, "is nested too deep");
  if (node.type() == "Sequence") {
    for (const Node& step : node.at(list_key).list()) flatten(step, list_key, out, depth + 1);
  } else {
    out.push_back(node);
  }
}

std::string kept_json(const Map& value) { return value.dump(-1, ' ', false, Map::error_handler_t::replace); }

SplitBehavior parse_behavior(const Node& node) {
  static constexpr std::pair<std::string_view, SplitBehavior> kBehaviors[] = {
      {"Removed", SplitBehavior::Removed},
      {"Isolated", SplitBehavior::Isolated},
      {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
      {"MergedWithNext", SplitBehavior::MergedWithNext},
      {"Contiguous", SplitBehavior::Contiguous}};
  const std::string name = node.string();
  for (const auto& [known, behavior] : kBehaviors) {
    if (known == name) return behavior;
  }
  node.require(false, fmt::format("is '{}', which is not a way to split", name));
  return {};
}

SplitStage parse_split(const Node& node) {
  SplitStage stage;
  stage.kind = SplitStage::Kind::Pattern;
  stage.behavior = parse_behavior(node.at("behavior"));
  stage.invert = node.at("invert").boolean(false);
  const Node pattern = node.at("pattern");
  if (pattern.has("String")) {
    stage.literal = pattern.at("String").string();
    return stage;
  }
  const std::string text = pattern.at("Regex").string();
  const std::optional<KnownSplit> known = known_split(text);
  if (known && stage.behavior == SplitBehavior::Isolated) {  // these match everything, so invert changes nothing
    stage.style = known->style;
    stage.kind = known->kind == KnownSplit::Kind::Gpt2   ? SplitStage::Kind::Gpt2
                 : known->kind == KnownSplit::Kind::Gpt4 ? SplitStage::Kind::Gpt4
                                                         : SplitStage::Kind::EveryChar;
  } else {
    stage.regex = std::make_shared<Regex>(text, pattern.where());
  }
  return stage;
}

PostProcessor::Item special_item(const std::string& token, TokenId id, uint8_t type_id) {
  return {.type_id = type_id, .ids = {id}, .tokens = {token}};
}

std::pair<std::string, TokenId> token_and_id(const Node& node) {  // ["</s>", 2]
  const std::vector<Node> pair = node.list();
  node.require(pair.size() == 2, "must be a token and its id");
  return {pair[0].string(), pair[1].id()};
}

// RoBERTa and BERT put [CLS] A [SEP] and, around a second text, [SEP] B [SEP] or B [SEP].
void parse_cls_sep(const Node& node, bool roberta, PostProcessor& post) {
  const auto [cls, cls_id] = token_and_id(node.at("cls"));
  const auto [sep, sep_id] = token_and_id(node.at("sep"));
  const uint8_t second = roberta ? 0 : 1;
  post.single = {special_item(cls, cls_id, 0), {.sequence = 0}, special_item(sep, sep_id, 0)};
  post.pair = post.single;
  if (roberta) post.pair.push_back(special_item(sep, sep_id, 0));
  post.pair.push_back({.sequence = 1, .type_id = second});
  post.pair.push_back(special_item(sep, sep_id, second));
  post.zero_type_ids = roberta;
  post.has_template = true;
}

std::vector<PostProcessor::Item> parse_template(const Node& items, const Node& special_tokens, bool pair) {
  std::vector<PostProcessor::Item> out;
  int uses[2] = {0, 0};
  for (const Node& item : items.list()) {
    if (item.has("Sequence")) {
      const Node sequence = item.at("Sequence");
      const std::string id = sequence.at("id").string();
      sequence.require(id == "A" || (pair && id == "B"), "names no text of the template");
      const int which = id == "B";
      sequence.require(++uses[which] == 1, "uses a text twice");
      out.push_back({.sequence = which, .type_id = sequence.at("type_id").type_id()});
    } else {
      const Node special = item.at("SpecialToken");
      const Node entry = special_tokens.at(special.at("id").string());
      PostProcessor::Item added{.type_id = special.at("type_id").type_id()};
      for (const Node& id : entry.at("ids").list()) added.ids.push_back(id.id());
      for (const Node& token : entry.at("tokens").list()) added.tokens.push_back(token.string());
      entry.require(added.ids.size() == added.tokens.size(), "must have as many ids as tokens");
      out.push_back(std::move(added));
    }
  }
  items.require(uses[0] == 1 && (!pair || uses[1] == 1), "must use each text once");
  return out;
}

}  // namespace

std::vector<AddedToken> parse_added_tokens(std::string_view json, const std::string& where) {
  const Map value = parse(json, where);
  std::vector<AddedToken> out;
  if (value.is_null()) return out;
  for (const Node& node : Node(value, where + ": added_tokens").list()) {
    AddedToken token;
    token.id = node.at("id").id();
    token.content = node.at("content").string();
    node.require(!token.content.empty(), "must have a content");
    token.single_word = node.at("single_word").boolean(false);
    token.lstrip = node.at("lstrip").boolean(false);
    token.rstrip = node.at("rstrip").boolean(false);
    token.special = node.at("special").boolean(false);
    token.normalized = node.at("normalized").boolean(!token.special);
    out.push_back(std::move(token));
  }
  return out;
}

void parse_normalizer(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const Map value = parse(json, where);
  std::vector<Node> steps;
  flatten({value, where + ": normalizer"}, "normalizers", steps);
  std::vector<Normalizer::Kind> kinds;
  for (const Node& step : steps) {
    if (step.type() != "NFC") step.unsupported(fmt::format("the normalizer {}", step.type()));
    if (kinds.empty()) kinds.push_back(Normalizer::Kind::Nfc);  // a second time changes nothing
  }
  parts.normalizer = Normalizer(std::move(kinds));
  parts.normalizer_json = kept_json(value);
}

void parse_pre_tokenizer(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const Map value = parse(json, where);
  std::vector<Node> steps;
  flatten({value, where + ": pre_tokenizer"}, "pretokenizers", steps);
  PreTokenizer& pre = parts.pre_tokenizer;
  for (const Node& step : steps) {
    if (pre.byte_level) step.unsupported("a pre-tokenizer behind ByteLevel");
    const std::string type = step.type();
    if (type == "ByteLevel") {
      pre.byte_level = true;
      pre.byte_level_stage = pre.stages.size();
      pre.add_prefix_space = step.at("add_prefix_space").boolean(true);
      if (step.at("use_regex").boolean(true)) pre.stages.push_back({.kind = SplitStage::Kind::Gpt2});
    } else if (type == "Split") {
      pre.stages.push_back(parse_split(step));
    } else if (type == "Digits") {
      pre.stages.push_back(
          {.kind = SplitStage::Kind::Digits, .individual_digits = step.at("individual_digits").boolean(false)});
    } else {
      step.unsupported(fmt::format("the pre-tokenizer {}", type));
    }
    step.require(pre.stages.size() <= 64, "is one step too many");
  }
  if (!pre.byte_level) pre.byte_level_stage = pre.stages.size();
  parts.pre_tokenizer_json = kept_json(value);
}

void parse_post_processor(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const Map value = parse(json, where);
  std::vector<Node> steps;
  flatten({value, where + ": post_processor"}, "processors", steps);
  PostProcessor& post = parts.post_processor;
  for (const Node& step : steps) {
    const std::string type = step.type();
    const bool roberta = type == "RobertaProcessing";
    if (type != "ByteLevel" && post.has_template) step.unsupported("a second template for the same text");
    if (type == "ByteLevel" || roberta) {
      const bool add_prefix_space = step.at("add_prefix_space").boolean(true);
      if (step.at("trim_offsets").boolean(true)) post.trims.push_back({add_prefix_space});
      if (roberta) parse_cls_sep(step, true, post);
    } else if (type == "BertProcessing") {
      parse_cls_sep(step, false, post);
    } else if (type == "TemplateProcessing") {
      post.single = parse_template(step.at("single"), step.at("special_tokens"), false);
      post.pair = parse_template(step.at("pair"), step.at("special_tokens"), true);
      post.has_template = true;
    } else {
      step.unsupported(fmt::format("the post-processor {}", type));
    }
  }
  parts.post_processor_json = kept_json(value);
}

void parse_decoder(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const Map value = parse(json, where);
  std::vector<Node> steps;
  flatten({value, where + ": decoder"}, "decoders", steps);
  parts.decoder = DecoderKind::Spaces;
  for (const Node& step : steps) {
    const std::string type = step.type();
    if (type == "ByteLevel" && parts.decoder == DecoderKind::Spaces) {
      parts.decoder = DecoderKind::ByteLevel;
    } else if (type == "Fuse") {
      if (parts.decoder == DecoderKind::Spaces) parts.decoder = DecoderKind::Fuse;
    } else {
      step.unsupported(fmt::format("the decoder {}", type));
    }
  }
  parts.decoder_json = kept_json(value);
}

}  // namespace quern
