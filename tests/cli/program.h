// SPDX-License-Identifier: MIT
#pragma once
// Runs the built program as a user does, on models made on the fly.

#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace quern {

struct Outcome {
  int status = -1;
  std::string out, err;
  Json json() const { return parse_json(out, "standard output"); }
};

// quern ARGS..., with `input` as its standard input, in `folder` (the current one when empty).
Outcome run_quern(const std::vector<std::string>& args, const std::string& input = "", const fs::path& folder = {});

// A model folder with random weights and a tokenizer of characters that knows the chat format.
void write_tiny_model(const fs::path& folder, uint64_t seed = 1, int64_t context = 128, bool chat = true);

}  // namespace quern
