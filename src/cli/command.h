// SPDX-License-Identifier: MIT
#pragma once
// What the verbs have in common. Each verb is a file with one function add_NAME_command: parse, fill a struct, call the
// library, print. Results go to standard output, progress and warnings to standard error.

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace quern {

// One line per verb, in the order in which `quern --help` lists them.
void add_village_command(CLI::App& app);
void add_tokenizer_command(CLI::App& app);
void add_tokenize_command(CLI::App& app);
void add_speedrun_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_sft_command(CLI::App& app);
void add_generate_command(CLI::App& app);
void add_run_command(CLI::App& app);
void add_logits_command(CLI::App& app);
void add_embed_command(CLI::App& app);
void add_rerank_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_eval_tasks(CLI::App* eval);  // the benchmarks, below eval
void add_bench_command(CLI::App& app);
void add_show_command(CLI::App& app);
void add_compare_command(CLI::App& app);
void add_pull_command(CLI::App& app);
void add_quantize_command(CLI::App& app);
void add_store_commands(CLI::App& app);  // import, list, cp, rm, verify
void add_convert_command(CLI::App& app);
void add_doctor_command(CLI::App& app);

// The chat prompt of `quern run`, for verbs that end in it.
void chat_with(const std::string& model);

struct CommonOptions {
  bool json = false;
  int threads = 0;  // 0: all this process may run on
};

// --json and --threads. The shapes of what --json prints are in docs/json.md.
inline void add_common_options(CLI::App* cmd, CommonOptions& o) {
  cmd->add_flag("--json", o.json, "print one JSON object for programs (shapes: docs/json.md)");
  cmd->add_option("--threads", o.threads, "compute threads; 0: all processors")->check(CLI::Range(0, 4096));
}

// An option that may be repeated and takes one value each time, so that it never swallows what follows.
template <typename T>
CLI::Option* add_repeated(CLI::App* cmd, const std::string& name, std::vector<T>& values, const std::string& about) {
  return cmd->add_option(name, values, about)->allow_extra_args(false);
}

// Examples under the help of a verb, one a line.
inline void add_examples(CLI::App* cmd, const std::string& lines) { cmd->footer("Examples:\n" + lines); }

}  // namespace quern
