// SPDX-License-Identifier: MIT
#include "data/reader.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/rng.h"
#include "data/document_source.h"
#include "data/language.h"
#include "data/text_cleaner.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quern {

namespace {

constexpr size_t kFewTexts = 20;               // files of text, up to which each is split at its end
constexpr size_t kFewRows = 20;                // the same for rows
constexpr size_t kLongDocument = 256 << 10;    // split at its end
constexpr uint64_t kSmallCorpus = 4 << 20;     // bytes on disk, up to which the split is made exact by ranking
constexpr size_t kLanguageSample = 4 << 10;    // bytes of a document
constexpr int64_t kLanguageLetters = 4 << 20;  // in all

uint64_t hash_of(std::string_view text, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\n") == text.npos; }

}  // namespace

struct Corpus::Impl {
  CorpusOptions options;
  CorpusStats stats;
  std::vector<InputFile> files;
  std::vector<Document> given;  // corpus_of_documents
  size_t next_given = 0;
  bool from_memory = false, few_texts = false, small = false, started = false;

  size_t file = 0;  // the next to open
  std::unique_ptr<DocumentSource> source;
  uint64_t raw_before = 0;  // of closed files
  struct Ready {
    Document document;
    bool cut = false;  // its split follows from its place in a long document
  };
  std::deque<Ready> ready;
  std::unordered_set<uint64_t> seen;
  // Long documents by the hash of their first part: file index, to compare in full when another one begins alike.
  std::unordered_map<uint64_t, std::vector<size_t>> long_seen;

  // The long document being read.
  uint64_t cut = UINT64_MAX, at = 0;  // where validation begins, where we are, in clean bytes
  bool skipping = false;

  const InputFile& current() const { return files[file - 1]; }

  // Documents from the files in turn; false at the end of the last.
  bool next_piece(DocumentPiece& piece) {
    for (;;) {
      if (!source) {
        if (file == files.size()) return false;
        ++file;
        ++stats.files;
        try {
          source = open_document_source(current(), options, stats);
        } catch (const Error& e) {
          ++stats.damaged_files;
          add_note(stats, e.message());
          raw_before += current().size;
          continue;
        }
      }
      bool more = false;
      try {
        more = source->next(piece);
        stats.raw_bytes = raw_before + source->raw_bytes();
      } catch (const Error& e) {
        if (e.kind() == ErrorKind::Io) throw;
        if (current().kind == InputFile::Html) ++stats.damaged_files;  // the others count themselves
        add_note(stats, e.message());
      }
      if (more) return true;
      source.reset();
      raw_before += current().size;
      stats.raw_bytes = raw_before;
    }
  }

  // A reading of the file for a question that needs it in full before it is handed out.
  template <typename F>
  void scan(const InputFile& which, F&& on_piece) {
    CorpusStats unused;
    const auto other = open_document_source(which, options, unused);
    DocumentPiece piece;
    while (other->next(piece)) on_piece(piece);
  }
  uint64_t full_hash(const InputFile& which) {
    XXH3_state_t* state = XXH3_createState();
    XXH3_64bits_reset(state);
    scan(which, [&](const DocumentPiece& p) { XXH3_64bits_update(state, p.text.data(), p.text.size()); });
    const uint64_t hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return hash;
  }

  bool splits_at_end(size_t bytes) const { return few_texts || bytes > kLongDocument; }

  size_t cut_of(std::string_view text) const {
    return utf8_floor(text, size_t(double(text.size()) * (1.0 - options.validation_fraction)));
  }

  // A document that is in memory as a whole.
  void take_whole(DocumentPiece& piece) {
    if (is_blank(piece.text)) {
      ++stats.empty_documents;
      return;
    }
    if (options.deduplicate && !seen.insert(hash_of(piece.text)).second) {
      ++stats.duplicates;
      return;
    }
    Document document{.text = std::move(piece.text),
                      .source = from_memory ? "" : current().path.string(),
                      .line = piece.line,
                      .offset = piece.offset};
    ++stats.documents;
    if (options.validation_fraction > 0 && splits_at_end(document.text.size())) return push_cut(std::move(document));
    document.split = by_hash(document.text) ? DocumentSplit::Validation : DocumentSplit::Train;
    ready.push_back({std::move(document)});
  }

