// SPDX-License-Identifier: MIT
#pragma once
// The merging half of BPE training: from counted words to a list of merges. Sennrich et al. 2016, arXiv:1508.07909,
// algorithm 1, with counts of pairs kept up to date instead of counted anew after each merge.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "text/bpe_model.h"
#include "text/word_counter.h"

namespace quern {

struct MergeOptions {
  int64_t vocab_size;
  int64_t min_frequency = 0;
  size_t max_token_length = 0;  // bytes; 0: no limit
  std::vector<std::string> special_tokens;
  std::function<void(double fraction)> on_progress;
};

struct MergedVocabulary {
  std::vector<std::string> tokens;  // bytes, by id: special tokens, the 256 bytes in GPT-2's order, then merges
  std::vector<BpeMerge> merges;
};

// The most frequent pair is merged first, of equals the one with the smaller ids; the same choices as the BPE trainer
// of Hugging Face tokenizers, but for one: no merge ever spells a special token. Takes `words` apart.
MergedVocabulary learn_merges(WordCounts words, const MergeOptions& options);

}  // namespace quern
