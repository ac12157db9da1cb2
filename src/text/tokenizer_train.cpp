// SPDX-License-Identifier: MIT
#include "text/tokenizer_train.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/threads.h"
#include "text/bpe_merger.h"
#include "text/byte_level.h"
#include "text/json_write.h"
#include "text/tokenizer_state.h"
#include "text/unicode.h"
#include "text/word_level_model.h"

namespace quern {
namespace {

constexpr std::pair<std::string_view, SplitKind> kSplitNames[] = {{"gpt2", SplitKind::Gpt2},
                                                                  {"cl100k", SplitKind::Cl100k},
                                                                  {"llama3", SplitKind::Llama3},
                                                                  {"qwen2", SplitKind::Qwen2}};

std::string pre_tokenizer_json(SplitKind split) {
  if (split == SplitKind::Gpt2) {
    return R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})";
  }
  std::string out = R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":)";
  write_json_string(out, split == SplitKind::Qwen2 ? kPatternQwen2 : kPatternLlama3);
  out += R"(},"behavior":"Isolated","invert":false},)";
  out += R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]})";
  return out;
}

void check_special_tokens(const std::vector<std::string>& tokens) {
  std::set<std::string> seen;
  for (const std::string& token : tokens) {
    if (token.empty() || !is_valid_utf8(token)) {
      throw Error(ErrorKind::InvalidArgument, "a special token must be non-empty UTF-8 text, not '{}'", token);
    }
    if (!seen.insert(token).second)
      throw Error(ErrorKind::InvalidArgument, "special token '{}' is listed twice", token);
    if (count_code_points(token) < 2) {
      throw Error(ErrorKind::InvalidArgument, "special token '{}' is a single character, which texts have too", token);
    }
  }
}

void add_specials(TokenizerParts& parts, const std::vector<std::string>& tokens) {
  for (size_t i = 0; i < tokens.size(); ++i)
    parts.added.push_back({.id = static_cast<TokenId>(i), .content = tokens[i]});
}

}  // namespace

SplitKind parse_split_kind(std::string_view name) {
  if (name == "gpt4") return SplitKind::Cl100k;
  for (const auto& [known, kind] : kSplitNames) {
    if (known == name) return kind;
  }
  throw Error(ErrorKind::InvalidArgument, "there is no way of splitting called '{}'", name)
      .hint("gpt2, cl100k (gpt4), llama3 and qwen2 are known");
}

std::string_view name_of(SplitKind kind) {
  for (const auto& [name, known] : kSplitNames) {
    if (known == kind) return name;
  }
  return "";
}

Tokenizer train_bpe(const DocumentSource& documents, const BpeTrainOptions& options) {
  check_special_tokens(options.special_tokens);
  const auto smallest = static_cast<int64_t>(256 + options.special_tokens.size());
  if (options.vocab_size < smallest || options.vocab_size > kMaxTokenId + 1) {
    throw Error(ErrorKind::InvalidArgument,
                "a vocabulary of {} tokens: it must have from {} (bytes and special tokens) to {}", options.vocab_size,
                smallest, kMaxTokenId + 1);
  }
  TokenizerParts parts;
  parse_pre_tokenizer(pre_tokenizer_json(options.split), parts, "the trainer");
  parse_decoder(R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true})", parts,
                "the trainer");
  add_specials(parts, options.special_tokens);

  WordCountOptions counting{.threads = options.threads > 0 ? options.threads : hardware_threads(),
                            .memory_cap_bytes = options.memory_cap_bytes,
                            .spill_dir = options.spill_dir};
  if (options.on_progress) {
    counting.on_progress = [&](uint64_t bytes) { options.on_progress("count", double(bytes)); };
  }
  MergeOptions merging{.vocab_size = options.vocab_size,
                       .min_frequency = options.min_frequency,
                       .max_token_length = options.max_token_length,
                       .special_tokens = options.special_tokens};
  if (options.on_progress) {
    merging.on_progress = [&](double fraction) { options.on_progress("merge", fraction); };
  }
  MergedVocabulary learned = learn_merges(count_words(documents, parts.pre_tokenizer, counting), merging);

  Vocabulary surfaces, bytes;
  for (size_t i = 0; i < learned.tokens.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    if (i < options.special_tokens.size()) {
      surfaces.add(id, learned.tokens[i]);
    } else {
      QUERN_CHECK(surfaces.add(id, bytes_to_surface(learned.tokens[i])), "token {} twice", id);
      bytes.add(id, learned.tokens[i]);
    }
  }
  parts.model = std::make_shared<BpeModel>(std::move(surfaces), std::move(bytes), std::move(learned.merges), false);
  return finish_tokenizer(std::move(parts), "the trainer");
}

Tokenizer train_chars(const DocumentSource& documents, const CharTrainOptions& options) {
  check_special_tokens(options.special_tokens);
  const auto& specials = options.special_tokens;
  if (!options.unk_token.empty() && std::find(specials.begin(), specials.end(), options.unk_token) == specials.end()) {
    throw Error(ErrorKind::InvalidArgument, "the unknown token '{}' is not among the special tokens",
                options.unk_token);
  }
  std::vector<uint64_t> counts(0x110000);
  for (std::string text; documents(text); text.clear()) {
    if (!is_valid_utf8(text)) text = to_valid_utf8(text);
    for (size_t i = 0; i < text.size();) {
      const CodePoint c = decode_utf8(text.data() + i);
      ++counts[c.value];
      i += static_cast<size_t>(c.length);
    }
  }
  std::vector<char32_t> chars;
  for (char32_t c = 0; c < counts.size(); ++c) {
    if (counts[c] > 0) chars.push_back(c);
  }
  if (options.max_chars > 0 && chars.size() > static_cast<size_t>(options.max_chars)) {
    std::stable_sort(chars.begin(), chars.end(), [&](char32_t a, char32_t b) { return counts[a] > counts[b]; });
    chars.resize(static_cast<size_t>(options.max_chars));
    std::sort(chars.begin(), chars.end());
  }
  TokenizerParts parts;
  parse_pre_tokenizer(R"({"type":"Split","pattern":{"Regex":"[\\s\\S]"},"behavior":"Isolated","invert":false})", parts,
                      "the trainer");
  parse_decoder(R"({"type":"Fuse"})", parts, "the trainer");
  add_specials(parts, specials);
  Vocabulary surfaces;
  for (const std::string& token : specials) surfaces.add(surfaces.id_limit(), token);
  for (char32_t c : chars) {
    std::string text;
    append_utf8(text, c);
    surfaces.add(surfaces.id_limit(), text);
  }
  if (surfaces.count() == 0)
    throw Error(ErrorKind::InvalidData, "there is no character in the text to train a tokenizer on");
  parts.model = std::make_shared<WordLevelModel>(std::move(surfaces), options.unk_token);
  return finish_tokenizer(std::move(parts), "the trainer");
}

}  // namespace quern
