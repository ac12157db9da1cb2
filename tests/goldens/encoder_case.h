// SPDX-License-Identifier: MIT
#pragma once
// What the areas with encoders share.

#include "formats/hf_folder.h"
#include "golden.h"

namespace quern::goldens {

// Padded rows [S, T] as one flat batch of the tokens whose mask is 1.
struct EncoderBatch {
  Batch batch;
  std::vector<int32_t> types;   // none where the file has none
  std::vector<int32_t> places;  // of each token in the padded rows
};
EncoderBatch read_encoder_batch(const Expected& file);

// Throws Unsupported, naming the class, before anything else of the case is looked at.
inline std::unique_ptr<Encoder> load_encoder_model(const fs::path& folder, const ParamOptions& options = {}) {
  const Json config = read_model_config(folder);
  if (!encoder_family_of(config))
    throw not_yet(fmt::format("encoders of type {}", to_line(config.value("model_type", Json("unknown")))));
  return load_encoder(*ModelSource::open(folder), options);
}

Outcome check_encoder(const fs::path& base, const Json& golden);
Outcome check_encoder_training(const fs::path& base, const Json& golden, const fs::path& model_folder);

}  // namespace quern::goldens
