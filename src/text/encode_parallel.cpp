// SPDX-License-Identifier: MIT
// The same ids by several threads: a long text is cut where that changes nothing.
#include <algorithm>
#include <deque>
#include <exception>
#include <thread>

#include "text/encode_text.h"
#include "text/unicode.h"

namespace quern {
namespace {

// Where a text may be cut.
struct CutRule {
  enum class Kind {
    Nowhere,
    BehindLetters,  // safe_cut()
    BeforeSpaces,   // behind a letter, before a space, which ends a word or begins one
    BetweenTokens,  // between characters that the model never puts into one token
  } kind = Kind::Nowhere;
  char32_t space = 0;  // BetweenTokens: what a space becomes on its way to the model; 0: it stays
};

CutRule cut_rule(const TokenizerState& state) {
  using Kind = SplitStage::Kind;
  if (!state.normalized.is_empty()) return {};
  const std::vector<SplitStage>& stages = state.pre_tokenizer.stages;
  CutRule rule{.kind = CutRule::Kind::BetweenTokens};
  for (size_t i = 0; i < stages.size(); ++i) {
    const SplitStage& stage = stages[i];
    const bool literal = stage.kind == Kind::Pattern && stage.regex == nullptr && !stage.invert;
    if (stage.kind == Kind::Gpt2 || stage.kind == Kind::Gpt4 || stage.kind == Kind::EveryChar) {
      return {CutRule::Kind::BehindLetters};
    } else if (stage.kind == Kind::Words || (stage.kind == Kind::Chars && stage.behavior == SplitBehavior::Removed &&
                                             stage.set == SplitStage::CharSet::Space)) {
      return {CutRule::Kind::BeforeSpaces};
    } else if (stage.kind == Kind::Metaspace) {
      rule.space = decode_utf8(stage.literal.data()).value;
      const bool splits = i + 1 < stages.size() && stages[i + 1].literal == stage.literal &&
                          stages[i + 1].behavior == SplitBehavior::MergedWithNext;
      if (splits) return {CutRule::Kind::BeforeSpaces};
      if (i + 1 < stages.size()) return {};
    } else if (stage.kind != Kind::Digits && !(literal && stage.literal == " ")) {
      return {};
    }
  }
  return rule;
}

// A place at or behind `at` where `text` may be cut; its end when there is none.
size_t find_cut(const TokenizerState& state, const CutRule& rule, std::string_view text, size_t at) {
  if (rule.kind == CutRule::Kind::BehindLetters) return safe_cut(text, at);
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  while (at > 0 && at < text.size()) {
    const CodePoint c = decode_utf8(text.data() + at);
    const char32_t before = decode_utf8_before(text.data() + at).value;
    if (rule.kind == CutRule::Kind::BeforeSpaces) {
      if (c.value == ' ' && (char_table()[before] & kLetter)) return at;
    } else {
      // Where spaces are replaced yet, a cut before one needs no second look at what is prepended to pieces.
      const bool candidate = rule.space == 0 || (before != ' ' && (c.value == ' ' || c.value == rule.space));
      if (candidate && state.model->separates(before, rule.space == 0 ? c.value : rule.space)) return at;
    }
    at += static_cast<size_t>(c.length);
  }
  return text.size();
}

struct TextPart {
  std::string_view text;
  const AddedToken* token = nullptr;  // null: ordinary text
  bool at_start = false;
  bool normalized = false;
};

class TextCutter {
 public:
  TextCutter(const TokenizerState& state, const CutRule& rule, size_t part_size)
      : state_(state), rule_(rule), part_size_(part_size) {}
  std::vector<TextPart> parts;

  void add(std::string_view text, const TextSegment& segment) {
    TextPart rest{.text = text.substr(segment.begin, segment.end - segment.begin),
                  .token = segment.token,
                  .at_start = segment.begin == 0};
    const bool as_written = rule_.kind != CutRule::Kind::BetweenTokens && state_.normalizer.is_local();
    if (segment.token == nullptr && !as_written) {
      // What is cut must be what the model sees.
      rest.at_start = rest.at_start && counts_as_start(state_, rest.text);
      normalized_.emplace_back();
      rest.text = state_.normalizer.apply(rest.text, normalized_.back());
      rest.normalized = true;
    }
    while (rest.token == nullptr && rest.text.size() > part_size_ + part_size_ / 2) {
      const size_t cut = find_cut(state_, rule_, rest.text, part_size_);
      if (cut >= rest.text.size()) break;
      TextPart part = rest;
      part.text = rest.text.substr(0, cut);
      parts.push_back(part);
      rest.text.remove_prefix(cut);
      rest.at_start = false;
    }
    parts.push_back(rest);
  }

 private:
  const TokenizerState& state_;
  const CutRule& rule_;
  size_t part_size_;
  std::deque<std::string> normalized_;
};

void encode_part(const TokenizerState& state, const TextPart& part, bool parse_special, EncodeScratch& scratch,
                 IdSink& out) {
  if (part.token != nullptr) return out.push(part.token->id);
  if (part.normalized) return encode_plain(state, part.text, part.at_start, scratch, out);
  encode_unnormalized(state, part.text, part.at_start, parse_special, scratch, out);
}

}  // namespace

std::vector<TokenId> Tokenizer::encode_parallel(std::string_view utf8, int threads, EncodeOptions options) const {
  constexpr size_t kWorthwhile = 1 << 16;  // bytes a thread, below which starting it costs more than it saves
  threads = static_cast<int>(std::min<size_t>(static_cast<size_t>(std::max(threads, 1)), utf8.size() / kWorthwhile));
  const CutRule rule = cut_rule(*state_);
  if (threads < 2 || rule.kind == CutRule::Kind::Nowhere) return encode(utf8, options);
  std::string scratch;
  const std::string_view text = valid_text(utf8, scratch);
  std::vector<TextSegment> segments;
  find_written_tokens(*state_, text, options.parse_special, segments);
  TextCutter cutter(*state_, rule, std::max(kWorthwhile, text.size() / static_cast<size_t>(threads) / 4 + 1));
  for (const TextSegment& segment : segments) cutter.add(text, segment);
  size_t total_bytes = 0;
  for (const TextPart& part : cutter.parts) total_bytes += part.text.size();
  // Worker w takes a contiguous run of parts of about equal bytes.
  std::vector<std::vector<TokenId>> found(static_cast<size_t>(threads));
  std::vector<std::exception_ptr> failures(static_cast<size_t>(threads));
  const auto work = [&](size_t w) {
    try {
      ScratchPool::Lease lease(state_->scratch);
      const size_t from = total_bytes * w / found.size(), to = total_bytes * (w + 1) / found.size();
      IdSink sink(found[w]);
      size_t at = 0;
      for (const TextPart& part : cutter.parts) {
        if (at >= from && at < to) encode_part(*state_, part, options.parse_special, *lease, sink);
        at += part.text.size();
      }
    } catch (...) {
      failures[w] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> team;
    for (size_t w = 1; w < found.size(); ++w) team.emplace_back(work, w);
    work(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  std::vector<TokenId> out;
  with_template(*state_, options.add_special, out, [&] {
    size_t total = out.size();
    for (const auto& ids : found) total += ids.size();
    out.reserve(total);
    for (const auto& ids : found) out.insert(out.end(), ids.begin(), ids.end());
  });
  return out;
}

}  // namespace quern
