// SPDX-License-Identifier: MIT
#pragma once
// Is this the same model as before? Asked often, so large files are not read in whole.

#include <string>

#include "base/files.h"

namespace quern {

// A hash over names, sizes and contents of a model's files (weights, configs, tokenizer). Of a file over 64 MiB the
// first and last MiB count and 4 KiB of every MiB between. `path` as in ModelSource::open().
std::string model_fingerprint(const fs::path& path);

}  // namespace quern
