// SPDX-License-Identifier: MIT
#pragma once
// What becomes of the parts that a pattern matches when text is cut at them, and the splitters built on that.

#include <cstring>
#include <string_view>

#include "base/error.h"
#include "text/char_properties.h"
#include "text/unicode.h"

namespace quern {

// Hugging Face tokenizers' SplitDelimiterBehavior.
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

// Takes the parts of a text in order, matches and what lies between, and hands the resulting pieces to
// emit(begin, end). Empty pieces are left out, but an empty match still counts as one.
template <typename Emit>
class PartJoiner {
 public:
  PartJoiner(SplitBehavior behavior, Emit& emit) : behavior_(behavior), emit_(emit) {}
  ~PartJoiner() = default;
  PartJoiner(const PartJoiner&) = delete;
  PartJoiner& operator=(const PartJoiner&) = delete;

  void add(const char* begin, const char* end, bool match) {
    switch (behavior_) {
      case SplitBehavior::Removed:
        if (!match) pass(begin, end);
        return;
      case SplitBehavior::Isolated:
        pass(begin, end);
        return;
      case SplitBehavior::Contiguous:
        if (pending_ && match == previous_match_) {
          end_ = end;
          return;
        }
        break;
      case SplitBehavior::MergedWithPrevious:
        if (pending_ && match && !previous_match_) {
          end_ = end;
          previous_match_ = match;
          return;
        }
        break;
      case SplitBehavior::MergedWithNext:
        if (pending_ && previous_match_ && !match) {
          end_ = end;
          previous_match_ = match;
          return;
        }
        break;
    }
    finish();
    begin_ = begin;
    end_ = end;
    pending_ = true;
    previous_match_ = match;
  }
  void finish() {
    if (pending_) pass(begin_, end_);
    pending_ = false;
  }

 private:
  SplitBehavior behavior_;
  Emit& emit_;
  const char *begin_ = nullptr, *end_ = nullptr;
  bool pending_ = false, previous_match_ = false;
  void pass(const char* begin, const char* end) {
    if (begin < end) emit_(begin, end);
  }
};

// Each character for which matches(c) is a match of its own.
template <typename Matches, typename Emit>
void split_by_char(const char* begin, const char* end, SplitBehavior behavior, Matches&& matches, Emit&& emit) {
  PartJoiner joiner(behavior, emit);
  const char* from = begin;
  for (const char* p = begin; p < end;) {
    const CodePoint c = decode_utf8(p);
    if (matches(c.value)) {
      if (from < p) joiner.add(from, p, false);
      joiner.add(p, p + c.length, true);
      from = p + c.length;
    }
    p += c.length;
  }
  if (from < end) joiner.add(from, end, false);
  joiner.finish();
}

// `literal` is not empty.
template <typename Emit>
void split_by_literal(const char* begin, const char* end, SplitBehavior behavior, std::string_view literal,
                      Emit&& emit) {
  PartJoiner joiner(behavior, emit);
  const std::string_view text(begin, static_cast<size_t>(end - begin));
  size_t from = 0;
  for (size_t hit = text.find(literal); hit != std::string_view::npos; hit = text.find(literal, from)) {
    if (from < hit) joiner.add(begin + from, begin + hit, false);
    from = hit + literal.size();
    joiner.add(begin + hit, begin + from, true);
  }
  if (from < text.size()) joiner.add(begin + from, end, false);
  joiner.finish();
}

// `\w+|[^\w\s]+`, where \w is wider than elsewhere: see is_whitespace_word().
template <typename Emit>
void split_words(const char* begin, const char* end, Emit&& emit) {
  enum class Run { None, Word, Other } run = Run::None;
  const char* from = begin;
  for (const char* p = begin; p < end;) {
    const CodePoint c = decode_utf8(p);
    const Run now = is_whitespace_word(c.value) ? Run::Word : is_white_space(c.value) ? Run::None : Run::Other;
    if (now != run) {
      if (run != Run::None) emit(from, p);
      from = p;
      run = now;
    }
    p += c.length;
  }
  if (run != Run::None) emit(from, end);
}

template <typename Emit>
void split_fixed_length(const char* begin, const char* end, size_t length, Emit&& emit) {
  const char* from = begin;
  size_t count = 0;
  for (const char* p = begin; p < end;) {
    p += decode_utf8(p).length;
    if (++count == length || p == end) {
      emit(from, p);
      from = p;
      count = 0;
    }
  }
}

}  // namespace quern
