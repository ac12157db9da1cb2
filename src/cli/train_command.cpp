// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "pipeline/stages.h"

namespace quern {

namespace {
struct Options {
  std::string recipe;
  std::vector<std::string> overrides;
  StageOptions stage;
  CommonOptions common;
};

void add_stage_options(CLI::App* cmd, const std::shared_ptr<Options>& o) {
  cmd->add_option("recipe", o->recipe, "what to train, on what, and how: a TOML file")->required();
  cmd->add_option("--set", o->overrides, "section.key=value, over what the recipe says; may be repeated")->take_all();
  cmd->add_flag("--resume", o->stage.resume, "go on from the run's newest whole checkpoint");
  cmd->add_flag("--overwrite", o->stage.overwrite, "start again where a run lies already");
  cmd->add_flag("--dry-run", o->stage.dry_run, "print parameters, memory, FLOPs and time, and stop");
  cmd->add_flag("--quiet", o->stage.quiet, "no progress line");
  add_common_options(cmd, o->common);
}

Recipe recipe_of(const Options& o) {
  Recipe recipe = read_recipe(o.recipe, o.overrides);
  if (o.common.threads > 0) recipe.run.threads = o.common.threads;
  return recipe;
}

void report(const Options& o, const StageResult& result) {
  if (o.common.json)
    fmt::print("{}\n", to_line(to_json(result)));
  else if (o.stage.dry_run)
    fmt::print("{}", describe(result.cost));
  else
    fmt::print("{}", describe(result));
}
}  // namespace

void add_train_command(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("train", "Pre-train a model as a recipe says");
  add_stage_options(cmd, o);
  add_examples(cmd,
               "  quern train recipes/shakespeare.toml --set data.source=input.txt\n"
               "  quern train recipes/village.toml --set train.lr=2e-3 --set run.name=faster\n"
               "  quern train recipes/village.toml --resume\n"
               "Ctrl-C once saves and stops, twice stops at once.");
  cmd->callback([o] {
    install_interrupt_handler();
    report(*o, pretrain(recipe_of(*o), o->stage));
  });
}

void add_sft_command(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("sft", "Teach a model to answer, from conversations");
  add_stage_options(cmd, o);
  add_examples(cmd,
               "  quern sft recipes/instruct.toml --set model.init_from=runs/village/checkpoints/002000 \\\n"
               "            --set data.chat=pairs.jsonl");
  cmd->callback([o] {
    install_interrupt_handler();
    report(*o, instruct(recipe_of(*o), o->stage));
  });
}

}  // namespace quern
