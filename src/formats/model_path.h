// SPDX-License-Identifier: MIT
#pragma once
// What a user may write where a command asks for a model.

#include <string>
#include <vector>

#include "base/files.h"

namespace quern {

// A model folder (one with config.json) and a GGUF file are themselves; a run's folder stands for its newest whole
// checkpoint, a folder with one GGUF model for that file; a bare name is also looked for under runs/. Checkpoints that
// can't be opened are passed over with a warning. Throws NotFound, naming what there is instead.
fs::path resolve_model_path(const std::string& argument);

// The run folder that `folder` is, or that it is a checkpoint of; empty when neither.
fs::path run_folder_of(const fs::path& folder);

// Folders under run/checkpoints that hold a whole model, the newest first.
std::vector<fs::path> valid_checkpoints(const fs::path& run);

}  // namespace quern
