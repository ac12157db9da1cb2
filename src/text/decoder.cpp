// SPDX-License-Identifier: MIT
#include "text/decoder.h"

#include <algorithm>
#include <optional>

#include "text/byte_level.h"
#include "text/unicode.h"

namespace quern {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty() || text.find(what) == std::string::npos) return;
  std::string out;
  size_t at = 0;
  for (size_t hit = text.find(what); hit != std::string::npos; hit = text.find(what, at)) {
    out.append(text, at, hit - at);
    out += with;
    at = hit + what.size();
  }
  out.append(text, at);
  text = std::move(out);
}

void replace_regex(std::string& text, const Regex& regex, std::string_view with) {
  std::vector<std::pair<size_t, size_t>> matches;
  regex.find_all(text, matches);
  std::string out;
  size_t at = 0;
  for (const auto& [begin, end] : matches) {
    out.append(text, at, begin - at);
    out += with;
    at = end;
  }
  out.append(text, at);
  text = std::move(out);
}

// Spaces that BERT's tokens leave before punctuation and contractions.
void clean_up_english(std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kRules) replace_all(text, from, to);
}

void strip_token(std::string& token, const DecoderStep& step) {
  size_t begin = 0, end = token.size();
  const std::string_view text = token, mark = step.content;
  for (size_t i = 0; i < step.start && text.substr(begin).starts_with(mark) && begin < end; ++i) begin += mark.size();
  for (size_t i = 0; i < step.stop && end > begin && text.substr(begin, end - begin).ends_with(mark); ++i)
    end -= mark.size();
  token = token.substr(begin, end - begin);
}

std::optional<char> byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  const int high = token[3] == '+' ? 0 : digit(token[3]), low = digit(token[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

// What a step makes of one token, number `index`, which is not the last.
void change_token(const DecoderStep& step, size_t index, std::string& token) {
  switch (step.kind) {
    case DecoderStep::Kind::Replace:
      step.regex != nullptr ? replace_regex(token, *step.regex, step.content)
                            : replace_all(token, step.literal, step.content);
      break;
    case DecoderStep::Kind::Strip:
      strip_token(token, step);
      break;
    case DecoderStep::Kind::Metaspace:
      replace_all(token, step.literal, index == 0 && !step.keep_first ? "" : " ");
      break;
    case DecoderStep::Kind::WordPiece:
      if (index > 0) {
        if (token.starts_with(step.literal)) {
          token.erase(0, step.literal.size());
        } else {
          token.insert(0, 1, ' ');
        }
      }
      if (step.cleanup) clean_up_english(token);
      break;
    case DecoderStep::Kind::Suffix:
      replace_all(token, step.literal, " ");
      break;
    case DecoderStep::Kind::Ctc:
      replace_all(token, step.literal, "");
      if (step.cleanup) {
        clean_up_english(token);
        replace_all(token, step.content, " ");
      }
      break;
    case DecoderStep::Kind::ByteFallback:
    case DecoderStep::Kind::Fuse:
    case DecoderStep::Kind::ByteLevel:
      break;
  }
}

bool joins(const DecoderStep& step) {
  return step.kind == DecoderStep::Kind::Fuse || step.kind == DecoderStep::Kind::ByteLevel;
}

}  // namespace

void take_whole_characters(std::string& bytes, std::string& out) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const Utf8Step step = step_utf8(rest.substr(0, 4));
    if (step.incomplete) break;
    out += step.valid ? rest.substr(0, static_cast<size_t>(step.length)) : kReplacement;
    rest.remove_prefix(static_cast<size_t>(step.length));
  }
  bytes.erase(0, bytes.size() - rest.size());
}

std::string Decoder::piece_of(std::string_view token) const {
  std::string piece(token);
  for (const DecoderStep& step : steps_) {
    if (step.kind == DecoderStep::Kind::ByteFallback) {
      if (const std::optional<char> byte = byte_of_token(piece)) piece.assign(1, *byte);
    } else if (joins(step)) {
      std::string bytes;
      if (step.kind == DecoderStep::Kind::ByteLevel && surface_to_bytes(piece, bytes)) piece = bytes;
      break;
    }
    change_token(step, 1, piece);
  }
  return piece;
}

