// SPDX-License-Identifier: MIT
#pragma once
// The two families of word patterns that byte-level BPE models use, written out by hand: one pass, one table look-up a
// character. Each function hands the words of [begin, end), which together are the whole text, to emit(begin, end).
// `text` is well-formed UTF-8. The patterns themselves are in split_patterns.h; tests hold the functions to PCRE2.

#include "text/unicode.h"

namespace quern {

namespace splitting {

struct Cursor {
  const CharTable& table;
  const char* end;

  // Class of the character at p < end; `length` gets its bytes.
  uint8_t at(const char* p, int& length) const {
    const auto byte = static_cast<unsigned char>(*p);
    if (byte < 0x80) {
      length = 1;
      return table.ascii(byte);
    }
    const CodePoint c = decode_utf8(p);
    length = c.length;
    return table[c.value];
  }
  // First character at or after p whose class has none of the bits `wanted`.
  const char* skip(const char* p, uint8_t wanted) const {
    while (p < end) {
      int length;
      if (!(at(p, length) & wanted)) break;
      p += length;
    }
    return p;
  }
  // First character at or after p that is white space, a letter or a number.
  const char* skip_other(const char* p) const {
    while (p < end) {
      int length;
      if (at(p, length) & (kSpace | kLetter | kNumber)) break;
      p += length;
    }
    return p;
  }
  const char* skip_numbers(const char* p, int most) const {
    for (int i = 0; i < most && p < end; ++i) {
      int length;
      if (!(at(p, length) & kNumber)) break;
      p += length;
    }
    return p;
  }
};

// Bytes of 's 't 'm 'd 're 've 'll at p, where *p is the apostrophe; 0 if none. U+017F folds to s.
template <bool kIgnoreCase>
int contraction(const char* p, const char* end) {
  const auto letter = [](char c) { return static_cast<char>(kIgnoreCase && c >= 'A' && c <= 'Z' ? c | 32 : c); };
  if (end - p < 2) return 0;
  const char first = letter(p[1]);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (end - p < 3) return 0;
  const char second = letter(p[2]);
  if ((first == 'r' || first == 'v') && second == 'e') return 3;
  if (first == 'l' && second == 'l') return 3;
  if (kIgnoreCase && p[1] == '\xC5' && p[2] == '\xBF') return 3;
  return 0;
}

// Where `\s+(?!\S)|\s+` ends, for a run of white space [p, run_end) with p < run_end: the last character is left for
// the word that follows, unless there is none or it is alone.
inline const char* space_run_end(const char* p, const char* run_end, const char* end) {
  if (run_end == end) return run_end;
  const char* last = run_end - decode_utf8_before(run_end).length;
  return last > p ? last : run_end;
}

}  // namespace splitting

// GPT-2: kPatternGpt2.
template <typename Emit>
void split_gpt2(const char* begin, const char* end, Emit&& emit) {
  using namespace splitting;
  const Cursor cursor{char_table(), end};
  for (const char* p = begin; p < end;) {
    const char* start = p;
    int length;
    uint8_t c = cursor.at(p, length);
    if (*p == ' ' && p + 1 < end) {
      int next_length;
      const uint8_t next = cursor.at(p + 1, next_length);
      if (!(next & kSpace)) {
        ++p;
        c = next;
        length = next_length;
      }
    } else if (*p == '\'') {
      if (const int taken = contraction<false>(p, end)) {
        emit(p, p + taken);
        p += taken;
        continue;
      }
    }
    if (c & kLetter) {
      p = cursor.skip(p + length, kLetter);
    } else if (c & kNumber) {
      p = cursor.skip(p + length, kNumber);
    } else if (c & kSpace) {
      p = space_run_end(p, cursor.skip(p + length, kSpace), end);
    } else {
      p = cursor.skip_other(p + length);
    }
    emit(start, p);
  }
}

struct Gpt4Style {
  int max_digits = 3;         // \p{N}{1,3}
  bool space_to_end = false;  // `\s++$`: white space at the end is one word, line ends included
};

// GPT-4, Llama-3 (3 digits), Qwen-2 (1 digit): kPatternLlama3, kPatternQwen2 and their equals.
template <typename Emit>
void split_gpt4(const char* begin, const char* end, Gpt4Style style, Emit&& emit) {
  using namespace splitting;
  const Cursor cursor{char_table(), end};
  const auto is_line_end = [](char c) { return c == '\r' || c == '\n'; };
  for (const char* p = begin; p < end;) {
    const char* start = p;
    int length;
    const uint8_t c = cursor.at(p, length);
    if (c & kLetter) {
      p = cursor.skip(p + length, kLetter);
      emit(start, p);
      continue;
    }
    if (c & kNumber) {
      p = cursor.skip_numbers(p + length, style.max_digits - 1);
      emit(start, p);
      continue;
    }
    if (*p == '\'') {
      if (const int taken = contraction<true>(p, end)) {
        emit(p, p + taken);
        p += taken;
        continue;
      }
    }
    const char* next = p + length;
    if (next < end && !is_line_end(*p)) {
      int next_length;
      const uint8_t next_class = cursor.at(next, next_length);
      if (next_class & kLetter) {  // [^\r\n\p{L}\p{N}]?\p{L}+
        p = cursor.skip(next + next_length, kLetter);
        emit(start, p);
        continue;
      }
      if (*p == ' ' && !(next_class & (kSpace | kNumber))) {
        p = next;
        next = p + next_length;
      }
    }
    if (p != start || !(c & kSpace)) {  // ` ?[^\s\p{L}\p{N}]+[\r\n]*`
      p = cursor.skip_other(next);
      while (p < end && is_line_end(*p)) ++p;
    } else {
      const char* run_end = cursor.skip(next, kSpace);
      const char* after_line = run_end;  // \s*[\r\n]+ ends behind the run's last line end
      while (after_line > start && !is_line_end(after_line[-1])) --after_line;
      if (style.space_to_end && run_end == end) {
        p = run_end;
      } else if (after_line > start) {
        p = after_line;
      } else {
        p = space_run_end(start, run_end, end);
      }
    }
    emit(start, p);
  }
}

template <typename Emit>
void split_every_char(const char* begin, const char* end, Emit&& emit) {
  for (const char* p = begin; p < end;) {
    const int length = decode_utf8(p).length;
    emit(p, p + length);
    p += length;
  }
}

// Runs of numbers (or each number alone) apart from the rest.
template <typename Emit>
void split_digits(const char* begin, const char* end, bool individual, Emit&& emit) {
  const splitting::Cursor cursor{char_table(), end};
  for (const char* p = begin; p < end;) {
    const char* start = p;
    int length;
    if (cursor.at(p, length) & kNumber) {
      p = individual ? p + length : cursor.skip(p + length, kNumber);
    } else {
      p += length;
      while (p < end && !(cursor.at(p, length) & kNumber)) p += length;
    }
    emit(start, p);
  }
}

}  // namespace quern
