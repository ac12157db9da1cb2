// SPDX-License-Identifier: MIT
// quern show runs/village
#include <cstdio>

#include "base/json.h"
#include "cli/command.h"
#include "cli/inspect.h"

namespace quern {

void add_show_command(CLI::App& app) {
  struct Options {
    CommonOptions common;
    std::string path;
  };
  auto o = std::make_shared<Options>();
  auto* cmd = app.add_subcommand("show", "What a model, run, tokenizer or file of tensors or tokens is");
  cmd->add_option("path", o->path, "a model or run folder, .gguf, .safetensors, tokenizer.json or .tokens")->required();
  add_common_options(cmd, o->common);
  add_examples(cmd, "  quern show runs/village\n  quern show model.safetensors --json");
  cmd->callback([o] {
    const Json facts = inspect(o->path);
    fmt::print("{}", o->common.json ? to_line(facts) + "\n" : describe(facts));
  });
}

}  // namespace quern