DecoderRun::DecoderRun(const Decoder& decoder) {
  const std::vector<DecoderStep>& steps = decoder.steps();
  size_t i = 0;
  for (; i < steps.size() && !joins(steps[i]); ++i) each_.push_back({.step = &steps[i]});
  if (i < steps.size()) join_ = &steps[i++];
  for (; i < steps.size() && steps[i].kind == DecoderStep::Kind::Fuse; ++i) {
  }
  for (; i < steps.size() && steps[i].kind == DecoderStep::Kind::Strip; ++i) strips_.push_back({.step = &steps[i]});
  rest_.assign(steps.begin() + static_cast<ptrdiff_t>(i), steps.end());
}

void DecoderRun::push(std::string_view token, std::string& out) { feed(0, std::string(token), out); }

void DecoderRun::feed(size_t number, std::string token, std::string& out) {
  if (number == each_.size()) return join(token, out);
  Stage& stage = each_[number];
  const DecoderStep& step = *stage.step;
  switch (step.kind) {
    case DecoderStep::Kind::ByteFallback:
      if (const std::optional<char> byte = byte_of_token(token)) {
        stage.held += *byte;
        return;
      }
      flush(number, out);
      break;
    case DecoderStep::Kind::Suffix:
      flush(number, out);
      stage.held = std::move(token);
      stage.holds = true;
      return;
    case DecoderStep::Kind::Ctc:
      if (stage.holds && stage.held == token) return;
      stage.held = token;
      stage.holds = true;
      change_token(step, stage.index++, token);
      if (token.empty()) return;
      return feed(number + 1, std::move(token), out);
    default:
      change_token(step, stage.index++, token);
  }
  feed(number + 1, std::move(token), out);
}

// Hands on what a stage holds back; another token follows.
void DecoderRun::flush(size_t number, std::string& out) {
  Stage& stage = each_[number];
  if (stage.step->kind == DecoderStep::Kind::ByteFallback && !stage.held.empty()) {
    const std::string bytes = std::exchange(stage.held, {});
    if (is_valid_utf8(bytes)) return feed(number + 1, bytes, out);
    for (size_t i = 0; i < bytes.size(); ++i) feed(number + 1, std::string(kReplacement), out);
  } else if (stage.step->kind == DecoderStep::Kind::Suffix && std::exchange(stage.holds, false)) {
    change_token(*stage.step, 0, stage.held);
    feed(number + 1, std::exchange(stage.held, {}), out);
  }
}

void DecoderRun::join(std::string_view token, std::string& out) {
  std::string text;
  if (join_ != nullptr && join_->kind == DecoderStep::Kind::ByteLevel) {
    std::string bytes;
    pending_ += surface_to_bytes(token, bytes) ? std::string_view(bytes) : token;
    take_whole_characters(pending_, text);
  } else {
    text = token;
  }
  strip(0, std::move(text), out);
}

void DecoderRun::strip(size_t number, std::string text, std::string& out) {
  if (number == strips_.size()) {
    (rest_.empty() ? out : whole_) += text;
    return;
  }
  Stage& stage = strips_[number];
  const std::string_view mark = stage.step->content;
  while (stage.at_start && !text.empty()) {
    if (stage.stripped < stage.step->start && text.starts_with(mark)) {
      text.erase(0, mark.size());
      ++stage.stripped;
    } else {
      stage.at_start = false;
    }
  }
  // The last `stop` characters may yet be stripped.
  stage.held += text;
  size_t keep = stage.held.size();
  for (size_t i = 0; i < stage.step->stop && keep > 0; ++i)
    keep -= static_cast<size_t>(decode_utf8_before(stage.held.data() + keep).length);
  std::string ready = stage.held.substr(0, keep);
  stage.held.erase(0, keep);
  strip(number + 1, std::move(ready), out);
}

void DecoderRun::finish(std::string& out) {
  for (size_t number = 0; number < each_.size(); ++number) {
    Stage& stage = each_[number];
    if (stage.step->kind == DecoderStep::Kind::Suffix) {
      if (!std::exchange(stage.holds, false)) continue;
      replace_all(stage.held, stage.step->literal, "");
      feed(number + 1, std::exchange(stage.held, {}), out);
    } else {
      flush(number, out);
    }
  }
  if (!pending_.empty()) strip(0, to_valid_utf8(std::exchange(pending_, {})), out);
  for (size_t number = 0; number < strips_.size(); ++number) {
    std::string held = std::exchange(strips_[number].held, {});
    DecoderStep last = *strips_[number].step;
    last.start = 0;
    strip_token(held, last);
    strip(number + 1, std::move(held), out);
  }
  if (rest_.empty()) return;
  const Decoder decoder(std::move(rest_));
  rest_.clear();
  DecoderRun run(decoder);
  run.push(std::exchange(whole_, {}), out);
  run.finish(out);
}

}  // namespace quern
