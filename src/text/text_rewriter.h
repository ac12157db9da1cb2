// SPDX-License-Identifier: MIT
#pragma once
// One walk over a text that writes a changed copy. A step of normalization is written once, as a template, and runs
// over either of two writers: PlainRewriter gives the new text, AlignedRewriter also where each byte came from, by the
// rules of Hugging Face tokenizers: what replaces a character stands for it, what is inserted shares the place of the
// byte before.

#include <algorithm>
#include <string>
#include <string_view>

#include "text/aligned_text.h"
#include "text/byte_level.h"

namespace quern {

class PlainRewriter {
 public:
  // The new text goes to `out`, whose old content is lost; `in` must not be part of it.
  PlainRewriter(std::string_view in, std::string& out) : in_(in), out_(out) { out_.clear(); }
  std::string_view in() const { return in_; }

  void keep(size_t n) { at_ += n; }  // the next n bytes as they are
  void skip(size_t n) {              // the next n bytes are left out
    flush();
    at_ += n;
    from_ = at_;
  }
  void insert(std::string_view text) {
    flush();
    out_ += text;
  }
  void replace(std::string_view text, size_t n) {  // the next n bytes become `text`, which stands for the first of them
    insert(text);
    skip(n);
  }
  // skip() as Hugging Face tokenizers do it in SentencePiece's replacements: where nothing was written yet, what
  // follows takes the places of what is left out; where a character was inserted last, that one takes its place.
  void drop(size_t n) { skip(n); }
  // `in` itself when nothing changed.
  std::string_view finish() {
    if (!changed_) return in_;
    flush();
    return out_;
  }

 private:
  std::string_view in_;
  std::string& out_;
  size_t at_ = 0, from_ = 0;  // bytes [from_, at_) are kept but not yet copied
  bool changed_ = false;
  void flush() {
    changed_ = true;
    out_.append(in_, from_, at_ - from_);
    from_ = at_;
  }
};

class AlignedRewriter {
 public:
  explicit AlignedRewriter(AlignedText& text) : text_(text) { out_.origin = text.origin; }
  std::string_view in() const { return text_.text; }

  void keep(size_t n) {
    if (place_ != at_) return keep_displaced(n);
    out_.text.append(text_.text, at_, n);
    const auto begin = text_.source.begin() + static_cast<ptrdiff_t>(at_);
    out_.source.insert(out_.source.end(), begin, begin + static_cast<ptrdiff_t>(n));
    advance(n);
  }
  void skip(size_t n) { advance(n); }
  void insert(std::string_view text) {
    append(text, place_ > 0 ? text_.source[place_ - 1] : SourceRange{text_.origin, text_.origin});
    if (!text.empty()) added_ = static_cast<size_t>(decode_utf8_before(text.data() + text.size()).length);
  }
  void replace(std::string_view text, size_t n) {
    append(text, text_.source[place_]);
    advance(n);
  }
  void drop(size_t n) {
    if (out_.text.empty()) return void(at_ += n);
    std::fill(out_.source.end() - static_cast<ptrdiff_t>(added_), out_.source.end(), text_.source[place_]);
    skip(n);
  }
  void finish() { text_ = std::move(out_); }

 private:
  AlignedText& text_;
  AlignedText out_;
  size_t at_ = 0, place_ = 0;  // byte to be read; byte whose place is taken, the same but after a drop()
  size_t added_ = 0;           // bytes of the character that was inserted last, if nothing came behind

  void append(std::string_view text, SourceRange range) {
    out_.text += text;
    out_.source.resize(out_.text.size(), range);
  }
  void advance(size_t n) {
    if (place_ == at_) {
      place_ += n;
    } else {
      for (size_t end = at_ + n, i = at_; i < end; i += char_length(i)) place_ += char_length(place_);
    }
    at_ += n;
    added_ = 0;
  }
  void keep_displaced(size_t n) {
    for (const size_t end = at_ + n; at_ < end;) {
      const size_t length = char_length(at_);
      replace(std::string_view(text_.text).substr(at_, length), length);
    }
  }
  size_t char_length(size_t at) const { return static_cast<size_t>(decode_utf8(text_.text.data() + at).length); }
};

// Each byte as a character of the byte-level alphabet.
template <typename Rewriter>
void write_byte_level(Rewriter& out) {
  const std::string_view in = out.in();
  std::string letter;
  for (size_t i = 0; i < in.size();) {
    const auto length = static_cast<size_t>(decode_utf8(in.data() + i).length);
    for (size_t k = 0; k < length; ++k) {
      letter.clear();
      append_utf8(letter, byte_to_char(static_cast<uint8_t>(in[i + k])));
      if (length == 1 && letter.size() == 1 && letter[0] == in[i]) {
        out.keep(1);
      } else {
        k == 0 ? out.replace(letter, length) : out.insert(letter);
      }
    }
    i += length;
  }
}

}  // namespace quern
