// SPDX-License-Identifier: MIT
#include "base/json.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "pipeline/speedrun.h"

namespace quern {

void add_speedrun_command(CLI::App& app) {
  struct Options {
    SpeedrunOptions run;
    CommonOptions common;
    std::string lang;
  };
  auto o = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("speedrun", "From raw text to a model that answers, in ten minutes");
  cmd->add_option("--text", o->run.text,
                  "a file or folder of .txt, .md, .jsonl or .html (also .gz), or 'stock'; left out: the village");
  cmd->add_option("--minutes", o->run.minutes, "time for everything")
      ->check(CLI::Range(0.1, 100000.0))
      ->capture_default_str();
  cmd->add_option("--out", o->run.out, "folder of the run")->capture_default_str();
  cmd->add_option("--seed", o->run.seed, "of the village and of every draw")->capture_default_str();
  cmd->add_option("--depth", o->run.depth, "the one dial of the model's size; 0: chosen to fit the minutes")
      ->check(CLI::Range(0, 64));
  cmd->add_option("--precision", o->run.precision, "f32, bf16 or int8")->check(CLI::IsMember({"f32", "bf16", "int8"}));
  cmd->add_option("--lang", o->lang, "language of the village: en, zh or both; left out: en, or that of the text")
      ->check(CLI::IsMember({"en", "zh", "both"}));
  cmd->add_option("--plant", o->run.plants,
                  "somebody to live in the village, as \"Ada, the clockmaker, who keeps bees\"");
  cmd->add_option("--set", o->run.overrides, "section.key=value of the pre-training recipe");
  cmd->add_flag("--continue", o->run.go_on, "go on with the run in --out for --minutes more");
  cmd->add_flag("--overwrite", o->run.overwrite, "start again where a run lies already");
  cmd->add_flag("--quiet", o->run.quiet, "no progress");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern speedrun\n"
               "  quern speedrun --minutes 3 --plant \"Ada, the clockmaker, who keeps bees\"\n"
               "  quern speedrun --text ~/books --minutes 60\n"
               "  quern speedrun --minutes 480 --continue");
  cmd->callback([o] {
    install_interrupt_handler();
    o->run.threads = o->common.threads;
    if (!o->lang.empty())
      o->run.lang = o->lang == "zh"     ? VillageOptions::zh
                    : o->lang == "both" ? VillageOptions::both
                                        : VillageOptions::en;
    const SpeedrunResult result = speedrun(o->run);
    if (o->common.json)
      fmt::print("{}\n", to_line(to_json(result)));
    else
      fmt::print("{}", describe(result));
    if (result.stopped || o->common.json || !is_terminal(0) || !is_terminal(1)) return;
    clear_stop_request();
    chat_with(result.model.string());
  });
}

}  // namespace quern
