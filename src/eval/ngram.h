// SPDX-License-Identifier: MIT
#pragma once
// The yardstick a neural model has to beat: an n-gram model over the same tokens, with interpolated modified Kneser-Ney
// smoothing. Chen & Goodman 1999, "An empirical study of smoothing techniques for language modeling", section 3.

#include <cstdint>
#include <memory>
#include <span>

#include "data/token_file.h"

namespace quern {

class NgramModel {
 public:
  // Counts `tokens` (ids in [0, V)) as one stream: document borders are marked by the separator token, if there is one.
  // order 1..8. About 20 bytes for each distinct n-gram of any order. Throws InvalidArgument.
  NgramModel(std::span<const int32_t> tokens, int64_t V, int order = 5);
  ~NgramModel();
  NgramModel(NgramModel&&) noexcept;

  // Bits to code `tokens`, each given the ones before it in `tokens`; the first from an empty context.
  // per_token (may be empty, or as long as tokens) receives the parts of the sum.
  double bits(std::span<const int32_t> tokens, std::span<float> per_token = {}) const;
  // p(token | context), from the last order-1 tokens of the context. For every context they sum to 1 over the
  // vocabulary.
  double probability(std::span<const int32_t> context, int32_t token) const;

  int order() const;
  uint64_t num_ngrams() const;  // distinct, all orders
  uint64_t memory_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct NgramScore {
  double bits = 0;
  uint64_t tokens = 0, bytes = 0;  // of the validation text; separators count as tokens of no bytes
  uint64_t train_tokens = 0, ngrams = 0;
  double bits_per_token() const { return tokens ? bits / double(tokens) : 0; }
  double bits_per_byte() const { return bytes ? bits / double(bytes) : 0; }
  double perplexity() const;
};

// Trains on `train` (its last max_train_tokens, if it has more; 0: all) and codes `validation`.
NgramScore score_ngram(const TokenStore& train, const TokenStore& validation, int order = 5,
                       uint64_t max_train_tokens = 0);

}  // namespace quern
