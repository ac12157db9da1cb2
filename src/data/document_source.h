// SPDX-License-Identifier: MIT
#pragma once
// One file -> its documents, before split and duplicates are decided.

#include <memory>
#include <string>

#include "data/file_walk.h"
#include "data/reader.h"

namespace quern {

// What a source hands on. A document longer than options.max_part_bytes comes as several pieces.
struct DocumentPiece {
  std::string text;
  int64_t line = 1;
  uint64_t offset = 0;  // of clean text for .txt and .md, of the unpacked file for .jsonl
  bool first = true, last = true;
};

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  // False at the end. Content that can't be used is counted in `stats`; throws Io, or InvalidData for a damaged
  // archive.
  virtual bool next(DocumentPiece& piece) = 0;
  virtual uint64_t raw_bytes() const = 0;  // read from disk so far
};

std::unique_ptr<DocumentSource> open_document_source(const InputFile& file, const CorpusOptions& options,
                                                     CorpusStats& stats);

// Adds a note unless there are many already.
void add_note(CorpusStats& stats, std::string note);

}  // namespace quern
