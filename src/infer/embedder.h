// SPDX-License-Identifier: MIT
#pragma once
// Texts to vectors: a text model, pooling, and what a sentence-transformers folder puts behind it.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "infer/sentence_settings.h"
#include "infer/text_model.h"

namespace quern {

struct EmbedOptions {
  std::optional<Pooling> pooling;     // else what the folder says; else mean for encoders and last for decoders
  std::optional<bool> normalize;      // to length 1; else what the folder says; else not
  std::optional<std::string> prompt;  // put before each text; else the one of that name
  std::string prompt_name;            // of the folder's prompts; else its default one
  int64_t dimensions = 0;             // > 0: only the first, for models made for that (arXiv:2205.13147)
  int64_t max_tokens = 0;             // of a text; 0: as many as the model takes
  bool cut = true;                    // longer texts lose their end; else they are refused
  int64_t batch = 64;                 // most texts of one run; changes no result
};

struct TextEmbedding {
  std::vector<float> values;
  int64_t tokens = 0;      // that the model read
  int64_t cut_tokens = 0;  // that were left out because the text was too long
};

class Embedder {
 public:
  // `argument` as in resolve_text_model_path(). Throws as TextModel::open() and read_sentence_settings() do.
  static Embedder open(const std::string& argument);

  // A text's vector does not depend on the others: the same bits alone and in company, whatever the number of threads.
  // Throws InvalidArgument for unknown prompts, impossible sizes, and texts that are too long where cut is off.
  std::vector<TextEmbedding> embed(std::span<const std::string> texts, const EmbedOptions& options = {}) const;
  // The same for ids as the model takes them, special tokens included.
  std::vector<TextEmbedding> embed_ids(std::span<const std::vector<int32_t>> texts,
                                       const EmbedOptions& options = {}) const;

  int64_t dimension(const EmbedOptions& options = {}) const;
  std::vector<Pooling> poolings(const EmbedOptions& options) const;
  bool normalizes(const EmbedOptions& options) const;
  int64_t max_tokens(const EmbedOptions& options) const;
  const TextModel& model() const { return model_; }
  const SentenceSettings& settings() const { return settings_; }

 private:
  std::string prompt_of(const EmbedOptions& options) const;
  std::vector<TextEmbedding> run(std::vector<FittedText>&& texts, int64_t skip, const EmbedOptions& options) const;
  std::vector<float> finish(std::vector<float> pooled, const EmbedOptions& options) const;

  SentenceSettings settings_;
  TextModel model_;
};

}  // namespace quern
