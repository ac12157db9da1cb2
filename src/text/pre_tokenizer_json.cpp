// SPDX-License-Identifier: MIT
// "pre_tokenizer" of a tokenizer.json.
#include "text/json_node.h"
#include "text/tokenizer_state.h"

namespace quern {
namespace {

SplitBehavior parse_behavior(const JsonNode& node) {
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

SplitStage parse_split(const JsonNode& node) {
  SplitStage stage{.kind = SplitStage::Kind::Pattern, .behavior = parse_behavior(node.at("behavior"))};
  stage.invert = node.at("invert").boolean(false);
  const TextPattern pattern = parse_text_pattern(node.at("pattern"));
  stage.literal = pattern.literal;
  stage.regex = pattern.regex;
  const std::optional<KnownSplit> known = known_split(pattern.source);
  if (known && stage.behavior == SplitBehavior::Isolated) {  // these match everything, so invert changes nothing
    stage.style = known->style;
    stage.kind = known->kind == KnownSplit::Kind::Gpt2   ? SplitStage::Kind::Gpt2
                 : known->kind == KnownSplit::Kind::Gpt4 ? SplitStage::Kind::Gpt4
                                                         : SplitStage::Kind::EveryChar;
  }
  return stage;
}

void add_metaspace(const JsonNode& node, std::vector<SplitStage>& stages) {
  SplitStage stage{.kind = SplitStage::Kind::Metaspace};
  stage.literal = node.at("replacement").character();
  const JsonNode scheme = node.at("prepend_scheme");
  const std::string name = scheme.is_null() ? "always" : scheme.string();
  scheme.require(name == "always" || name == "first" || name == "never", "must be \"always\", \"first\" or \"never\"");
  stage.prepend = name == "always"  ? SplitStage::Prepend::Always
                  : name == "first" ? SplitStage::Prepend::First
                                    : SplitStage::Prepend::Never;
  // Files from before 2024 say add_prefix_space instead.
  if (scheme.is_null() && !node.at("add_prefix_space").boolean(true)) stage.prepend = SplitStage::Prepend::Never;
  const std::string mark = stage.literal;
  stages.push_back(std::move(stage));
  if (node.at("split").boolean(true)) {
    stages.push_back({.kind = SplitStage::Kind::Pattern, .literal = mark, .behavior = SplitBehavior::MergedWithNext});
  }
}

SplitStage char_stage(SplitStage::CharSet set, SplitBehavior behavior) {
  return {.kind = SplitStage::Kind::Chars, .set = set, .behavior = behavior};
}

// The stages of one pre-tokenizer but ByteLevel; false when it is not known.
bool add_stages(const JsonNode& step, std::vector<SplitStage>& stages) {
  using CharSet = SplitStage::CharSet;
  const std::string type = step.type();
  if (type == "Split") {
    stages.push_back(parse_split(step));
  } else if (type == "Digits") {
    stages.push_back(
        {.kind = SplitStage::Kind::Digits, .individual_digits = step.at("individual_digits").boolean(false)});
  } else if (type == "Whitespace") {
    stages.push_back({.kind = SplitStage::Kind::Words});
  } else if (type == "WhitespaceSplit") {
    stages.push_back(char_stage(CharSet::Space, SplitBehavior::Removed));
  } else if (type == "Punctuation") {
    const JsonNode behavior = step.at("behavior");
    stages.push_back(
        char_stage(CharSet::Punctuation, behavior.is_null() ? SplitBehavior::Isolated : parse_behavior(behavior)));
  } else if (type == "BertPreTokenizer") {
    stages.push_back(char_stage(CharSet::Space, SplitBehavior::Removed));
    stages.push_back(char_stage(CharSet::Punctuation, SplitBehavior::Isolated));
  } else if (type == "CharDelimiterSplit") {
    stages.push_back({.kind = SplitStage::Kind::Pattern,
                      .literal = step.at("delimiter").character(),
                      .behavior = SplitBehavior::Removed});
  } else if (type == "FixedLength") {
    const size_t length = step.at("length").count(5, 1 << 20);
    step.require(length > 0, "must have a length above 0");
    stages.push_back({.kind = SplitStage::Kind::FixedLength, .length = length});
  } else if (type == "Metaspace") {
    add_metaspace(step, stages);
  } else {
    return false;
  }
  return true;
}

}  // namespace

void parse_pre_tokenizer(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const JsonMap value = parse_component(json, where);
  std::vector<JsonNode> steps;
  flatten({value, where + ": pre_tokenizer"}, "pretokenizers", steps);
  PreTokenizer& pre = parts.pre_tokenizer;
  for (const JsonNode& step : steps) {
    pre.spell_out_bytes();  // a ByteLevel that is not the last
    if (step.type() == "ByteLevel") {
      if (step.at("add_prefix_space").boolean(true)) pre.stages.push_back({.kind = SplitStage::Kind::PrefixSpace});
      if (step.at("use_regex").boolean(true)) pre.stages.push_back({.kind = SplitStage::Kind::Gpt2});
      pre.byte_level = true;
    } else if (!add_stages(step, pre.stages)) {
      step.unsupported(fmt::format("the pre-tokenizer {}", step.type()));
    }
  }
  parts.pre_tokenizer_json = kept_json(value);
}

}  // namespace quern
