// SPDX-License-Identifier: MIT
#pragma once
// A run: steps, and between them what watches: evaluation, samples, checkpoints, the log, the progress line.

#include <functional>
#include <memory>

#include "train/checkpoint.h"
#include "train/recipe.h"
#include "train/step.h"

namespace quern {

struct RunPlan {
  fs::path dir;               // runs/NAME
  std::string stage;          // "pretrain", "sft": shown and logged
  Recipe recipe;              // resolved
  int64_t total_steps = 0;    // > 0; with a time budget the most it may become
  double budget_seconds = 0;  // > 0: warm-up, stable, decay that ends on time; see decay_seconds_share
  bool resume = false;        // go on from the newest whole checkpoint, if there is one
  // Lengthen a finished run with a time budget: go on from where its learning rate began to fall, as if it had not.
  bool go_on = false;
  bool quiet = false;           // no progress line
  std::vector<double> moments;  // seconds at which observe() is called
};

struct RunParts {
  std::shared_ptr<CausalLm> model;
  std::shared_ptr<BatchSource> batches;
  std::shared_ptr<const Objective> objective;
  std::shared_ptr<const RowSet> validation;  // may be null
  ModelFiles files;                          // beside every checkpoint's weights
  // Called between steps at the plan's moments, every sample_every steps and at the end, with a frozen view of the
  // model. What it takes does not count as training time.
  std::function<void(int64_t step, double seconds, const std::shared_ptr<CausalLm>& frozen, RunLog& log)> observe;
};

struct RunResult {
  int64_t steps = 0, tokens = 0, skipped = 0;
  double seconds = 0;     // of training
  double train_loss = 0;  // smoothed
  double validation_loss = 0, validation_bpb = 0;
  double best_loss = 0;
  int64_t best_step = -1;
  bool stopped = false;  // the user asked
  fs::path checkpoint;   // the last one
  double tokens_per_s = 0, peak_share = 0;
};

// Mean loss of the objective over a whole set, with a frozen view of the model.
struct EvalResult {
  double loss = 0, bits_per_byte = 0;
  int64_t tokens = 0;
};
EvalResult evaluate(const CausalLm& model, const Objective& objective, std::shared_ptr<const RowSet> rows,
                    int64_t batch_rows, int64_t max_tokens);

// A view of a model under training that records nothing and sees every update.
std::shared_ptr<CausalLm> frozen_view(const CausalLm& model, bool packed);

OptimizerConfig optimizer_config(const Recipe& recipe);
// Steps from steps, tokens or epochs, whichever limit comes first; 0 when the recipe sets none.
int64_t planned_steps(const Recipe& recipe, int64_t rows_per_epoch);

RunResult run_training(const RunPlan& plan, RunParts& parts);

}  // namespace quern
