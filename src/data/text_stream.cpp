// SPDX-License-Identifier: MIT
#include "data/text_stream.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.h"
#include "text/unicode.h"

namespace quern {

// iconv over a stream; what it can't convert becomes a byte that TextCleaner turns into U+FFFD.
class Recoder {
 public:
  explicit Recoder(const char* from) : name(from), handle_(iconv_open("UTF-8", from)) {}
  ~Recoder() {
    if (ok()) iconv_close(handle_);
  }
  Recoder(const Recoder&) = delete;
  Recoder& operator=(const Recoder&) = delete;
  bool ok() const { return handle_ != iconv_t(-1); }

  // Returns the number of bytes that could not be converted.
  size_t push(std::string_view bytes, std::string& out) {
    pending_.append(bytes);
    char* in = pending_.data();
    size_t left = pending_.size(), bad = 0;
    char buffer[1 << 14];
    while (left > 0) {
      char* to = buffer;
      size_t room = sizeof buffer;
      const size_t code = iconv(handle_, &in, &left, &to, &room);
      const int error = errno;
      out.append(buffer, sizeof buffer - room);
      if (code != size_t(-1) || error == E2BIG) continue;
      if (error == EINVAL) break;  // unfinished character
      out.push_back('\xFF');
      ++bad;
      ++in;
      --left;
    }
    pending_.erase(0, pending_.size() - left);
    return bad;
  }
  const char* name;

 private:
  iconv_t handle_;
  std::string pending_;
};

namespace {

// Chinese text in GB18030 (or its subsets GBK, GB2312) that is not marked: little of it is UTF-8, all of it converts,
// and what comes out is mostly common Han characters and their punctuation.
bool looks_gb18030(std::string_view bytes) {
  int64_t wide = 0, invalid = 0;
  for (std::string_view s = bytes; !s.empty();) {
    const Utf8Step step = step_utf8(s);
    wide += step.valid && step.length > 1;
    invalid += !step.valid && !step.incomplete;
    s.remove_prefix(size_t(step.length));
  }
  if (invalid < 20 || invalid < wide) return false;  // some pairs of bytes are UTF-8 by chance
  Recoder recoder("GB18030");
  std::string text;
  if (!recoder.ok() || recoder.push(bytes, text) > 0) return false;
  int64_t han = 0, other = 0;
  for (std::string_view s = text; !s.empty();) {
    const auto [c, length] = decode_utf8(s.data());
    if (c >= 0x80)
      ((c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3000 && c <= 0x303F) || (c >= 0xFF00 && c <= 0xFFEF) ||
               (c >= 0x2010 && c <= 0x2026)
           ? han
           : other)++;
    s.remove_prefix(size_t(length));
  }
  return han > 20 * other;
}

// ---- what is not the text ----

constexpr size_t kHeadBytes = 256 << 10;  // a header ends within this
constexpr size_t kMarkerBytes = 256;      // a marker line is no longer than this

bool is_gutenberg_marker(std::string_view line, std::string_view word) {
  return line.starts_with("***") && line.size() < kMarkerBytes && line.find(word) != line.npos &&
         line.find("PROJECT GUTENBERG") != line.npos;
}

// Where the text begins after "*** START OF THIS PROJECT GUTENBERG EBOOK ... ***"; 0: no such line.
size_t after_gutenberg_header(std::string_view head) {
  for (size_t at = head.find("***"); at != head.npos; at = head.find("***", at + 3)) {
    if (at > 0 && head[at - 1] != '\n') continue;
    size_t end = head.find('\n', at);
    if (end == head.npos) return 0;
    std::string marker(head.substr(at, end - at));
    if (marker.find("START") != marker.npos && marker.find("***", 3) == marker.npos) {  // goes on in the next line
      end = head.find('\n', end + 1);
      if (end == head.npos) return 0;
      marker = head.substr(at, end - at);
      std::replace(marker.begin(), marker.end(), '\n', ' ');
    }
    if (is_gutenberg_marker(marker, "START")) return std::min(head.find_first_not_of('\n', end), head.size());
  }
  return 0;
}

size_t after_front_matter(std::string_view head) {
  if (!head.starts_with("---\n")) return 0;
  for (size_t line = 4; line < head.size();) {
    const size_t end = std::min(head.find('\n', line), head.size());
    const std::string_view text = head.substr(line, end - line);
    if (text == "---" || text == "...") return std::min(head.find_first_not_of('\n', end), head.size());
    // Keys, items, continued values and comments; anything else means that this is a ruled-off paragraph of text.
    const bool yaml = text.empty() || text[0] == ' ' || text[0] == '-' || text[0] == '#' || text[0] == ']' ||
                      text[0] == '}' || text.find(':') != text.npos;
    if (!yaml || line > (size_t{16} << 10)) return 0;
    line = end + 1;
  }
  return 0;
}

}  // namespace

bool looks_binary(std::string_view head) {
  // Those that no text begins with; the others show by their control characters.
  constexpr std::string_view kSignatures[] = {"%PDF-",
                                              "PK\x03\x04",
                                              "\x89PNG",
                                              "\xFF\xD8\xFF",
                                              "\x7F"
                                              "ELF",
                                              "\x1F\x8B",
                                              "\xFD"
                                              "7zXZ",
                                              "7z\xBC\xAF",
                                              "\x28\xB5\x2F\xFD",
                                              "\xD0\xCF\x11\xE0"};
  for (std::string_view signature : kSignatures)
    if (head.starts_with(signature)) return true;
  size_t odd = 0;
  for (unsigned char c : head)
    odd += c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' && c != 0x1B;
  return odd * 20 > head.size();
}

struct TextStream::Impl {
  ByteSource bytes;
  TextStreamOptions options;
  TextCleaner cleaner;
  std::unique_ptr<Recoder> recoder;
  bool started = false, binary = false, in_gutenberg = false, ended = false, removed = false;
  std::string held;            // clean text that may begin a footer
  std::exception_ptr failure;  // thrown once what came before it was handed out

