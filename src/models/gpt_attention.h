// SPDX-License-Identifier: MIT
#pragma once
// What GPT-1 and GPT-2 share: sizes under OpenAI's names, and attention whose matrices are stored transposed.

#include "models/decoder.h"

namespace quern {

struct GptDefaults {
  const char* family;
  int64_t V, context;
};
// n_embd, n_layer, n_head, n_positions, ...; the activation is left to the family.
DecoderConfig read_gpt(const ConfigReader& r, const GptDefaults& defaults);

struct GptAttention {
  Linear c_attn, c_proj;
  int64_t H;
  AttentionOptions options;
  std::string name;

  GptAttention(Params p, const DecoderConfig& c, int64_t layer);
  Tensor operator()(const Tensor& x, const Batch& batch, int64_t layer) const;  // (N, C) -> (N, C)
};

// The original checkpoints name their tensors without the prefix "transformer." and carry causal masks as buffers.
std::vector<std::string> gpt_aliases(const std::string& name);
bool is_gpt_buffer(const std::string& name);

}  // namespace quern
