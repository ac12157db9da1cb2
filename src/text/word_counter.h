// SPDX-License-Identifier: MIT
#pragma once
// Counts the words of a corpus, on several threads and under a memory cap: a table that grows too large is written out
// as a run of words in byte order, and the runs are merged at the end.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/pre_tokenizer.h"
#include "text/tokenizer_train.h"

namespace quern {

// Distinct words with their counts, in no particular order.
struct WordCounts {
  std::string bytes;           // all words, one after the other
  std::vector<uint64_t> ends;  // where each ends in `bytes`
  std::vector<uint64_t> counts;
  uint64_t total_bytes = 0;  // of the documents read

  size_t size() const { return counts.size(); }
  std::string_view word(size_t i) const {
    const uint64_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
  void add(std::string_view word, uint64_t count) {
    bytes += word;
    ends.push_back(bytes.size());
    counts.push_back(count);
  }
};

struct WordCountOptions {
  int threads = 1;
  uint64_t memory_cap_bytes = 2ull << 30;  // for all tables together
  std::filesystem::path spill_dir;         // empty: the system's temporary directory
  // Longer words are cut: the work of merging grows with the square of a word's length.
  size_t max_word_bytes = 16384;
  std::function<void(uint64_t bytes_read)> on_progress;
};

// Throws Io when a run can't be written, Interrupted when the user asked to stop.
WordCounts count_words(const DocumentSource& documents, const PreTokenizer& pre, const WordCountOptions& options);

}  // namespace quern
