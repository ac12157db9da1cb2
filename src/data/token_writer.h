// SPDX-License-Identifier: MIT
#pragma once
// Builds a TokenStore document by document, in memory or straight into a file that appears only when it is complete.

#include <memory>
#include <span>

#include "data/token_file.h"

namespace quern {

struct TokenWriterOptions {
  std::filesystem::path path;         // empty: in memory
  std::vector<uint16_t> token_bytes;  // (V)
  int32_t separator = -1;             // appended to each document; -1: none
  std::string tokenizer_hash;
};

class TokenWriter {
 public:
  explicit TokenWriter(TokenWriterOptions options);
  ~TokenWriter();
  // A piece of the current document and the UTF-8 bytes it stands for.
  void add(std::span<const int32_t> ids, uint64_t text_bytes);
  void end_document();  // no effect when nothing was added
  uint64_t size() const;
  TokenStore finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern
