// SPDX-License-Identifier: MIT
#pragma once
// What changes the logits before a token is drawn, each named as in Hugging Face's generation options and meaning the
// same (processors of transformers, compared value by value in tests). The first group rewrites logits by what was
// already said; the second removes tokens by their probability. The order in which they are applied is in sampler.h.
//   logits (V)    history: the ids so far, prompt included    generated: those after the prompt

#include <cstdint>
#include <span>
#include <vector>

namespace quern {

struct SequenceBias {
  std::vector<int32_t> tokens;
  float bias = 0;
};

// Adds `bias` to the last token of each sequence whose other tokens the history ends with.
void add_sequence_bias(std::span<float> logits, std::span<const int32_t> history, std::span<const SequenceBias> biases);
// Tokens of the history: l / penalty where l > 0, else l * penalty. Keskar et al. 2019, arXiv:1909.05858, section 4.1.
void penalize_repetition(std::span<float> logits, std::span<const int32_t> history, float penalty);
// l - presence - frequency * (times generated), for tokens generated at least once (the OpenAI API's definition).
void penalize_presence(std::span<float> logits, std::span<const int32_t> generated, float presence, float frequency);
// Removes each token that would complete an n-gram the history already holds.
void ban_repeated_ngrams(std::span<float> logits, std::span<const int32_t> history, int n);
// Removes the last token of each word whose other tokens the history ends with.
void ban_words(std::span<float> logits, std::span<const int32_t> history, std::span<const std::vector<int32_t>> words);
void ban_tokens(std::span<float> logits, std::span<const int32_t> tokens);
void divide_by_temperature(std::span<float> logits, float temperature);

struct Candidate {
  int32_t id;
  float logit;
  bool operator==(const Candidate&) const = default;
};

// The tokens still possible, by rising id. Each filter keeps at least the likeliest. Memory is kept between uses.
class Candidates {
 public:
  // All tokens whose logit is above -inf. Throws InvalidModel when a logit is NaN or +inf, InvalidArgument when every
  // token was removed.
  void assign_all(std::span<const float> logits);
  // The k likeliest and whatever ties with the k-th, in one pass over the logits; throws as assign_all.
  void assign_top_k(std::span<const float> logits, int64_t k);

  void keep_top_k(int64_t k);
  // The fewest likeliest tokens whose probabilities reach p together. Holtzman et al. 2020, arXiv:1904.09751.
  void keep_top_p(double p);
  // Tokens at least min_p times as likely as the likeliest. Nguyen et al. 2024, arXiv:2407.01082.
  void keep_min_p(double min_p);
  // The fewest tokens of surprise nearest the entropy whose probabilities reach `mass`. Meister et al. 2023,
  // arXiv:2202.00666.
  void keep_typical(double mass);
  // Tokens of probability at least epsilon; eta lowers that to sqrt(eta) exp(-entropy) where the distribution is flat.
  // Hewitt et al. 2022, arXiv:2210.15191.
  void cut_epsilon(double epsilon);
  void cut_eta(double eta);

  const std::vector<Candidate>& items() const { return items_; }
  std::span<const float> probabilities();  // softmax over what is left; valid until the next call
  // The token at height `u` in [0, 1) of the cumulative probabilities, by rising id.
  int32_t draw(double u);

 private:
  struct Cut {
    float key;   // the last kept key
    int32_t id;  // the last kept id among equal keys
  };
  float max_logit() const;
  double weigh();      // weights_[i] = probability of items_[i]; returns log(sum(exp(logit - max)))
  double surprises();  // also keys_[i] = -log(probability); returns their mean, the entropy in nats
  Cut cut_by_mass(double mass);

  std::vector<Candidate> items_;
  std::vector<float> weights_, keys_;
};

}  // namespace quern
