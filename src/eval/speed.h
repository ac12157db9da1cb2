// SPDX-License-Identifier: MIT
#pragma once
// How fast a model answers on this machine.

#include <functional>
#include <string>
#include <vector>

#include "infer/engine.h"

namespace quern {

struct SpeedOptions {
  std::vector<int64_t> prefill = {128, 512};        // lengths of prompts
  std::vector<int64_t> batches = {1, 2, 4, 8, 16};  // texts that are written side by side
  int64_t decode_tokens = 64;                       // of each text
  int64_t depth = 0;                                // tokens that stand before them already
  int repeats = 5;                                  // after one that is not counted
  DType cache_type = DType::f32;
  // Before each run. False: stop, with what is there.
  std::function<bool(const std::string& what)> on_run;
};

struct SpeedResult {
  enum class Kind : uint8_t { prefill, decode } kind = Kind::prefill;
  int64_t tokens = 0;           // of a prompt, or new ones of a text
  int64_t batch = 1;            // texts
  std::vector<double> seconds;  // of each repeat, sorted: for the prompt up to its first token, or for the new tokens

  double median_s() const { return seconds[seconds.size() / 2]; }
  double tokens_per_second(double s) const { return double(tokens * batch) / s; }
};

// Random prompts, greedy answers that nothing ends. Prefixes are not shared.
std::vector<SpeedResult> measure_speed(std::shared_ptr<const CausalLm> model, const SpeedOptions& options);

// Bytes of weights that a decoding step reads: all matrices in their stored type, but for an embedding of which it
// looks up one row, and experts that a token does not meet.
uint64_t decode_bytes(const CausalLm& model);
// The type in which most of the weights are stored, as "q4_k".
std::string main_type(const CausalLm& model);

}  // namespace quern
