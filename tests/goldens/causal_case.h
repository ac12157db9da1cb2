// SPDX-License-Identifier: MIT
#pragma once
// What the areas with causal models share.

#include "formats/hf_folder.h"
#include "golden.h"

namespace quern::goldens {

// Throws Unsupported, naming the family, before anything else of the case is looked at.
inline std::unique_ptr<CausalLm> load_causal_model(const fs::path& folder, const ParamOptions& options = {}) {
  family_of(read_model_config(folder));
  return load_model(folder, options);
}

}  // namespace quern::goldens
