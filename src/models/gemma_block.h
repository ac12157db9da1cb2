// SPDX-License-Identifier: MIT
#pragma once
// What the Gemmas share: norm weights kept as distances from 1, embeddings scaled by sqrt(C), GeGLU, tied heads; and
// from Gemma 2 on a block with norms on both sides of attention and feed-forward layer.

#include "models/decoder.h"

namespace quern {

// `defaults` for sizes; tied, activation and the rest are Gemma's.
DecoderConfig read_gemma_common(const ConfigReader& r, DecoderDefaults defaults);
// Scale by query_pre_attn_scalar, caps by attn_logit_softcapping and final_logit_softcapping (null: none), windows by
// layer_types or `slides`.
void read_gemma_attention(DecoderConfig& c, const ConfigReader& r, double attention_cap, double logit_cap,
                          const std::function<bool(int64_t layer)>& slides);

// x + norm(attention(norm x)), then x + norm(mlp(norm x)).
struct SandwichBlock {
  using Norm = RmsNorm;
  RmsNorm norm_attn, norm_attn_out, norm_ffn, norm_ffn_out;
  Attention attn;
  GatedMlp ffn;
  std::string name;

  SandwichBlock(Params p, const DecoderConfig& c, int64_t layer);
  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const;  // (N, C) -> (N, C)
  static RmsNorm final_norm(Params p, const DecoderConfig& c) { return PreNormBlock::final_norm(p, c); }
};

}  // namespace quern
