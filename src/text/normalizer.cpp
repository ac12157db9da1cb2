// SPDX-License-Identifier: MIT
#include "text/normalizer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/char_properties.h"
#include "text/text_rewriter.h"
#include "text/unicode.h"
#include "text/unicode_forms.h"

namespace quern {
namespace {

// A hostile file may ask for replacements of replacements; real ones make a text a little longer.
void check_growth(size_t now, size_t before) {
  if (now > before * 64 + (size_t{16} << 20)) {
    throw Error(ErrorKind::InvalidData, "the tokenizer's normalizer makes more than {} bytes of a text of {}", now,
                before);
  }
}

// each(c, length) for every character; it must keep, skip or replace those bytes.
template <typename Rewriter, typename Each>
void for_each_char(Rewriter& out, Each&& each) {
  const std::string_view in = out.in();
  for (size_t i = 0; i < in.size();) {
    const CodePoint c = decode_utf8(in.data() + i);
    i += static_cast<size_t>(c.length);
    each(c.value, static_cast<size_t>(c.length));
  }
}

template <typename Rewriter, typename Drop>
void drop_chars(Rewriter& out, Drop&& drop) {
  for_each_char(out, [&](char32_t c, size_t length) { drop(c) ? out.skip(length) : out.keep(length); });
}

template <typename Rewriter>
void lowercase(Rewriter& out) {
  std::string lower;
  for_each_char(out, [&](char32_t c, size_t length) {
    if (c < 0x80 ? c < 'A' || c > 'Z' : false) return out.keep(length);
    lower.clear();
    append_lower(lower, c);
    const CodePoint first = decode_utf8(lower.data());
    if (first.value == c) return out.keep(length);
    out.replace(std::string_view(lower).substr(0, static_cast<size_t>(first.length)), length);
    out.insert(std::string_view(lower).substr(static_cast<size_t>(first.length)));
  });
}

template <typename Rewriter>
void clean_text(Rewriter& out) {
  for_each_char(out, [&](char32_t c, size_t length) {
    if (c == 0 || c == 0xFFFD || is_bert_control(c)) return out.skip(length);
    if (c != ' ' && is_white_space(c)) return out.replace(" ", length);
    out.keep(length);
  });
}

template <typename Rewriter>
void space_cjk(Rewriter& out) {
  const std::string_view in = out.in();
  for (size_t i = 0; i < in.size();) {
    const CodePoint c = decode_utf8(in.data() + i);
    const auto length = static_cast<size_t>(c.length);
    if (is_cjk_ideograph(c.value)) {
      // The space in front takes the ideograph's place, and the ideograph is what is added.
      out.replace(" ", length);
      out.insert(in.substr(i, length));
      out.insert(" ");
    } else {
      out.keep(length);
    }
    i += length;
  }
}

template <typename Rewriter>
void strip(Rewriter& out, bool left, bool right) {
  const std::string_view in = out.in();
  size_t begin = 0, end = in.size();
  while (left && begin < end) {
    const CodePoint c = decode_utf8(in.data() + begin);
    if (!is_white_space(c.value)) break;
    begin += static_cast<size_t>(c.length);
  }
  while (right && end > begin) {
    const CodePoint c = decode_utf8_before(in.data() + end);
    if (!is_white_space(c.value)) break;
    end -= static_cast<size_t>(c.length);
  }
  if (begin > 0) out.skip(begin);
  out.keep(end - begin);
  if (end < in.size()) out.skip(in.size() - end);
}

template <typename Rewriter>
void replace_matches(Rewriter& out, const NormalizerStep& step) {
  const std::string_view in = out.in();
  size_t at = 0, grown = in.size();
  const auto replace = [&](size_t begin, size_t end) {
    out.keep(begin - at);
    out.skip(end - begin);
    out.insert(step.content);
    at = end;
    check_growth(grown += step.content.size(), in.size());
  };
  if (step.regex != nullptr) {
    std::vector<std::pair<size_t, size_t>> matches;
    step.regex->find_all(in, matches);
    for (const auto& [begin, end] : matches) replace(begin, end);
  } else {
    for (size_t hit = in.find(step.literal); hit != std::string_view::npos; hit = in.find(step.literal, at)) {
      replace(hit, hit + step.literal.size());
    }
  }
  out.keep(in.size() - at);
}

template <typename Rewriter>
void prepend(Rewriter& out, std::string_view content) {
  const std::string_view in = out.in();
  if (!in.empty() && !content.empty()) {
    // All of it counts as part of the first character.
    const auto first = static_cast<size_t>(decode_utf8(in.data()).length);
    out.replace(content, first);
    out.insert(in.substr(0, first));
    out.keep(in.size() - first);
  } else {
    out.keep(in.size());
  }
}

bool is_nmt_control(char32_t c) {
  return (c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}

bool is_nmt_space(char32_t c) {
  return c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
         c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
}

template <typename Rewriter>
void nmt(Rewriter& out) {
  for_each_char(out, [&](char32_t c, size_t length) {
    if (is_nmt_control(c)) return out.skip(length);
    if (is_nmt_space(c)) return out.replace(" ", length);
    out.keep(length);
  });
}

// `part` of the text becomes `with`: one character for one, as far as both go; what is over is added or left out.
template <typename Rewriter>
void replace_chars(Rewriter& out, std::string_view part, std::string_view with) {
  if (with.empty()) return out.drop(part.size());
  while (!with.empty() && !part.empty()) {
    const auto read = static_cast<size_t>(decode_utf8(part.data()).length);
    const auto write = static_cast<size_t>(decode_utf8(with.data()).length);
    out.replace(with.substr(0, write), read);
    part.remove_prefix(read);
    with.remove_prefix(write);
  }
  if (!part.empty()) out.skip(part.size());
  if (!with.empty()) out.insert(with);
}

template <typename Rewriter>
void map_chars(Rewriter& out, const CharsMap& map) {
  constexpr size_t kLongest = 5;  // bytes of a grapheme cluster that is looked up as a whole
  const std::string_view in = out.in();
  const auto one = [&](std::string_view part) {
    const std::optional<std::string_view> with = map.replacement(part);
    with ? replace_chars(out, part, *with) : out.keep(part.size());
    return with.has_value();
  };
  for (size_t i = 0; i < in.size();) {
    const bool alone = in[i] != '\r' && static_cast<unsigned char>(in[i]) < 0x80 &&
                       (i + 1 == in.size() || static_cast<unsigned char>(in[i + 1]) < 0x80);
    const size_t length = alone ? 1 : grapheme_length(in.substr(i));
    const std::string_view grapheme = in.substr(i, length);
    i += length;
    if (length <= kLongest) {
      if (const std::optional<std::string_view> with = map.replacement(grapheme)) {
        replace_chars(out, grapheme, *with);
        continue;
      }
    }
    for (size_t at = 0; at < length;) {
      const auto size = static_cast<size_t>(decode_utf8(grapheme.data() + at).length);
      one(grapheme.substr(at, size));
      at += size;
    }
  }
}

template <typename Rewriter>
void rewrite(const NormalizerStep& step, Rewriter& out) {
  using Kind = NormalizerStep::Kind;
  switch (step.kind) {
    case Kind::Lowercase:
      return lowercase(out);
    case Kind::StripAccents:
      return drop_chars(out, is_combining_mark);
    case Kind::StripMarks:
      return drop_chars(out, is_nonspacing_mark);
    case Kind::CleanText:
      return clean_text(out);
    case Kind::SpaceCjk:
      return space_cjk(out);
    case Kind::Strip:
      return strip(out, step.left, step.right);
    case Kind::Replace:
      return replace_matches(out, step);
    case Kind::Prepend:
      return prepend(out, step.content);
    case Kind::Nmt:
      return nmt(out);
    case Kind::CharsMap:
      return map_chars(out, *step.charsmap);
    case Kind::ByteLevel:
      return write_byte_level(out);
    case Kind::Nfc:
    case Kind::Nfd:
    case Kind::Nfkc:
    case Kind::Nfkd:
      break;
  }
  QUERN_CHECK(false, "a normalizer step without a writer");
}

std::optional<UnicodeForm> form_of(NormalizerStep::Kind kind) {
  switch (kind) {
    case NormalizerStep::Kind::Nfc:
      return UnicodeForm::Nfc;
    case NormalizerStep::Kind::Nfd:
      return UnicodeForm::Nfd;
    case NormalizerStep::Kind::Nfkc:
      return UnicodeForm::Nfkc;
    case NormalizerStep::Kind::Nfkd:
      return UnicodeForm::Nfkd;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool Normalizer::is_local() const {
  return std::all_of(steps_.begin(), steps_.end(), [](const NormalizerStep& step) {
    using Kind = NormalizerStep::Kind;
    return step.kind != Kind::Strip && step.kind != Kind::Replace && step.kind != Kind::Prepend &&
           step.kind != Kind::CharsMap && step.kind != Kind::ByteLevel;
  });
}

std::string_view Normalizer::apply(std::string_view text, std::string& scratch) const {
  const size_t size = text.size();
  std::string spare;
  for (const NormalizerStep& step : steps_) {
    std::string_view next;
    if (const std::optional<UnicodeForm> form = form_of(step.kind)) {
      next = normalize_form(*form, text, spare);
    } else {
      PlainRewriter out(text, spare);
      rewrite(step, out);
      next = out.finish();
    }
    if (next.data() == text.data() && next.size() == text.size()) continue;
    scratch.swap(spare);
    text = scratch;
    check_growth(text.size(), size);
  }
  return text;
}

void Normalizer::apply_aligned(AlignedText& text) const {
  const size_t size = text.text.size();
  for (const NormalizerStep& step : steps_) {
    if (const std::optional<UnicodeForm> form = form_of(step.kind)) {
      normalize_form_aligned(*form, text);
    } else {
      AlignedRewriter out(text);
      rewrite(step, out);
      out.finish();
    }
    check_growth(text.text.size(), size);
  }
}

}  // namespace quern
