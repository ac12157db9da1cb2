// SPDX-License-Identifier: MIT
#pragma once
// The engine's options as flags, for verbs that generate.

#include <CLI/CLI.hpp>
#include <string>

#include "infer/engine.h"
#include "infer/loaded_model.h"

namespace quern {

inline constexpr const char* kEngineGroup = "Engine";  // in --help

struct EngineFlags {
  int64_t context = 0, batch = 64, chunk = 512, guess = 0;
  std::string cache, cache_type = "f32", draft;

  // `many`: the verb generates texts side by side; else there is one at a time and no --batch.
  void add_to(CLI::App* cmd, bool many = true);
  // Opens the draft model, if one is named, and checks that it reads and writes the same tokens as `model`.
  EngineOptions options(const LoadedModel& model) const;
  // For Request::guess_ahead.
  int64_t guess_ahead() const { return guess > 0 ? guess : draft.empty() ? 0 : 8; }
};

}  // namespace quern
