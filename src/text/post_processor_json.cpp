// SPDX-License-Identifier: MIT
// "post_processor" and "added_tokens" of a tokenizer.json.
#include "text/json_node.h"
#include "text/tokenizer_state.h"

namespace quern {
namespace {

PostProcessor::Item special_item(const std::string& token, TokenId id, uint8_t type_id) {
  return {.type_id = type_id, .ids = {id}, .tokens = {token}};
}

std::pair<std::string, TokenId> token_and_id(const JsonNode& node) {  // ["</s>", 2]
  const std::vector<JsonNode> pair = node.list();
  node.require(pair.size() == 2, "must be a token and its id");
  return {pair[0].string(), pair[1].id()};
}

// RoBERTa and BERT put [CLS] A [SEP] and, around a second text, [SEP] B [SEP] or B [SEP].
void parse_cls_sep(const JsonNode& node, bool roberta, PostProcessor& post) {
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

std::vector<PostProcessor::Item> parse_template(const JsonNode& items, const JsonNode& special_tokens, bool pair) {
  std::vector<PostProcessor::Item> out;
  int uses[2] = {0, 0};
  for (const JsonNode& item : items.list()) {
    if (item.has("Sequence")) {
      const JsonNode sequence = item.at("Sequence");
      const std::string id = sequence.at("id").string();
      sequence.require(id == "A" || (pair && id == "B"), "names no text of the template");
      const int which = id == "B";
      sequence.require(++uses[which] == 1, "uses a text twice");
      out.push_back({.sequence = which, .type_id = sequence.at("type_id").type_id()});
    } else {
      const JsonNode special = item.at("SpecialToken");
      const JsonNode entry = special_tokens.at(special.at("id").string());
      PostProcessor::Item added{.type_id = special.at("type_id").type_id()};
      for (const JsonNode& id : entry.at("ids").list()) added.ids.push_back(id.id());
      for (const JsonNode& token : entry.at("tokens").list()) added.tokens.push_back(token.string());
      entry.require(added.ids.size() == added.tokens.size(), "must have as many ids as tokens");
      out.push_back(std::move(added));
    }
  }
  items.require(uses[0] == 1 && (!pair || uses[1] == 1), "must use each text once");
  return out;
}

}  // namespace

std::vector<AddedToken> parse_added_tokens(std::string_view json, const std::string& where) {
  const JsonMap value = parse_component(json, where);
  std::vector<AddedToken> out;
  if (value.is_null()) return out;
  for (const JsonNode& node : JsonNode(value, where + ": added_tokens").list()) {
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

void parse_post_processor(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const JsonMap value = parse_component(json, where);
  std::vector<JsonNode> steps;
  flatten({value, where + ": post_processor"}, "processors", steps);
  PostProcessor& post = parts.post_processor;
  for (const JsonNode& step : steps) {
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

}  // namespace quern
