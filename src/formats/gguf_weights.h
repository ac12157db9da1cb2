// SPDX-License-Identifier: MIT
#pragma once
// A GGUF file's tensors under Hugging Face's names and in the checkpoint's arrangement, and the way back.

#include "base/json.h"
#include "formats/gguf.h"
#include "formats/gguf_names.h"
#include "formats/weights.h"

namespace quern {

// How many heads share the rows of a projection; what some layouts need to know.
struct GgufHeads {
  int64_t queries = 0, keys = 0;
};
GgufHeads heads_of_config(const Json& config);

// `config` is config.json as config_of_gguf() gives it.
std::unique_ptr<Weights> open_gguf_weights(std::shared_ptr<const GgufFile> file, const GgufArchitecture& architecture,
                                           const Json& config);

// The values of one tensor rearranged; themselves where nothing changes. A quantised tensor keeps its type where whole
// rows move and becomes f32 otherwise. Throws InvalidModel when the shape does not fit the heads.
Tensor from_gguf_layout(const Tensor& t, GgufLayout layout, GgufHeads heads);
Tensor to_gguf_layout(const Tensor& t, GgufLayout layout, GgufHeads heads);

// Tensors that hold frequencies of RoPE; config_of_gguf() reads them.
bool is_rope_table(std::string_view gguf_name);

}  // namespace quern
