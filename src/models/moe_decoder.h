// SPDX-License-Identifier: MIT
#pragma once
// Decoders in which mixtures of experts stand in the place of feed-forward layers.

#include "models/decoder.h"
#include "nn/moe.h"

namespace quern {

struct MoeDecoderConfig : DecoderConfig {
  MoeConfig moe;
  std::vector<bool> sparse;      // (L) a mixture, or one dense layer
  const char* ffn_name = "mlp";  // what the checkpoint calls either
  ModelShape shape() const;      // counts the parameters that a token does not meet
  FeedForward feed_forward(Params block, int64_t layer) const;
};

// read_decoder() with room for experts: top_k and E as given, everything dense until `sparse` says otherwise.
MoeDecoderConfig read_moe_decoder(const ConfigReader& r, const DecoderDefaults& defaults, int64_t E, int64_t top_k);

// Pre-norm with Llama's attention.
struct MoeBlock {
  using Norm = RmsNorm;
  RmsNorm norm_attn, norm_ffn;
  Attention attn;
  FeedForward ffn;
  std::string name;

  MoeBlock(Params p, const MoeDecoderConfig& c, int64_t layer);
  Tensor operator()(Tensor x, const Batch& batch, const RopeTable& rope, int64_t layer) const;  // (N, C) -> (N, C)
  static RmsNorm final_norm(Params p, const DecoderConfig& c) { return RmsNorm(p, c.C, c.norm_eps); }
};

}  // namespace quern