  Impl(const std::filesystem::path& path, const TextStreamOptions& o)
      : bytes(path, o.max_gzip_ratio), options(o), cleaner(o.max_line_bytes) {}

  // More clean text, unfiltered.
  bool pull(std::string& out) {
    std::string raw, recoded;
    try {
      if (!bytes.read(raw)) return false;
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
    if (!started) {
      started = true;
      const std::string_view head = raw;
      if (head.starts_with("\xFF\xFE"))
        recoder = std::make_unique<Recoder>("UTF-16LE");
      else if (head.starts_with("\xFE\xFF"))
        recoder = std::make_unique<Recoder>("UTF-16BE");
      else if (looks_binary(head.substr(0, 1 << 16)))
        return !(binary = true);
      else if (looks_gb18030(head.substr(0, 1 << 16)))
        recoder = std::make_unique<Recoder>("GB18030");
      if (recoder && !recoder->ok()) recoder.reset();
    }
    if (recoder) {
      recoder->push(raw, recoded);
      cleaner.push(recoded, out);
    } else {
      cleaner.push(raw, out);
    }
    return true;
  }
};

TextStream::TextStream(const std::filesystem::path& path, const TextStreamOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}
TextStream::~TextStream() = default;
bool TextStream::binary() const { return impl_->binary; }
const char* TextStream::recoded_from() const { return impl_->recoder ? impl_->recoder->name : nullptr; }
bool TextStream::boilerplate_removed() const { return impl_->removed; }
const CleaningCounts& TextStream::counts() const { return impl_->cleaner.counts(); }
uint64_t TextStream::raw_bytes() const { return impl_->bytes.raw_bytes(); }

bool TextStream::read(std::string& out) {
  Impl& s = *impl_;
  if (s.ended) {
    if (s.failure) std::rethrow_exception(std::exchange(s.failure, nullptr));
    return false;
  }
  const bool first = !s.started;
  bool more = true;
  do more = s.pull(s.held);
  while (more && first && s.held.size() < kHeadBytes);
  if (!more) {
    s.cleaner.finish(s.held);
    s.ended = true;
  }
  if (s.binary) {
    s.held.clear();
    return false;
  }
  if (first) {
    const std::string_view head = std::string_view(s.held).substr(0, kHeadBytes);
    size_t skip = s.options.markdown ? after_front_matter(head) : 0;
    if (skip == 0 && (skip = after_gutenberg_header(head)) > 0) s.in_gutenberg = true;
    s.held.erase(0, skip);
    s.removed = skip > 0;
  }
  size_t give = s.held.size();
  if (s.in_gutenberg) {
    for (size_t at = s.held.find("***"); at != s.held.npos; at = s.held.find("***", at + 3)) {
      if (at > 0 && s.held[at - 1] != '\n') continue;
      const size_t end = std::min(s.held.find('\n', at), s.held.size());
      if (!is_gutenberg_marker(std::string_view(s.held).substr(at, end - at), "END")) continue;
      s.held.resize(at);
      s.ended = true;
      more = false;
      break;
    }
    // A footer may begin in what is at hand and end in what comes: keep the last lines back.
    give = more ? s.held.size() - std::min(s.held.size(), kMarkerBytes) : s.held.size();
    if (more) give = utf8_floor(s.held, give);
    if (more && give > 0) {
      const size_t line = s.held.rfind('\n', give - 1);
      if (line != s.held.npos && give - line < kMarkerBytes) give = line + 1;
    }
  }
  out.append(s.held, 0, give);
  s.held.erase(0, give);
  if (s.ended && give == 0 && s.failure) std::rethrow_exception(std::exchange(s.failure, nullptr));
  return give > 0 || more;
}

}  // namespace quern
