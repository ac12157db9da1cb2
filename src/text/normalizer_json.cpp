// SPDX-License-Identifier: MIT
// "normalizer" of a tokenizer.json.
#include "text/base64.h"
#include "text/json_node.h"
#include "text/tokenizer_state.h"

namespace quern {
namespace {

using NormalizerKind = NormalizerStep::Kind;

void add_bert_steps(const JsonNode& node, std::vector<NormalizerStep>& steps) {
  const bool lowercase = node.at("lowercase").boolean(true);
  if (node.at("clean_text").boolean(true)) steps.push_back({.kind = NormalizerKind::CleanText});
  if (node.at("handle_chinese_chars").boolean(true)) steps.push_back({.kind = NormalizerKind::SpaceCjk});
  if (node.at("strip_accents").boolean(lowercase)) {
    steps.push_back({.kind = NormalizerKind::Nfd});
    steps.push_back({.kind = NormalizerKind::StripMarks});
  }
  if (lowercase) steps.push_back({.kind = NormalizerKind::Lowercase});
}

// What a file puts into a text is short; a limit keeps a hostile one from filling the memory.
std::string short_text(const JsonNode& node) {
  const std::string text = node.string();
  node.require(text.size() <= 4096, "is longer than 4096 bytes");
  return text;
}

NormalizerStep replace_step(const JsonNode& node) {
  const TextPattern pattern = parse_text_pattern(node.at("pattern"));
  NormalizerStep step{.kind = NormalizerKind::Replace, .content = short_text(node.at("content"))};
  step.literal = pattern.literal;
  step.regex = pattern.regex;
  if (step.regex == nullptr && step.literal.empty()) step.regex = std::make_shared<Regex>("", node.where());
  return step;
}

NormalizerStep charsmap_step(const JsonNode& node) {
  const JsonNode map = node.at("precompiled_charsmap");
  const std::optional<std::string> blob = decode_base64(map.string());
  map.require(blob.has_value(), "is not base64");
  return {.kind = NormalizerKind::CharsMap, .charsmap = std::make_shared<CharsMap>(*blob, map.where())};
}

bool add_steps(const JsonNode& node, std::vector<NormalizerStep>& steps) {
  static constexpr std::pair<std::string_view, NormalizerKind> kPlain[] = {
      {"NFC", NormalizerKind::Nfc},
      {"NFD", NormalizerKind::Nfd},
      {"NFKC", NormalizerKind::Nfkc},
      {"NFKD", NormalizerKind::Nfkd},
      {"Lowercase", NormalizerKind::Lowercase},
      {"StripAccents", NormalizerKind::StripAccents},
      {"Nmt", NormalizerKind::Nmt},
      {"ByteLevel", NormalizerKind::ByteLevel}};
  const std::string type = node.type();
  for (const auto& [name, kind] : kPlain) {
    if (name != type) continue;
    steps.push_back({.kind = kind});
    return true;
  }
  if (type == "BertNormalizer") {
    add_bert_steps(node, steps);
  } else if (type == "Strip") {
    steps.push_back({.kind = NormalizerKind::Strip,
                     .left = node.at("strip_left").boolean(true),
                     .right = node.at("strip_right").boolean(true)});
  } else if (type == "Replace") {
    steps.push_back(replace_step(node));
  } else if (type == "Prepend") {
    steps.push_back({.kind = NormalizerKind::Prepend, .content = short_text(node.at("prepend"))});
  } else if (type == "Precompiled") {
    steps.push_back(charsmap_step(node));
  } else {
    return false;
  }
  return true;
}

}  // namespace

void parse_normalizer(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const JsonMap value = parse_component(json, where);
  std::vector<JsonNode> nodes;
  flatten({value, where + ": normalizer"}, "normalizers", nodes);
  std::vector<NormalizerStep> steps;
  for (const JsonNode& node : nodes) {
    if (!add_steps(node, steps)) node.unsupported(fmt::format("the normalizer {}", node.type()));
  }
  parts.normalizer = Normalizer(std::move(steps));
  parts.normalizer_json = kept_json(value);
}

}  // namespace quern
