// SPDX-License-Identifier: MIT
#pragma once
// Rotary position embedding: the angles. Su et al. 2021, arXiv:2104.09864. The ways to stretch them to longer contexts:
//   linear   positions divided by a factor (Chen et al. 2023, arXiv:2306.15595)
//   dynamic  the base grows with the length once it exceeds the trained context ("NTK-aware", 2023)
//   yarn     low frequencies stretched, high ones kept, a ramp between (Peng et al. 2023, arXiv:2309.00071)
//   llama3   the same idea with a smooth step in wavelength (Llama 3, arXiv:2407.21783)
//   longrope a searched factor for each frequency, one list for short texts, one for long (Ding et al. 2024,
//            arXiv:2402.13753)

#include "nn/batch.h"

namespace quern {

struct RopeConfig {
  enum class Kind { plain, linear, dynamic, yarn, llama3, longrope } kind = Kind::plain;
  double theta = 10000.0;
  int64_t dim = 0;      // values of a head that turn, even
  int64_t context = 0;  // max_position_embeddings
  double factor = 1.0;
  int64_t original_context = 0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  double attention_factor = 0.0;                         // yarn, longrope; 0 = by the paper's formula
  double mscale = 0.0, mscale_all_dim = 0.0;             // yarn, DeepSeek
  bool truncate = true;                                  // yarn: round the ramp's ends to whole dimensions
  std::vector<double> short_factor, long_factor;         // longrope, (dim / 2) each
};

struct RopeTable {
  Tensor cos, sin;  // (N, dim / 2); none: nothing turns
};

class Rotary {
 public:
  Rotary() = default;
  explicit Rotary(const RopeConfig& config);
  RopeTable operator()(const Batch& batch) const;
  // Inverse frequencies (dim / 2) for a sequence of `length`.
  std::vector<float> inverse_frequencies(int64_t length) const;
  float attention_factor() const;
  // Sequences of two lengths turn alike, position by position, when their keys are equal: what a cache of keys that
  // have turned already may be shared by.
  int64_t length_key(int64_t length) const;

 private:
  RopeConfig config_;
  std::vector<float> inv_freq_;   // for lengths whose key is 0
  std::vector<float> cos_, sin_;  // (known positions, dim / 2), for the same
  int64_t known_ = 0;
};

}  // namespace quern
