// SPDX-License-Identifier: MIT
#pragma once
// From the states of a text's tokens to one vector. The ways and their names are those of sentence-transformers
// (Reimers & Gurevych 2019, arXiv:1908.10084, sect. 3; weighted mean: Muennighoff 2022, arXiv:2202.08904, eq. 1).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

enum class Pooling : uint8_t {
  cls,            // the first token that counts
  max,            // the largest of each component
  mean,           // sum / T
  mean_sqrt_len,  // sum / sqrt(T)
  weighted_mean,  // sum of t x_t / sum of t, t from 1
  last,           // the last token
};

// Also by the names in 1_Pooling/config.json ("lasttoken", "pooling_mode_mean_tokens").
std::optional<Pooling> pooling_from_name(std::string_view name);
std::string_view name(Pooling pooling);
std::string pooling_names();  // "cls, max, ..."

// Appends C values. Sums are taken in double precision, token after token.
//   hidden (T, C), T > 0   `skip`: that many tokens at the beginning do not count
void pool(Pooling pooling, std::span<const float> hidden, int64_t C, int64_t skip, std::vector<float>& out);

// x / max(|x|, 1e-12)
void normalize_length(std::span<float> x);
double cosine_similarity(std::span<const float> a, std::span<const float> b);  // 0 where one of them is all 0

}  // namespace quern
