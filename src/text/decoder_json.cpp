// SPDX-License-Identifier: MIT
// "decoder" of a tokenizer.json.
#include <algorithm>

#include "text/json_node.h"
#include "text/tokenizer_state.h"

namespace quern {
namespace {

using DecoderStepKind = DecoderStep::Kind;

DecoderStep parse_decoder_step(const JsonNode& node) {
  const std::string type = node.type();
  DecoderStep step;
  if (type == "Fuse") {
    step.kind = DecoderStepKind::Fuse;
  } else if (type == "ByteLevel") {
    step.kind = DecoderStepKind::ByteLevel;
  } else if (type == "ByteFallback") {
    step.kind = DecoderStepKind::ByteFallback;
  } else if (type == "Replace") {
    const TextPattern pattern = parse_text_pattern(node.at("pattern"));
    step = {.kind = DecoderStepKind::Replace, .literal = pattern.literal, .regex = pattern.regex};
    step.content = node.at("content").string();
    node.require(step.content.size() <= 4096, "has a content of more than 4096 bytes");
    node.require(step.regex != nullptr || !step.literal.empty(), "has an empty pattern");
  } else if (type == "Strip") {
    step = {.kind = DecoderStepKind::Strip, .content = node.at("content").character()};
    step.start = node.at("start").count(0, 1 << 20);
    step.stop = node.at("stop").count(0, 1 << 20);
  } else if (type == "Metaspace") {
    step = {.kind = DecoderStepKind::Metaspace, .literal = node.at("replacement").character()};
    const JsonNode scheme = node.at("prepend_scheme");
    step.keep_first = scheme.is_null() ? !node.at("add_prefix_space").boolean(true) : scheme.string() == "never";
  } else if (type == "WordPiece") {
    step = {.kind = DecoderStepKind::WordPiece, .literal = node.at("prefix").string()};
    step.cleanup = node.at("cleanup").boolean(true);
  } else if (type == "BPEDecoder") {
    step = {.kind = DecoderStepKind::Suffix, .literal = node.at("suffix").string()};
  } else if (type == "CTC") {
    step = {.kind = DecoderStepKind::Ctc,
            .literal = node.at("pad_token").string(),
            .content = node.at("word_delimiter_token").string()};
    step.cleanup = node.at("cleanup").boolean(true);
  } else {
    node.unsupported(fmt::format("the decoder {}", type));
  }
  return step;
}

}  // namespace

void parse_decoder(std::string_view json, TokenizerParts& parts, const std::string& where) {
  const JsonMap value = parse_component(json, where);
  std::vector<JsonNode> nodes;
  flatten({value, where + ": decoder"}, "decoders", nodes);
  std::vector<DecoderStep> steps;
  for (const JsonNode& node : nodes) steps.push_back(parse_decoder_step(node));
  const bool only_fuse_behind =
      !steps.empty() && std::all_of(steps.begin() + 1, steps.end(),
                                    [](const DecoderStep& step) { return step.kind == DecoderStepKind::Fuse; });
  if (value.is_null()) {
    parts.decoder = DecoderKind::Spaces;
  } else if (only_fuse_behind && steps[0].kind == DecoderStepKind::ByteLevel) {
    parts.decoder = DecoderKind::ByteLevel;
  } else if (steps.empty() || (only_fuse_behind && steps[0].kind == DecoderStepKind::Fuse)) {
    parts.decoder = DecoderKind::Fuse;
  } else {
    parts.decoder = DecoderKind::Steps;
  }
  parts.decoder_steps = Decoder(std::move(steps));
  parts.decoder_json = kept_json(value);
}

}  // namespace quern