  void push_cut(Document document) {
    const size_t cut = cut_of(document.text);
    Document tail = document;
    tail.text.erase(0, cut);
    tail.offset += cut;
    tail.line += std::count(document.text.begin(), document.text.begin() + int64_t(cut), '\n');
    tail.split = DocumentSplit::Validation;
    document.text.resize(cut);
    document.split = DocumentSplit::Train;
    if (!document.text.empty()) ready.push_back({std::move(document), true});
    if (!tail.text.empty()) ready.push_back({std::move(tail), true});
  }

  bool by_hash(std::string_view text) const {
    if (options.validation_fraction <= 0) return false;
    return double(hash_of(text, options.seed ^ stream_id("data.split")) >> 11) * 0x1.0p-53 <
           options.validation_fraction;
  }

  // A part of a document that is longer than memory should hold.
  void take_part(DocumentPiece& piece) {
    if (piece.first) {
      at = 0;
      cut = UINT64_MAX;
      skipping = options.deduplicate && is_long_duplicate(piece.text);
      if (skipping)
        ++stats.duplicates;
      else
        ++stats.documents;
      if (!skipping && options.validation_fraction > 0) {
        uint64_t total = 0;
        scan(current(), [&](const DocumentPiece& p) { total += p.text.size(); });
        cut = uint64_t(double(total) * (1.0 - options.validation_fraction));
      }
    }
    if (skipping) return;
    Document document{.text = std::move(piece.text),
                      .source = current().path.string(),
                      .line = piece.line,
                      .offset = piece.offset,
                      .continues = !piece.last};
    const uint64_t end = at + document.text.size();
    if (cut >= end) {
      ready.push_back({std::move(document), true});
    } else if (cut <= at) {
      document.split = DocumentSplit::Validation;
      ready.push_back({std::move(document), true});
    } else {
      const size_t here = utf8_floor(document.text, size_t(cut - at));
      Document tail = document;
      tail.text.erase(0, here);
      tail.offset += here;
      tail.line += std::count(document.text.begin(), document.text.begin() + int64_t(here), '\n');
      tail.split = DocumentSplit::Validation;
      document.text.resize(here);
      document.continues = false;
      if (!document.text.empty()) ready.push_back({std::move(document), true});
      ready.push_back({std::move(tail), true});
    }
    at = end;
  }

  bool is_long_duplicate(std::string_view first_part) {
    auto& alike = long_seen[hash_of(first_part)];
    for (size_t other : alike)
      if (full_hash(files[other]) == full_hash(current())) return true;
    alike.push_back(file - 1);
    return false;
  }

  bool advance() {
    if (from_memory) {
      if (next_given == given.size()) return false;
      Document& document = given[next_given++];
      if (options.validation_fraction <= 0) {
        take_given(document);
      } else {
        DocumentPiece piece{.text = std::move(document.text), .line = document.line, .offset = document.offset};
        const size_t before = ready.size();
        take_whole(piece);
        for (size_t k = before; k < ready.size(); ++k) ready[k].document.source = document.source;
      }
      return true;
    }
    DocumentPiece piece;
    if (!next_piece(piece)) return false;
    if (piece.first && piece.last)
      take_whole(piece);
    else
      take_part(piece);
    return true;
  }

  void take_given(Document& document) {
    if (is_blank(document.text))
      ++stats.empty_documents;
    else if (options.deduplicate && !seen.insert(hash_of(document.text)).second)
      ++stats.duplicates;
    else {
      ++stats.documents;
      ready.push_back({std::move(document)});
    }
  }

  // A small corpus is read as a whole, so that the validation part has the size asked for: the documents with the
  // lowest hashes, or the ends of all when they are few.
  void read_small() {
    while (advance()) {
    }
    std::vector<std::pair<uint64_t, size_t>> ranked;
    uint64_t total = 0, held = 0;
    for (size_t k = 0; k < ready.size(); ++k) {
      if (ready[k].cut) continue;
      const std::string& text = ready[k].document.text;
      total += text.size();
      ranked.push_back({hash_of(text, options.seed ^ stream_id("data.split")), k});
    }
    if (ranked.size() < kFewRows) {
      std::deque<Ready> all = std::move(ready);
      ready.clear();
      for (Ready& item : all) {
        if (item.cut)
          ready.push_back(std::move(item));
        else
          push_cut(std::move(item.document));
      }
      return;
    }
    std::sort(ranked.begin(), ranked.end());
    for (const auto& [hash, k] : ranked) {
      Document& document = ready[k].document;
      const bool enough = double(held) >= double(total) * options.validation_fraction;
      document.split = enough ? DocumentSplit::Train : DocumentSplit::Validation;
      if (!enough) held += document.text.size();
    }
  }

