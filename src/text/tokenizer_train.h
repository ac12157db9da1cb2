// SPDX-License-Identifier: MIT
#pragma once
// Making a tokenizer from text: byte-level BPE (Sennrich et al. 2016, arXiv:1508.07909; bytes: Radford et al. 2019) and
// characters.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

// How text is cut into words before merging; named after the model whose pattern it is.
enum class SplitKind { Gpt2, Cl100k, Llama3, Qwen2 };
SplitKind parse_split_kind(std::string_view name);  // "gpt2" | "cl100k" (also "gpt4") | "llama3" | "qwen2"
std::string_view name_of(SplitKind kind);

// Puts the next document into its argument and returns true, or returns false at the end. Called from one thread.
using DocumentSource = std::function<bool(std::string& next_document)>;

struct BpeTrainOptions {
  int64_t vocab_size = 32000;  // special tokens and the 256 bytes included
  SplitKind split = SplitKind::Cl100k;
  std::vector<std::string> special_tokens;  // get the first ids, in this order
  uint64_t memory_cap_bytes = 2ull << 30;   // for counting words; beyond it sorted runs go to spill_dir
  int threads = 0;                          // 0: all. The result does not depend on it.
  std::filesystem::path spill_dir;          // empty: the system's temporary directory
  int64_t min_frequency = 0;                // pairs rarer than this are not merged
  size_t max_token_length = 0;              // in bytes; 0: no limit
  std::function<void(const std::string& phase, double done)> on_progress;
  // "count" with the bytes read so far, then "merge" with the fraction done
};

// Merges go by count, ties by the smaller pair of ids, as the BPE trainer of Hugging Face tokenizers.
Tokenizer train_bpe(const DocumentSource& documents, const BpeTrainOptions& options);

struct CharTrainOptions {
  std::vector<std::string> special_tokens;  // get the first ids; the unknown token must be among them when unk is set
  std::string unk_token;                    // "": a character outside the vocabulary is left out
  int64_t max_chars = 0;                    // keep the most frequent; 0: all
};
// One token per code point, ids in code point order.
Tokenizer train_chars(const DocumentSource& documents, const CharTrainOptions& options = {});

}  // namespace quern
