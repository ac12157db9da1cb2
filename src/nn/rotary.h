// SPDX-License-Identifier: MIT
#pragma once
// Rotary position embedding: the angles. Su et al. 2021, arXiv:2104.09864. The ways to stretch them to longer contexts:
//   linear   positions divided by a factor (Chen et al. 2023, arXiv:2306.15595)
//   dynamic  the base grows with the length once it exceeds the trained context ("NTK-aware", 2023)
//   yarn     low frequencies stretched, high ones kept, a ramp between (Peng et al. 2023, arXiv:2309.00071)
//   llama3   the same idea with a smooth step in wavelength (Llama 3, arXiv:2407.21783)

#include "nn/batch.h"

namespace quern {

struct RopeConfig {
  enum class Kind { plain, linear, dynamic, yarn, llama3 } kind = Kind::plain;
  double theta = 10000.0;
  int64_t dim = 0;      // values of a head that turn, even
  int64_t context = 0;  // max_position_embeddings
  double factor = 1.0;
  int64_t original_context = 0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  double attention_factor = 0.0;                         // yarn; 0 = 0.1 ln(factor) + 1
  double mscale = 0.0, mscale_all_dim = 0.0;             // yarn, DeepSeek
  bool truncate = true;                                  // yarn: round the ramp's ends to whole dimensions
};

struct RopeTable {
  Tensor cos, sin;  // (N, dim / 2)
};

class Rotary {
 public:
  Rotary() = default;
  explicit Rotary(const RopeConfig& config);
  RopeTable operator()(const Batch& batch) const;
  // Inverse frequencies (dim / 2) for a sequence of `length`.
  std::vector<float> inverse_frequencies(int64_t length) const;
  float attention_factor() const;

 private:
  RopeConfig config_;
  std::vector<float> inv_freq_;
  std::vector<float> cos_, sin_;  // (known positions, dim / 2), for lengths within the context
  int64_t known_ = 0;
};

}  // namespace quern
