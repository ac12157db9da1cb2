// SPDX-License-Identifier: MIT
#include "data/document_source.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "data/html_text.h"
#include "data/json_rows.h"
#include "data/text_stream.h"

namespace quern {

void add_note(CorpusStats& stats, std::string note) {
  constexpr size_t kMostNotes = 20;
  if (stats.notes.size() < kMostNotes)
    stats.notes.push_back(std::move(note));
  else if (stats.notes.size() == kMostNotes)
    stats.notes.push_back("... and more");
}

namespace {

// The counts of a cleaner that grow while it runs, added once to the corpus's.
class CountsMirror {
 public:
  void add(const CleaningCounts& now, CorpusStats& stats) {
    stats.boms += now.boms - seen_.boms;
    stats.crlf_lines += now.crlf_lines - seen_.crlf_lines;
    stats.nul_bytes += now.nul_bytes - seen_.nul_bytes;
    stats.invalid_utf8 += now.invalid_utf8 - seen_.invalid_utf8;
    stats.control_characters += now.control_characters - seen_.control_characters;
    stats.long_lines += now.long_lines - seen_.long_lines;
    seen_ = now;
  }

 private:
  CleaningCounts seen_;
};

// Where to end a part: after the last line end in its second half that is followed by no white space, so that a
// tokenizer sees the same words as in the whole; else at any character border.
size_t part_end(std::string_view text, size_t limit) {
  for (size_t at = limit; at-- > limit / 2;)
    if (text[at] == '\n' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) > ' ') return at + 1;
  return std::max<size_t>(1, utf8_floor(text, limit));
}

class TextSource : public DocumentSource {
 public:
  TextSource(const InputFile& file, const CorpusOptions& options, CorpusStats& stats)
      : file_(file),
        options_(options),
        stats_(stats),
        stream_(file.path, {.markdown = file.kind == InputFile::Markdown,
                            .max_line_bytes = options.max_line_bytes,
                            .max_gzip_ratio = options.max_gzip_ratio}) {}

  bool next(DocumentPiece& piece) override {
    if (ended_) return false;
    bool more = true;
    // One byte over a part's size tells whether it is the last.
    while (more && buffer_.size() <= options_.max_part_bytes + 1) {
      try {
        more = stream_.read(buffer_);
      } catch (...) {
        stats_.damaged_files += 1;
        mirror_.add(stream_.counts(), stats_);
        if (buffer_.empty() && first_) throw;
        add_note(stats_, fmt::format("{}: damaged, read up to the damage", file_.path.string()));
        more = false;
      }
    }
    mirror_.add(stream_.counts(), stats_);
    if (first_) {
      if (stream_.binary()) {
        ++stats_.binary_files;
        add_note(stats_, fmt::format("{}: not text", file_.path.string()));
        ended_ = true;
        return false;
      }
      stats_.recoded_files += stream_.recoded_from() != nullptr;
      stats_.boilerplate += stream_.boilerplate_removed();
    }
    const bool whole = !more && buffer_.size() <= options_.max_part_bytes;
    const size_t size = whole ? buffer_.size() : part_end(buffer_, options_.max_part_bytes);
    piece.text.assign(buffer_, 0, size);
    buffer_.erase(0, size);
    piece.line = line_;
    piece.offset = offset_;
    piece.first = first_;
    piece.last = whole;
    ended_ = whole;
    first_ = false;
    offset_ += size;
    line_ += std::count(piece.text.begin(), piece.text.end(), '\n');
    return true;
  }
  uint64_t raw_bytes() const override { return stream_.raw_bytes(); }

 private:
  InputFile file_;
  const CorpusOptions& options_;
  CorpusStats& stats_;
  TextStream stream_;
  CountsMirror mirror_;
  std::string buffer_;
  bool first_ = true, ended_ = false;
  int64_t line_ = 1;
  uint64_t offset_ = 0;
};

class HtmlSource : public DocumentSource {
 public:
  HtmlSource(const InputFile& file, const CorpusOptions& options, CorpusStats& stats)
      : file_(file), options_(options), stats_(stats), bytes_(file.path, options.max_gzip_ratio) {}

  bool next(DocumentPiece& piece) override {
    if (done_) return false;
    done_ = true;
    std::string page;
    while (page.size() <= options_.max_html_bytes && bytes_.read(page)) {
    }
    if (page.size() > options_.max_html_bytes) {
      ++stats_.oversized;
      add_note(stats_,
               fmt::format("{}: a page of more than {}", file_.path.string(), format_size(options_.max_html_bytes)));
      return false;
    }
    if (looks_binary(std::string_view(page).substr(0, 1 << 16)) && !page.starts_with("\xFF\xFE")) {
      ++stats_.binary_files;
      return false;
    }
    CleaningCounts counts;
    clean_text(page, &counts);  // only to count: the parser needs the bytes as they are
    CountsMirror().add(counts, stats_);
    piece = {.text = html_to_text(page)};
    return true;
  }
  uint64_t raw_bytes() const override { return bytes_.raw_bytes(); }

