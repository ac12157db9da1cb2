// SPDX-License-Identifier: MIT
#pragma once
// How well texts answer a question. A cross-encoder reads the question and a text together and gives one number
// (Nogueira & Cho 2019, arXiv:1901.04085); any other model compares their vectors.

#include <memory>

#include "infer/embedder.h"

namespace quern {

struct RerankOptions {
  int64_t max_tokens = 0;   // of the question and a text together; 0: as many as the model takes
  bool cut = true;          // longer ones lose their end; else they are refused
  int64_t batch = 32;       // most pairs of one run; changes no result
  bool raw_scores = false;  // as the head gives them, not made a probability
  // Of the two sides where vectors are compared.
  std::string query_prompt_name, text_prompt_name;
};

struct RerankScore {
  double score = 0;
  int64_t tokens = 0;      // that the model read for this text
  int64_t cut_tokens = 0;  // that were left out
};

class Reranker {
 public:
  static Reranker open(const std::string& argument);

  // One score for each text, in their order; the larger, the better. Independent of the others.
  std::vector<RerankScore> score(const std::string& query, std::span<const std::string> texts,
                                 const RerankOptions& options = {}) const;

  bool is_cross_encoder() const { return cross_encoder_; }
  // What the score is: "sigmoid", "logit" or "cosine".
  std::string kind_of_score(const RerankOptions& options) const;

 private:
  std::vector<RerankScore> score_pairs(const std::string& query, std::span<const std::string> texts,
                                       const RerankOptions& options) const;
  std::vector<RerankScore> compare_vectors(const std::string& query, std::span<const std::string> texts,
                                           const RerankOptions& options) const;

  bool cross_encoder_ = false, sigmoid_ = true;
  int64_t limit_ = 0;
  TextModel model_;  // of a cross-encoder
  std::optional<Embedder> embedder_;
};

}  // namespace quern
