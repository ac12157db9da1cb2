// SPDX-License-Identifier: MIT
#include "text/pre_tokenizer.h"

#include <algorithm>

#include "text/byte_level.h"
#include "text/text_rewriter.h"

namespace quern {
void split_by_pattern(const SplitStage& stage, std::string_view text, std::vector<std::string_view>& out) {
  std::vector<std::pair<size_t, size_t>> matches;
  if (stage.regex != nullptr) {
    stage.regex->find_all(text, matches);
  } else if (stage.literal.empty()) {  // found before each character and at the end
    for (size_t i = 0; i < text.size(); i += static_cast<size_t>(decode_utf8(text.data() + i).length))
      matches.emplace_back(i, i);
    matches.emplace_back(text.size(), text.size());
  } else {
    for (size_t at = text.find(stage.literal); at != std::string_view::npos; at = text.find(stage.literal, at)) {
      matches.emplace_back(at, at + stage.literal.size());
      at += stage.literal.size();
    }
  }
  const auto emit = [&](const char* begin, const char* end) {
    out.emplace_back(begin, static_cast<size_t>(end - begin));
  };
  PartJoiner joiner(stage.behavior, emit);
  const char* base = text.data();
  size_t at = 0;
  for (const auto& [begin, end] : matches) {
    if (at < begin) joiner.add(base + at, base + begin, stage.invert);
    joiner.add(base + begin, base + end, !stage.invert);
    at = end;
  }
  if (at < text.size()) joiner.add(base + at, base + text.size(), stage.invert);
  joiner.finish();
}

namespace {

// The steps of normalization that say what a transforming stage does.
template <typename Rewriter>
void transform_metaspace(const SplitStage& stage, bool prepend, Rewriter& out) {
  const std::string_view in = out.in();
  const std::string_view mark = stage.literal;
  size_t at = 0;
  const bool has_mark = in.starts_with(mark) || in.starts_with(' ');
  if (prepend && !has_mark) {
    at = static_cast<size_t>(decode_utf8(in.data()).length);
    out.replace(mark, at);
    out.insert(in.substr(0, at));
  }
  for (size_t hit = in.find(' ', at); hit != std::string_view::npos; hit = in.find(' ', at)) {
    out.keep(hit - at);
    out.replace(mark, 1);
    at = hit + 1;
  }
  out.keep(in.size() - at);
}

template <typename Rewriter>
void transform_piece(const SplitStage& stage, bool at_start, Rewriter& out) {
  const std::string_view in = out.in();
  switch (stage.kind) {
    case SplitStage::Kind::PrefixSpace: {
      const auto first = static_cast<size_t>(decode_utf8(in.data()).length);
      if (in.starts_with(' ')) return out.keep(in.size());
      out.replace(" ", first);
      out.insert(in.substr(0, first));
      return out.keep(in.size() - first);
    }
    case SplitStage::Kind::Metaspace:
      return transform_metaspace(
          stage,
          stage.prepend == SplitStage::Prepend::Always || (stage.prepend == SplitStage::Prepend::First && at_start),
          out);
    case SplitStage::Kind::ByteLevel:
      return write_byte_level(out);
    default:
      QUERN_CHECK(false, "a stage that cuts is asked to change text");
  }
}

}  // namespace

std::string_view transform(const SplitStage& stage, std::string_view piece, bool at_start, std::string& out) {
  PlainRewriter writer(piece, out);
  if (!piece.empty()) transform_piece(stage, at_start, writer);
  return writer.finish();
}

void transform_aligned(const SplitStage& stage, AlignedText& piece) {
  if (piece.text.empty()) return;
  AlignedRewriter writer(piece);
  transform_piece(stage, piece.origin == 0, writer);
  writer.finish();
}

size_t safe_cut(std::string_view text, size_t at) {
  const CharTable& table = char_table();
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  while (at > 0 && at < text.size()) {
    const CodePoint c = decode_utf8(text.data() + at);
    const uint8_t bits = table[c.value];
    if (!(bits & (kLetter | kMark | kNfcActive)) && (table[decode_utf8_before(text.data() + at).value] & kLetter))
      return at;
    at += static_cast<size_t>(c.length);
  }
  return text.size();
}

bool PreTokenizer::asks_for_start() const {
  return std::any_of(stages.begin(), stages.end(), [](const SplitStage& stage) {
    return stage.kind == SplitStage::Kind::Metaspace && stage.prepend == SplitStage::Prepend::First;
  });
}

}  // namespace quern
