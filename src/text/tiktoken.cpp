// SPDX-License-Identifier: MIT
#include "text/tiktoken.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/json.h"
#include "text/base64.h"
#include "text/bpe_model.h"
#include "text/byte_level.h"
#include "text/template_json.h"
#include "text/tokenizer_extras.h"
#include "text/tokenizer_state.h"

namespace quern {
namespace {

struct RankLine {
  std::string bytes;
  TokenId rank;
};

// One line, without its end.
std::optional<RankLine> parse_rank_line(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::optional<std::string> bytes = decode_base64(line.substr(0, space));
  const std::string_view digits = line.substr(space + 1);
  TokenId rank = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
  if (!bytes || bytes->empty() || error != std::errc() || end != digits.data() + digits.size() || rank < 0 ||
      rank > kMaxTokenId) {
    return std::nullopt;
  }
  return RankLine{std::move(*bytes), rank};
}

std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Vocabulary read_ranks(std::string_view text, const std::string& where) {
  Vocabulary out;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty()) continue;
    const std::optional<RankLine> parsed = parse_rank_line(line);
    if (!parsed || !out.add(parsed->rank, parsed->bytes)) {
      throw Error(ErrorKind::InvalidModel, "{}: line {} is not a base64 token and its rank, or stands twice", where,
                  number);
    }
  }
  if (out.count() == 0) throw Error(ErrorKind::InvalidModel, "{}: no ranks in it", where);
  return out;
}

// The merge that makes each token: what its bytes come to by merges of smaller rank alone. A token that does not come
// to two parts is made by none and is found as a whole word only.
class MergeFinder {
 public:
  MergeFinder(const Vocabulary& bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::vector<BpeMerge> run() {
    std::vector<BpeMerge> merges;
    for (TokenId id = 0; id < bytes_.id_limit(); ++id) {
      if (!bytes_.contains(id) || bytes_.text_of(id).size() < 2) continue;
      if (const size_t cut = final_cut(id); cut > 0) {
        const std::string_view text = bytes_.text_of(id);
        const TokenId left = bytes_.find(text.substr(0, cut)), right = bytes_.find(text.substr(cut));
        if (left >= 0 && right >= 0) merges.push_back({left, right, id});
      }
    }
    return merges;
  }

 private:
  static constexpr size_t kBudget = size_t{1} << 31;  // steps for all tokens; real files take some 20 million
  const Vocabulary& bytes_;
  const std::string& where_;
  size_t steps_ = 0;
  std::vector<size_t> begins_;  // of the parts, and the end
  std::vector<TokenId> ranks_;  // of each part with the one behind it, kMaxTokenId + 1 when they don't join

  size_t final_cut(TokenId id) {
    const std::string_view text = bytes_.text_of(id);
    const auto rank_of = [&](size_t part) {
      if (part + 2 >= begins_.size()) return kMaxTokenId + 1;
      const TokenId rank = bytes_.find(text.substr(begins_[part], begins_[part + 2] - begins_[part]));
      return rank < 0 || rank >= id ? kMaxTokenId + 1 : rank;
    };
    begins_.resize(text.size() + 1);
    for (size_t i = 0; i <= text.size(); ++i) begins_[i] = i;
    ranks_.clear();
    for (size_t part = 0; part < text.size(); ++part) ranks_.push_back(rank_of(part));
    while (begins_.size() > 3) {
      steps_ += ranks_.size();
      if (steps_ > kBudget)
        throw Error(ErrorKind::InvalidModel, "{}: its tokens are too long to be those of a rank file", where_);
      const auto best = std::min_element(ranks_.begin(), ranks_.end());
      if (*best > kMaxTokenId) return 0;
      const auto part = static_cast<size_t>(best - ranks_.begin());
      begins_.erase(begins_.begin() + static_cast<ptrdiff_t>(part) + 1);
      ranks_.erase(best + 1);
      ranks_[part] = rank_of(part);
      if (part > 0) ranks_[part - 1] = rank_of(part - 1);
    }
    return begins_.size() == 3 ? begins_[1] : 0;
  }
};

constexpr std::string_view kPatternO200k =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct NamedEncoding {
  std::string_view name, pattern;
  std::vector<std::pair<std::string_view, TokenId>> special;
};

// What tiktoken's own definitions put beside the files of these names.
NamedEncoding named_encoding(const std::string& name) {
  const std::vector<NamedEncoding> all = {
      {"gpt2", kPatternGpt2, {{"<|endoftext|>", 50256}}},
      {"r50k_base", kPatternGpt2, {{"<|endoftext|>", 50256}}},
      {"p50k_base", kPatternGpt2, {{"<|endoftext|>", 50256}}},
      {"cl100k_base",
       kPatternLlama3,
       {{"<|endoftext|>", 100257},
        {"<|fim_prefix|>", 100258},
        {"<|fim_middle|>", 100259},
        {"<|fim_suffix|>", 100260},
        {"<|endofprompt|>", 100276}}},
      {"o200k_base", kPatternO200k, {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}},
      {"qwen", kPatternQwen2, {}},
      {"llama3", kPatternLlama3, {}}};
  for (const NamedEncoding& one : all) {
    if (one.name == name) return one;
  }
  return {"", kPatternLlama3, {}};
}

}  // namespace

bool looks_like_tiktoken(std::string_view bytes) {
  std::string_view rest = bytes.substr(0, 4096);
  for (int line = 0; line < 3 && !rest.empty(); ++line) {
    if (rest.find('\n') == std::string_view::npos && line > 0 && bytes.size() > rest.size()) break;
    if (!parse_rank_line(take_line(rest))) return false;
  }
  return !bytes.empty();
}

Tokenizer read_tiktoken(std::string_view text, const std::string& name, const std::string& where,
                        const TokenizerExtras& extras) {
  Vocabulary bytes = read_ranks(text, where);
  std::vector<BpeMerge> merges = MergeFinder(bytes, where).run();
  Vocabulary surfaces;
  for (TokenId id = 0; id < bytes.id_limit(); ++id) {
    if (bytes.contains(id)) surfaces.add(id, bytes_to_surface(bytes.text_of(id)));
  }
  const NamedEncoding encoding = named_encoding(name);
  TokenizerParts parts;
  const Json split = {
      {"type", "Split"}, {"pattern", {{"Regex", encoding.pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  const Json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}};
  parse_pre_tokenizer(Json{{"type", "Sequence"}, {"pretokenizers", Json::array({split, byte_level})}}.dump(), parts,
                      where);
  for (const auto& [content, id] : encoding.special) {
    if (!bytes.contains(id)) parts.added.push_back({.id = id, .content = std::string(content)});
  }
  parts.model = std::make_shared<BpeModel>(std::move(surfaces), std::move(bytes), std::move(merges), true);
  add_extra_tokens(extras, parts);
  parse_post_processor(template_json(extras, "<|begin_of_text|>", "<|end_of_text|>", parts, where), parts, where);
  parse_decoder(byte_level.dump(), parts, where);
  return finish_tokenizer(std::move(parts), where);
}

}  // namespace quern
