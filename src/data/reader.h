// SPDX-License-Identifier: MIT
#pragma once
// Documents from a file or a folder: .txt .md .jsonl .html, each also .gz. Folders are walked recursively in path
// order, so the same folder gives the same documents in the same order on every machine. Text comes out as clean UTF-8
// with "\n" line ends; what had to be repaired or skipped is counted, never silent.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quern {

enum class DocumentSplit : uint8_t { Train, Validation };

struct Document {
  std::string text;
  std::string source;   // path of the file, as the user would write it
  int64_t line = 1;     // first line in the (unpacked) file
  uint64_t offset = 0;  // first byte in the (unpacked) file
  DocumentSplit split = DocumentSplit::Train;
  bool continues = false;  // the next Document is a further part of this one: no separator between them
};

struct CorpusOptions {
  double validation_fraction = 0.05;  // of the text; 0: none
  uint64_t seed = 0;                  // of the split
  bool deduplicate = true;            // drop documents whose text was seen before (XXH3, exact)
  // A document longer than this is handed out in parts, so that memory stays bounded.
  size_t max_part_bytes = size_t{4} << 20;
  size_t max_line_bytes = size_t{16} << 20;  // a longer line of JSON is skipped; of text, broken (both counted)
  size_t max_html_bytes = size_t{16} << 20;  // a longer page is skipped (counted)
  uint64_t max_total_bytes = 0;              // stop after this much clean text; 0: all
  uint64_t max_gzip_ratio = 200;             // refuse to unpack further than this many times the packed size (+ 1 MB)
  std::vector<std::string> json_fields;      // where the text of a JSON row lies; empty: text, content, story, ...
};

// What was read, and what was wrong with it.
struct CorpusStats {
  int64_t files = 0, documents = 0, train_documents = 0, validation_documents = 0;
  uint64_t raw_bytes = 0;  // as stored (packed)
  uint64_t bytes = 0;      // clean text handed out
  uint64_t train_bytes = 0, validation_bytes = 0;
  // Problems mended.
  int64_t boms = 0, crlf_lines = 0, nul_bytes = 0, invalid_utf8 = 0, control_characters = 0, long_lines = 0;
  int64_t recoded_files = 0;  // were UTF-16 or GB18030
  int64_t boilerplate = 0;    // Project Gutenberg licences and Markdown front matter cut off
  // Problems skipped.
  int64_t empty_documents = 0, duplicates = 0, binary_files = 0, unknown_files = 0, bad_rows = 0, damaged_files = 0,
          oversized = 0, links_skipped = 0;
  std::vector<std::string> notes;  // one line for each of the first few problems, with file and line

  // Letters by script, of a sample of the text.
  enum Script { Latin, Han, Kana, Hangul, Cyrillic, Arabic, Greek, Devanagari, Other, kNumScripts };
  std::array<int64_t, kNumScripts> letters{};
  std::vector<int64_t> small_words;   // of Latin-script languages, see language.h
  std::string languages() const;      // "Latin 93 %, Han 7 %"
  std::string main_language() const;  // "en", "zh", "ja", "ko", ... or "unknown": a guess from scripts and small words
  std::string report() const;         // several lines for people
};

// A pass over the documents. Move-only; reading again means opening again.
class Corpus {
 public:
  struct Impl;
  explicit Corpus(std::unique_ptr<Impl> impl);
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;
  ~Corpus();

  // The next document or part, false at the end. Throws Io when the disk fails; bad content is counted, not thrown.
  bool next(Document& document);
  const CorpusStats& stats() const;  // of what was read so far
  uint64_t total_raw_bytes() const;  // size of all files on disk, for progress: stats().raw_bytes runs up to it
  int64_t num_files() const;

 private:
  std::unique_ptr<Impl> impl_;
};

// Throws NotFound when `path` does not exist, InvalidData when nothing readable lies there (naming what does).
// Split: a document goes to validation as a whole by a hash of its text and the seed. Where the corpus is few long
// texts (up to 20 files of text), and for any document over 256 KiB, it is the last `validation_fraction` of the
// document.
Corpus open_corpus(const std::filesystem::path& path, const CorpusOptions& options = {});
Corpus open_corpus(const std::vector<std::filesystem::path>& paths, const CorpusOptions& options = {});
// Documents that the program itself made (the village, the stock corpus). With validation_fraction 0 each keeps its
// `split`.
Corpus corpus_of_documents(std::vector<Document> documents, const CorpusOptions& options = {});

}  // namespace quern
