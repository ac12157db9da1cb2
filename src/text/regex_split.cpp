// SPDX-License-Identifier: MIT
#include "text/regex_split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "base/error.h"
#include "text/unicode.h"

namespace quern {
namespace {

// PCRE2's \s adds U+180E, and its \w (before 10.43) leaves out marks and connectors; Oniguruma's has Latin-1's
// fractions and superscripts.
constexpr std::string_view kSpaces =
    R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNotSpaces =
    R"(\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
    R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
constexpr std::string_view kWordChars =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE}\x{24B6}-\x{24E9})";

// \b and \B by the same word characters.
void append_word_border(std::string& out, bool negated) {
  const std::string in = fmt::format("[{}]", kWordChars);
  out += negated ? fmt::format("(?:(?<={0})(?={0})|(?<!{0})(?!{0}))", in)
                 : fmt::format("(?:(?<={0})(?!{0})|(?<!{0})(?={0}))", in);
}

std::string from_oniguruma(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char escaped = pattern[++i];
      if (!in_class && (escaped == 'b' || escaped == 'B')) {
        append_word_border(out, escaped == 'B');
        continue;
      }
      const bool space = escaped == 's' || escaped == 'S', word = escaped == 'w' || escaped == 'W';
      const std::string_view set = space ? kSpaces : kWordChars;
      const bool negated = escaped == 'S' || escaped == 'W';
      if ((space || word) && !in_class) {
        out += negated ? "[^" : "[";
        out += set;
        out += ']';
      } else if (space && negated) {
        out += kNotSpaces;
      } else if ((space || word) && !negated) {
        out += set;
      } else {
        out += c;
        out += escaped;
      }
      continue;
    }
    if (c == '[' && !in_class) {
      in_class = true;
      out += c;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') out += '\\', out += pattern[++i];
      continue;
    }
    if (c == '[' && i + 1 < pattern.size() && pattern[i + 1] == ':') {  // a POSIX class, up to ":]"
      const size_t close = pattern.find(":]", i + 2);
      if (close != std::string_view::npos) {
        out += pattern.substr(i, close + 2 - i);
        i = close + 1;
        continue;
      }
    }
    if (c == ']') in_class = false;
    out += c;
  }
  return out;
}

}  // namespace

struct Regex::Program {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  std::string pattern;
  ~Program() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

Regex::Regex(std::string_view pattern, const std::string& where) : program_(std::make_unique<Program>()) {
  program_->pattern = pattern;
  if (pattern.size() > 20000)
    throw Error(ErrorKind::InvalidModel, "{}: a pattern of {} bytes is too long", where, pattern.size());
  const std::string translated = from_oniguruma(pattern);
  int error = 0;
  PCRE2_SIZE at = 0;
  program_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &at, nullptr);
  if (program_->code == nullptr) {
    char message[256];
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
    throw Error(ErrorKind::InvalidModel, "{}: the pattern '{}' does not compile: {}", where, pattern, message);
  }
  pcre2_jit_compile(program_->code, PCRE2_JIT_COMPLETE);  // without JIT the interpreter runs the same program
  program_->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(program_->context, 10'000'000);
  pcre2_set_heap_limit(program_->context, 256 << 10);  // kB
}

Regex::~Regex() = default;

void Regex::find_all(std::string_view text, std::vector<std::pair<size_t, size_t>>& out) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(pcre2_match_data_create(1, nullptr),
                                                                                 &pcre2_match_data_free);
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t at = 0, last_end = std::string_view::npos;
  while (at <= text.size()) {
    int status =
        pcre2_match(program_->code, subject, text.size(), at, PCRE2_NO_UTF_CHECK, data.get(), program_->context);
    if (status == PCRE2_ERROR_JIT_STACKLIMIT) {
      status = pcre2_match(program_->code, subject, text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data.get(),
                           program_->context);
    }
    if (status == PCRE2_ERROR_NOMATCH) return;
    if (status < 0) {
      char message[256];
      pcre2_get_error_message(status, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
      throw Error(ErrorKind::InvalidData, "the tokenizer's pattern '{}' gives up on this text at byte {}: {}",
                  program_->pattern, at, message);
    }
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
    const size_t begin = range[0], end = std::max(range[0], range[1]);  // \K in a look-ahead could end before it begins
    if (begin == end && begin == last_end) {  // an empty match right behind another: look on one character further
      if (at >= text.size()) return;
      at += static_cast<size_t>(decode_utf8(text.data() + at).length);
      continue;
    }
    if (begin < at) return;  // \K again
    out.emplace_back(begin, end);
    at = last_end = end;
  }
}

}  // namespace quern
