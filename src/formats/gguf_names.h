// SPDX-License-Identifier: MIT
#pragma once
// Hugging Face's names <-> GGUF's, as tables: a row per parameter, a row per key of config.json, a row per
// architecture. A parameter's row names its stem; what follows it (".weight", ".bias") is carried over. `{}` is the
// layer, `{e}` the expert: GGUF stacks the experts' matrices into one tensor. Sources: llama.cpp's file format as it is
// read by src/llama-arch.cpp and src/llama-model.cpp, and Hugging Face's configuration classes.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

// How the values lie in GGUF, compared with the checkpoint.
enum class GgufLayout : uint8_t {
  same,
  // llama.cpp turns neighbouring values of a head (2i, 2i + 1), the checkpoint's model values i and i + D/2:
  // row 2i + j of a head in GGUF is row i + j D/2 of the checkpoint. Of queries and of keys.
  rope_q,
  rope_k,
  transposed,   // GPT-2's "Conv1D" matrices are (in, out) in the checkpoint
  plus_one,     // Gemma's norms multiply by 1 + w; GGUF holds 1 + w
  qkv_by_head,  // GPT-NeoX: (H, q k v, D) rows in the checkpoint, (q k v, H, D) in GGUF
  row,          // (1, C) in the checkpoint, (C) in GGUF
  // DeepSeek's kv_b_proj, rows (H, key part | value part), cut in two by newer files: keys (H, rank, key part), values
  // (H, value part, rank). Read only; one tensor is written.
  mla_keys,
  mla_values,
  whole,  // the row's names are complete, nothing follows
};

struct GgufNameRow {
  std::string_view hf, gguf;
  GgufLayout layout = GgufLayout::same;
};

enum class GgufKind : uint8_t { integer, real, boolean };

// A key of config.json and of GGUF (below the architecture's prefix).
struct GgufKeyRow {
  std::string_view hf, gguf;
  GgufKind kind = GgufKind::integer;
};

struct GgufArchitecture {
  std::string_view name;        // general.architecture
  std::string_view model_type;  // config.json's
  std::string_view hf_class;    // config.json's architectures[0]
  // Architectures that share a GGUF name are told apart by a key that only this one has (and its value, if not -1).
  std::string_view only_with = {};
  int64_t only_with_value = -1;
  std::vector<std::span<const GgufNameRow>> names;  // the first row that fits counts
  std::vector<std::span<const GgufKeyRow>> keys;
  std::string_view optional_prefix = {};  // of names, left out by some checkpoints: "transformer."
  // What llama.cpp does without being told by a key, as config.json says it.
  std::string_view fixed = "{}";
  int sliding_period = 0;  // every n-th layer attends to everything, the others to a window; 0: all alike
  bool rms_norm = true;
};

std::span<const GgufArchitecture> gguf_architectures();
// By the class, else by the type; nullptr when there is none.
const GgufArchitecture* gguf_architecture_of_class(std::string_view hf_class, std::string_view model_type);

// A parameter's name taken apart by a row.
struct GgufNameMatch {
  const GgufNameRow* row = nullptr;
  int64_t layer = -1, expert = -1;
  std::string suffix;  // ".weight", ".bias", "" for rows that are whole

  std::string hf_name(int64_t for_expert) const;
  std::string hf_name() const { return hf_name(expert); }
  std::string gguf_name() const;
};
std::optional<GgufNameMatch> match_hf_name(const GgufArchitecture& architecture, std::string_view name);
std::optional<GgufNameMatch> match_gguf_name(const GgufArchitecture& architecture, std::string_view name);

}  // namespace quern
