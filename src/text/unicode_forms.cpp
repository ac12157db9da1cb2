// SPDX-License-Identifier: MIT
#include "text/unicode_forms.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace quern {
namespace {

bool composes(UnicodeForm form) { return form == UnicodeForm::Nfc || form == UnicodeForm::Nfkc; }
bool is_compatibility(UnicodeForm form) { return form == UnicodeForm::Nfkc || form == UnicodeForm::Nfkd; }

void append_form(UnicodeForm form, std::string& out, std::string_view part) {
  utf8proc_uint8_t* composed = nullptr;
  int options = UTF8PROC_STABLE | (composes(form) ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE);
  if (is_compatibility(form)) options |= UTF8PROC_COMPAT;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(part.data()), static_cast<utf8proc_ssize_t>(part.size()),
                   &composed, static_cast<utf8proc_option_t>(options));
  QUERN_CHECK(size >= 0, "utf8proc: {}", utf8proc_errmsg(size));
  out.append(reinterpret_cast<const char*>(composed), static_cast<size_t>(size));
  std::free(composed);
}

// A character of the decomposed text. `change` counts source characters as Hugging Face tokenizers does: 0 stands for
// one source character, +1 was added, -n stands for n more than one; so composing adds up to change_a + change_b - 1.
struct Decomposed {
  char32_t value;
  int combining_class, change;
};

int combining_class(char32_t c) { return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class; }

// Compatibility characters that are newer than the tables of Hugging Face tokenizers, which leave them as they are.
bool is_later_compatibility(char32_t c) {
  return c == 0x32FF || (c >= 0xA7F2 && c <= 0xA7F4) || c == 0xAB69 || (c >= 0x10781 && c <= 0x107BA) || c == 0x1F16C ||
         (c >= 0x1E030 && c <= 0x1E06D) || (c >= 0x1FBF0 && c <= 0x1FBF9);
}

// Whether the form may change this character or, through it, a neighbour.
bool is_active(UnicodeForm form, const CharTable& table, char32_t c) {
  if (form == UnicodeForm::Nfc) return table[c] & kNfcActive;
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
  if (property->combining_class != 0) return true;
  if (composes(form) && (table[c] & kNfcActive)) return true;
  if (c >= 0xAC00 && c <= 0xD7A3) return !composes(form);  // Hangul syllables decompose by rule
  if (property->decomp_seqindex == UINT16_MAX) return false;
  return property->decomp_type == 0 ? !composes(form) : is_compatibility(form) && !is_later_compatibility(c);
}

std::vector<Decomposed> decompose(UnicodeForm form, std::string_view text) {
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | (is_compatibility(form) ? UTF8PROC_COMPAT : 0));
  std::vector<Decomposed> out;
  for (size_t i = 0; i < text.size();) {
    const CodePoint c = decode_utf8(text.data() + i);
    i += static_cast<size_t>(c.length);
    utf8proc_int32_t parts[32];
    int boundary = 0;
    if (is_later_compatibility(c.value)) {
      out.push_back({c.value, 0, 0});
      continue;
    }
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c.value), parts, 32, options, &boundary);
    QUERN_CHECK(count >= 0 && count <= 32, "utf8proc: {}", utf8proc_errmsg(count));
    for (int k = 0; k < count; ++k) {
      const auto part = static_cast<char32_t>(parts[k]);
      out.push_back({part, combining_class(part), k > 0 ? 1 : 0});
    }
  }
  for (size_t i = 0; i < out.size();) {  // canonical order: marks after a starter by combining class
    size_t end = i;
    while (end < out.size() && out[end].combining_class != 0) ++end;
    const auto at = [&](size_t k) { return out.begin() + static_cast<ptrdiff_t>(k); };
    std::stable_sort(at(i), at(end),
                     [](const Decomposed& a, const Decomposed& b) { return a.combining_class < b.combining_class; });
    i = std::max(end, i + 1);
  }
  return out;
}

bool compose_pair(char32_t first, char32_t second, char32_t& composed) {
  utf8proc_int32_t pair[3] = {static_cast<utf8proc_int32_t>(first), static_cast<utf8proc_int32_t>(second), 0};
  const auto size =
      utf8proc_normalize_utf32(pair, 2, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  composed = static_cast<char32_t>(pair[0]);
  return size == 1;
}

void compose(std::vector<Decomposed>& text) {
  size_t kept = 0;
  ptrdiff_t starter = -1;
  int last_class = -1;  // of the last mark kept after the starter, -1: none
  for (size_t i = 0; i < text.size(); ++i) {
    Decomposed c = text[i];
    char32_t composed;
    const bool blocked = last_class >= 0 && last_class >= c.combining_class;
    if (starter >= 0 && !blocked && compose_pair(text[static_cast<size_t>(starter)].value, c.value, composed)) {
      text[static_cast<size_t>(starter)].value = composed;
      text[static_cast<size_t>(starter)].change += c.change - 1;
      continue;
    }
    if (c.combining_class == 0) {
      starter = static_cast<ptrdiff_t>(kept);
      last_class = -1;
    } else {
      last_class = c.combining_class;
    }
    text[kept++] = c;
  }
  text.resize(kept);
}

}  // namespace

void normalize_form_aligned(UnicodeForm form, AlignedText& text) {
  std::string scratch;
  if (normalize_form(form, text.text, scratch).data() == text.text.data()) return;
  std::vector<Decomposed> chars = decompose(form, text.text);
  if (composes(form)) compose(chars);
  AlignedText out;
  out.origin = text.origin;
  size_t at = 0;  // first byte of the next source character
  const auto skip_one = [&] {
    if (at < text.text.size()) at += static_cast<size_t>(decode_utf8(text.text.data() + at).length);
  };
  for (const Decomposed& c : chars) {
    const bool added = c.change > 0;
    const SourceRange range = added ? (at > 0 ? text.source[at - 1] : SourceRange{text.origin, text.origin})
                                    : text.source[std::min(at, text.source.size() - 1)];
    append_utf8(out.text, c.value);
    out.source.resize(out.text.size(), range);
    for (int k = added ? 1 : c.change; k <= 0; ++k) skip_one();
  }
  text = std::move(out);
}

std::string_view normalize_form(UnicodeForm form, std::string_view text, std::string& scratch) {
  const CharTable& table = char_table();
  bool changed = false;
  size_t copied = 0, previous = 0;  // bytes taken over so far; start of the character before i
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      previous = i++;
      continue;
    }
    CodePoint c = decode_utf8(text.data() + i);
    if (!is_active(form, table, c.value)) {
      previous = is_later_compatibility(c.value) ? i + static_cast<size_t>(c.length) : i;
      i += static_cast<size_t>(c.length);
      continue;
    }
    // The character before (which may be composed with), this one, and all active ones that follow go together.
    const size_t begin = composes(form) ? std::max(previous, copied) : i;
    while (i < text.size()) {
      c = decode_utf8(text.data() + i);
      if (!is_active(form, table, c.value)) break;
      i += static_cast<size_t>(c.length);
    }
    if (!changed) scratch.clear(), scratch.reserve(text.size() + 16);
    changed = true;
    scratch.append(text, copied, begin - copied);
    append_form(form, scratch, text.substr(begin, i - begin));
    copied = previous = i;
  }
  if (!changed) return text;
  scratch.append(text, copied);
  if (scratch == text) return text;
  return scratch;
}

}  // namespace quern
