// SPDX-License-Identifier: MIT
// GGUF's names for ways of cutting words. Patterns as published in the tokenizers they are named after.
#include "formats/gguf_tokenizer.h"
#include "text/split_patterns.h"

namespace quern {

namespace {
Json split_step(std::string_view regex) {
  return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
}

Json byte_level_step(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

Json sequence_of(std::vector<Json> steps) { return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}}; }

Json cut_by(std::initializer_list<std::string_view> patterns) {
  std::vector<Json> steps;
  for (const std::string_view p : patterns) steps.push_back(split_step(p));
  steps.push_back(byte_level_step(false));
  return sequence_of(std::move(steps));
}

constexpr std::string_view kDeepseekWords =
    R"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::vector<GgufPreTokenizer> make_pre_tokenizers() {
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  return {
      {.names = {"gpt-2", "phi-2", "olmo", "mpt", "jais", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es",
                 "jina-v2-de", "gigachat", "roberta-bpe", "modern-bert", "granite-docling", "trillion", "mellum"},
       .steps = byte_level_step(true)},
      {.names = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"},
       .steps = sequence_of({digits, byte_level_step(true)})},
      {.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"},
       .steps = cut_by({kPatternLlama3}),
       .ignore_merges = true,
       .add_bos = true},
      {.names = {"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, .steps = cut_by({kPatternLlama3})},
      {.names = {"qwen2"}, .steps = cut_by({kPatternQwen2}), .nfc = true},
      {.names = {"deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan"}, .steps = cut_by({kPatternQwen2})},
      {.names = {"deepseek-v3", "hunyuan-dense"},
       .steps = cut_by({R"(\p{N}{1,3})", "[一-龥\u3040-ゟ゠-ヿ]+", kDeepseekWords})},
      {.names = {"deepseek-coder"},
       .steps = cut_by({R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+", R"(\p{N})"})},
      {.names = {"tekken"}, .steps = cut_by({kTekken}), .ignore_merges = true, .add_bos = true},
      {.names = {"gpt-4o", "llama4"}, .steps = cut_by({kGpt4o})},
      // What llama.cpp does with files that name nothing.
      {.names = {"default", ""},
       .steps = cut_by({R"([\p{P}\$\+<=>\^~\|]+)", kPatternGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"})},
  };
}
}  // namespace

const std::vector<GgufPreTokenizer>& gguf_pre_tokenizers() {
  static const std::vector<GgufPreTokenizer> kTable = make_pre_tokenizers();
  return kTable;
}

}  // namespace quern
