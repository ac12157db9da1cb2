// SPDX-License-Identifier: MIT
#pragma once
// Checkpoints of a run: runs/NAME/checkpoints/000500/, a model folder that anything can open, with the optimizer's
// state beside it. Written under a temporary name, synced, then renamed, so a kill at any instant leaves whole ones.

#include <optional>

#include "base/files.h"
#include "base/json.h"
#include "formats/hf_folder.h"
#include "train/optimizer.h"

namespace quern {

struct TrainState {
  int64_t step = 0;  // updates made
  int64_t tokens = 0;
  double seconds = 0;   // of training
  std::string batches;  // SourceState as JSON
  std::string kernels;  // the kernel choice the run computes with
  double best_loss = 1e30;
  int64_t best_step = -1;
  int64_t total_steps = 0, decay_start = -1;  // the schedule, as far as it is decided
  std::string recipe_hash;                    // of everything in the recipe that changes numbers
  Json extra = Json::object();                // what a stage keeps
};

// Files that go with the weights: tokenizer.json, tokenizer_config.json, generation_config.json, lineage.json, by name.
using ModelFiles = std::vector<std::pair<std::string, std::string>>;

void write_checkpoint(const fs::path& checkpoints, const CausalLm& model, const Optimizer& optimizer,
                      const TrainState& state, const ModelFiles& files);

struct CheckpointPlace {
  fs::path path;
  int64_t step = 0;
};
std::vector<CheckpointPlace> list_checkpoints(const fs::path& checkpoints);  // by step, damaged ones too
// The newest whose files are all there with the sizes and hashes that state.json names; damaged ones are reported in
// `notes` and passed over.
std::optional<CheckpointPlace> newest_checkpoint(const fs::path& checkpoints,
                                                 std::vector<std::string>* notes = nullptr);
TrainState read_train_state(const fs::path& checkpoint);
// Fills model and optimizer. Throws InvalidData or InvalidModel.
void restore_checkpoint(const fs::path& checkpoint, const CausalLm& model, Optimizer& optimizer,
                        const TrainState& state);
// Removes old checkpoints but the last `keep_last` and those at the steps to keep (-1: none).
void prune_checkpoints(const fs::path& checkpoints, int64_t keep_last, const std::vector<int64_t>& keep_steps);

}  // namespace quern
