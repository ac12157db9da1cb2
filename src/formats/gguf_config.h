// SPDX-License-Identifier: MIT
#pragma once
// config.json <-> GGUF metadata, by the tables of gguf_names.h. What GGUF has no key for is deduced from the tensors
// that are there (tied embeddings, biases, layers without experts) or is what llama.cpp does for that architecture.

#include "base/json.h"
#include "formats/gguf.h"
#include "formats/gguf_names.h"

namespace quern {

// The whole config.json that a file was made from. It is believed only while it says what the file's other keys say.
inline constexpr std::string_view kGgufCarriedConfig = "quern.config";

struct GgufConfig {
  const GgufArchitecture* architecture;
  Json config;
};
// Throws Unsupported for an architecture that is not in the table, InvalidModel for missing or impossible keys.
GgufConfig config_of_gguf(const GgufFile& file);

// By architectures[0], then model_type; nullptr when there is none.
const GgufArchitecture* gguf_architecture_of(const Json& config);

// The architecture's keys for `config` (those of general.* and the tokenizer are not among them). V: rows of the
// embedding. `warnings` gets a sentence for each thing that other programs will not see.
GgufMetadata gguf_keys_of_config(const Json& config, const GgufArchitecture& architecture, int64_t V,
                                 std::vector<std::string>* warnings = nullptr);

// Scaling of RoPE that GGUF holds as factors per frequency: rope_freqs.weight (llama3), rope_factors_long.weight and
// rope_factors_short.weight (longrope).
std::vector<std::pair<std::string, std::vector<float>>> rope_tables_of_config(const Json& config);
void add_rope_keys(const Json& config, const std::string& prefix, GgufMetadata& out,
                   std::vector<std::string>* warnings);
// rope_theta and rope_scaling of a GGUF file, added to `config`, which has the sizes.
void add_rope_of_gguf(const GgufFile& file, const std::string& prefix, Json& config);

// A float written as the shortest decimal that gives it back: 1e-05 rather than 9.99999974737875e-06.
double shortest(double value_of_float);

}  // namespace quern
