// SPDX-License-Identifier: MIT
#pragma once
// What a model is run on. A batch is flat: N tokens of S sequences, one after the other. Packed training documents and
// the mixed prefill and decode steps of a server are the same case.

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tensor/ops.h"

namespace quern {

// Activations by name ("model.layers.3.self_attn.out"), handed out when asked for. Unasked, they cost nothing.
struct Taps {
  std::set<std::string, std::less<>> wanted;
  std::map<std::string, Tensor, std::less<>> got;

  bool wants(std::string_view name) const { return wanted.find(name) != wanted.end(); }
};

// What a layer keeps of each position in the cache: keys and values of its heads, or a latent that is both.
struct KvFormat {
  int64_t K = 0;                // key/value heads
  int64_t D = 0, D_v = 0;       // size of a key, of a value
  bool values_in_keys = false;  // values are the keys' first D_v numbers and take no room of their own

  int64_t size() const { return K * (D + (values_in_keys ? 0 : D_v)); }  // numbers per position
};

// A batch's look at the paged cache: which pages its sequences own. The pool behind it belongs to the engine.
struct CacheView {
  std::vector<int32_t> slots;          // (N) the sequence of each row, a row of block_tables
  Tensor block_tables;                 // (S, max_blocks) i32
  std::span<const LayerPages> layers;  // one per layer
};

struct Batch {
  Tensor ids;                      // (N) i32
  std::vector<int32_t> positions;  // (N) place of each token in its sequence, from 0
  std::vector<int64_t> segments;   // (S + 1) first row of each sequence, then N
  // (S) length by which length-dependent RoPE scaling is set, fixed when a request is admitted. Empty: the rows' own
  // last position + 1.
  std::vector<int64_t> rope_lengths;
  const CacheView* cache = nullptr;  // none: every sequence is whole and attends within the batch
  Taps* taps = nullptr;
  // Activation checkpointing: blocks are run again in the backward pass. The batch must then outlive the tape.
  bool checkpoint_blocks = false;

  int64_t size() const { return ids.numel(); }
  int64_t num_sequences() const { return int64_t(segments.size()) - 1; }
  void tap(std::string_view prefix, std::string_view leaf, const Tensor& value) const {
    if (!taps) return;
    std::string name = std::string(prefix) + "." + std::string(leaf);
    if (taps->wants(name)) taps->got[std::move(name)] = value;
  }

  // One whole sequence, and several.
  static Batch of(std::span<const int32_t> ids);
  static Batch of(const std::vector<std::vector<int32_t>>& sequences);
};

}  // namespace quern
