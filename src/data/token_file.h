// SPDX-License-Identifier: MIT
#pragma once
// Tokens of a corpus: one flat array with document borders, mapped from disk or held in memory.
//
// A document is stored as its tokens followed by the separator (<|endoftext|> or the like). A model is trained to
// predict every stored token from what stands before it in its document; before the first token stands the separator.
//
// File layout, little-endian, every part padded to 8 bytes:
//   head    "quernTOK"  u32 version  u32 token width in bytes (2 or 4)
//   tokens, then document ends (u64 each), then bytes of each vocabulary entry (u16)
//   tail    u64 tokens  u64 documents  u64 vocabulary  u64 text bytes  i64 separator (-1: none)
//           16 bytes tokenizer hash (hex)  u64 XXH3 of everything before the tail  u64 XXH3 of the tail up to here
// The counts stand at the end so that a corpus larger than memory is written in one pass.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/reader.h"

namespace quern {

class Tokenizer;

class TokenStore {
 public:
  struct Impl;
  TokenStore();  // empty
  explicit TokenStore(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  uint64_t size() const;                 // tokens, separators included
  int32_t operator[](uint64_t i) const;  // i < size()
  void copy(uint64_t begin, std::span<int32_t> out) const;
  uint64_t num_documents() const;
  uint64_t document_begin(uint64_t d) const { return d == 0 ? 0 : document_end(d - 1); }
  uint64_t document_end(uint64_t d) const;  // one past its separator
  int32_t separator() const;                // -1: none
  int64_t vocab_size() const;
  uint64_t text_bytes() const;  // UTF-8 bytes of all documents
  // UTF-8 bytes that a token stands for (0 for the separator and other special tokens), for bits per byte.
  std::span<const uint16_t> token_bytes() const;
  const std::string& tokenizer_hash() const;
  const std::string& hash() const;  // of everything, for lineage and for refusing to resume on other data

  // A store in memory from documents' tokens, for tests and small data. The separator is appended when it is >= 0.
  static TokenStore from_documents(const std::vector<std::vector<int32_t>>& documents,
                                   std::vector<uint16_t> token_bytes, int32_t separator = -1);
  // Maps a file. Throws InvalidData (truncated, hostile header, wrong checksum); with `tokenizer_hash` given also when
  // the tokens were made by another tokenizer. `verify` reads everything once to check the checksum and that ids <
  // vocabulary.
  static TokenStore open(const std::filesystem::path& path, const std::string& tokenizer_hash = "", bool verify = true);
  // Writes atomically.
  void save(const std::filesystem::path& path) const;

 private:
  std::shared_ptr<const Impl> impl_;
};

struct TokenizedCorpus {
  TokenStore train, validation;
  CorpusStats stats;
};

struct TokenizeOptions {
  int32_t separator = -1;  // token after each document; -1: the tokenizer's end-of-text token, -2: none
  // Where train.tokens and validation.tokens are written (atomically); empty: kept in memory.
  std::filesystem::path out_dir;
  bool quiet = true;  // no progress line
};

// Reads the corpus to its end. The result does not depend on the number of threads.
TokenizedCorpus tokenize_corpus(Corpus corpus, const Tokenizer& tokenizer, const TokenizeOptions& options = {});

}  // namespace quern
