// SPDX-License-Identifier: MIT
// quern village --seed 7 --size 30MB --out village
#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "data/village/village.h"

namespace quern {

namespace {
struct VillageVerbOptions {
  CommonOptions common;
  uint64_t seed = 7;
  std::string size = "30MB", lang = "en", name, out;
  std::vector<std::string> plants;
};

void write_village(const VillageVerbOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  VillageOptions options{.seed = o.seed, .size_bytes = parse_size(o.size), .name = o.name, .plants = o.plants};
  options.lang = o.lang == "zh" ? VillageOptions::zh : o.lang == "both" ? VillageOptions::both : VillageOptions::en;
  require_writable(o.out, options.size_bytes * 3 / 2);
  const Village place(options);
  Progress progress;
  const std::string facts = place.write(o.out, [&](const Village::Progress& p) {
    if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped; what was written so far is in {}", o.out);
    progress.update(fmt::format("{}: {} of {}", p.stage, format_size(p.done_bytes), format_size(p.total_bytes)));
  });
  progress.finish();
  if (o.common.json) {
    Json json = parse_json(facts, o.out + "/village.json");
    json["out"] = o.out;
    fmt::print("{}\n", to_line(json));
    return;
  }
  fmt::print("{}: {} people, {} facts\n", place.name(), place.world().people.size(), place.facts().size());
  uint64_t total = 0;
  for (const auto& entry : fs::directory_iterator(o.out)) total += entry.is_regular_file() ? entry.file_size() : 0;
  fmt::print("{} in {}\n", format_size(total), o.out);
}
}  // namespace

void add_village_command(CLI::App& app) {
  auto o = std::make_shared<VillageVerbOptions>();
  auto* cmd = app.add_subcommand("village", "Write a corpus about an invented place, with a ledger of all its facts");
  cmd->add_option("--out,-o", o->out, "folder for the texts, questions and the ledger")->required();
  cmd->add_option("--seed", o->seed, "which village; the same seed gives the same bytes")->capture_default_str();
  cmd->add_option("--size", o->size, "of the training text, as 30MB")->capture_default_str();
  cmd->add_option("--lang", o->lang, "en, zh or both")
      ->check(CLI::IsMember({"en", "zh", "both"}))
      ->capture_default_str();
  cmd->add_option("--name", o->name, "of the village; invented when not given");
  add_repeated(cmd, "--plant", o->plants, "a person who is to live there, as \"Ada, the clockmaker, who keeps bees\"");
  add_common_options(cmd, o->common);
  add_examples(
      cmd,
      "  quern village --out village\n"
      "  quern village --seed 11 --size 5MB --lang both --plant \"Ada, the clockmaker, who keeps bees\" --out v11");
  cmd->callback([o] {
    install_interrupt_handler();
    write_village(*o);
  });
}

}  // namespace quern