 private:
  InputFile file_;
  const CorpusOptions& options_;
  CorpusStats& stats_;
  ByteSource bytes_;
  bool done_ = false;
};

// The text of a JSON row: the first known field that holds text, a list of strings as paragraphs; a title before it.
constexpr std::array<const char*, 14> kTextFields = {"text",        "content",  "story",      "body",      "article",
                                                     "document",    "passage",  "paragraphs", "paragraph", "contents",
                                                     "raw_content", "sentence", "review",     "markdown"};

bool text_of(const Json& value, std::string& out) {
  if (value.is_string()) {
    out += value.get_ref<const std::string&>();
    return true;
  }
  if (!value.is_array() || value.empty()) return false;
  for (const Json& item : value) {
    if (!item.is_string()) return false;
    if (!out.empty()) out += '\n';
    out += item.get_ref<const std::string&>();
  }
  return true;
}

bool row_text(const Json& row, const std::vector<std::string>& wanted, std::string& out) {
  out.clear();
  if (row.is_string()) return text_of(row, out);
  if (!row.is_object()) return false;
  for (const std::string& field : wanted)
    if (row.contains(field) && text_of(row[field], out)) return true;
  if (!wanted.empty()) return false;
  for (const char* field : kTextFields) {
    out.clear();
    if (!row.contains(field) || !text_of(row[field], out) || out.empty()) continue;
    if (const auto title = row.find("title");
        title != row.end() && title->is_string() && !out.starts_with(title->get_ref<const std::string&>()))
      out = title->get<std::string>() + "\n\n" + out;
    return true;
  }
  out.clear();
  // Conversations are for instruction tuning.
  for (const char* field : {"messages", "conversations", "instruction", "prompt"})
    if (row.contains(field)) return false;
  for (const auto& item : row.items())  // else the longest string that reads like text
    if (item.value().is_string()) {
      const auto& s = item.value().get_ref<const std::string&>();
      if (s.size() > out.size() && (s.find(' ') != s.npos || static_cast<unsigned char>(s[0]) >= 0x80)) out = s;
    }
  return !out.empty();
}

class JsonlSource : public DocumentSource {
 public:
  JsonlSource(const InputFile& file, const CorpusOptions& options, CorpusStats& stats)
      : file_(file),
        options_(options),
        stats_(stats),
        rows_(file.path, options.max_line_bytes, options.max_gzip_ratio) {}

  bool next(DocumentPiece& piece) override {
    std::string row, text;
    while (next_row(row)) {
      if (rows_.oversized()) {
        ++stats_.oversized;
        note(fmt::format("a row of more than {}", format_size(options_.max_line_bytes)));
        continue;
      }
      CleaningCounts counts;
      row = clean_text(row, &counts);
      CountsMirror().add(counts, stats_);
      bool good = false;
      try {
        good = row_text(parse_json(row, file_.path.string()), options_.json_fields, text);
      } catch (const Error&) {
        if (++bad_ >= 20 && good_ == 0) {  // not one of many rows could be read: this is no JSON
          ++stats_.bad_rows;
          note("not JSON, given up");
          return false;
        }
      }
      if (!good) {
        ++stats_.bad_rows;
        note("not a JSON row with text in it");
        continue;
      }
      ++good_;
      CleaningCounts inner;  // escapes may hide NUL and control characters
      piece = {.text = clean_text(text, &inner), .line = rows_.line(), .offset = rows_.offset()};
      CountsMirror().add(inner, stats_);
      return true;
    }
    return false;
  }
  uint64_t raw_bytes() const override { return rows_.raw_bytes(); }

 private:
  InputFile file_;
  const CorpusOptions& options_;
  CorpusStats& stats_;
  JsonRows rows_;
  int64_t good_ = 0, bad_ = 0;
  bool counted_bom_ = false;

  void note(const std::string& what) {
    add_note(stats_, fmt::format("{}:{}: {}", file_.path.string(), rows_.line(), what));
  }
  bool next_row(std::string& row) {
    try {
      const bool more = rows_.next(row);
      stats_.boms += rows_.had_bom() && !std::exchange(counted_bom_, rows_.had_bom());
      return more;
    } catch (const Error&) {
      ++stats_.damaged_files;
      throw;
    }
  }
};

}  // namespace

std::unique_ptr<DocumentSource> open_document_source(const InputFile& file, const CorpusOptions& options,
                                                     CorpusStats& stats) {
  switch (file.kind) {
    case InputFile::Jsonl:
      return std::make_unique<JsonlSource>(file, options, stats);
    case InputFile::Html:
      return std::make_unique<HtmlSource>(file, options, stats);
    default:
      return std::make_unique<TextSource>(file, options, stats);
  }
}

}  // namespace quern