  bool next(Document& document) {
    if (options.max_total_bytes > 0 && stats.bytes >= options.max_total_bytes) return false;
    if (!started) {
      started = true;
      if (small && options.validation_fraction > 0) read_small();
    }
    while (ready.empty())
      if (!advance()) return false;
    document = std::move(ready.front().document);
    ready.pop_front();
    if (options.max_total_bytes > 0 && document.text.size() > options.max_total_bytes - stats.bytes) {
      document.text.resize(utf8_floor(document.text, options.max_total_bytes - stats.bytes));
      document.continues = false;
    }
    stats.bytes += document.text.size();
    const bool train = document.split == DocumentSplit::Train;
    (train ? stats.train_bytes : stats.validation_bytes) += document.text.size();
    (train ? stats.train_documents : stats.validation_documents) += !document.continues;
    if (counted_letters < kLanguageLetters) {
      const std::string_view sample = std::string_view(document.text).substr(0, kLanguageSample);
      count_language(sample, stats);
      counted_letters += int64_t(sample.size());
    }
    return true;
  }
  int64_t counted_letters = 0;
};

Corpus::Corpus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Corpus::Corpus(Corpus&&) noexcept = default;
Corpus& Corpus::operator=(Corpus&&) noexcept = default;
Corpus::~Corpus() = default;
bool Corpus::next(Document& document) { return impl_->next(document); }
const CorpusStats& Corpus::stats() const { return impl_->stats; }
int64_t Corpus::num_files() const { return int64_t(impl_->files.size()); }
uint64_t Corpus::total_raw_bytes() const {
  uint64_t total = 0;
  for (const InputFile& file : impl_->files) total += file.size;
  return total;
}

namespace {
void check_options(const CorpusOptions& options) {
  if (!(options.validation_fraction >= 0 && options.validation_fraction < 1))
    throw Error(ErrorKind::InvalidArgument, "a validation part of {} is not between 0 and 1",
                options.validation_fraction);
  if (options.max_part_bytes < 16)
    throw Error(ErrorKind::InvalidArgument, "parts of {} bytes are too short", options.max_part_bytes);
}
}  // namespace

Corpus open_corpus(const std::vector<fs::path>& paths, const CorpusOptions& options) {
  check_options(options);
  auto impl = std::make_unique<Corpus::Impl>();
  impl->options = options;
  impl->files = collect_files(paths, impl->stats);
  std::string shown;
  for (const fs::path& path : paths) shown += (shown.empty() ? "" : ", ") + path.string();
  if (impl->files.empty())
    throw Error(ErrorKind::InvalidData, "{}: no text found ({} files of other types)", shown, impl->stats.unknown_files)
        .hint("quern reads .txt, .md, .jsonl and .html, each also .gz");
  size_t texts = 0, rows = 0;
  uint64_t total = 0;
  for (const InputFile& file : impl->files) {
    (file.kind == InputFile::Jsonl ? rows : texts)++;
    total += file.size;
  }
  impl->few_texts = rows == 0 && texts <= kFewTexts;
  impl->small = !impl->few_texts && total <= kSmallCorpus;
  return Corpus(std::move(impl));
}

Corpus open_corpus(const fs::path& path, const CorpusOptions& options) {
  return open_corpus(std::vector{path}, options);
}

Corpus corpus_of_documents(std::vector<Document> documents, const CorpusOptions& options) {
  check_options(options);
  auto impl = std::make_unique<Corpus::Impl>();
  impl->options = options;
  impl->from_memory = true;
  uint64_t total = 0;
  for (const Document& document : documents) total += document.text.size();
  impl->small = total <= kSmallCorpus;
  impl->given = std::move(documents);
  return Corpus(std::move(impl));
}

}  // namespace quern
