// SPDX-License-Identifier: MIT
#pragma once
// Small valid models, whose files are then damaged.

#include <string>
#include <vector>

#include "base/files.h"
#include "mutate.h"

namespace quern {

// A file to damage. `file` is relative to `model`, a folder; "" when `model` is the file itself.
struct Sample {
  std::string kind;  // "gguf", "safetensors", "tokenizer", "config", "template"
  fs::path model;
  std::string file;
  FileKind damage = FileKind::binary;
  fs::path stand_in;  // damaged instead of the file, if set: another tokenizer or template
};

// Writes models below `folder` (folders of several families, GGUF files of several types) and lists their files.
// `seeds`: the fuzzers' inputs, which bring further tokenizers and templates.
std::vector<Sample> write_samples(const fs::path& folder, const fs::path& seeds);

}  // namespace quern
