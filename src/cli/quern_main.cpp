// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>
#include <new>

#include "base/error.h"
#include "base/nearest.h"
#include "base/terminal.h"
#include "cli/command.h"

namespace quern {
namespace {

int report(const Error& e) {
  fmt::print(stderr, "{} {}\n", paint("quern:", "red"), e.message());
  if (!e.hint().empty()) fmt::print(stderr, "  {} {}\n", paint("hint:", "dim"), e.hint());
  return e.exit_code();
}

// The verb that the arguments reached, to know whose options could have been meant.
const CLI::App* innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at;
}

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

std::string full_name(const CLI::App& cmd) {
  return cmd.get_parent() ? full_name(*cmd.get_parent()) + " " + cmd.get_name() : "quern";
}

// A word where a verb must stand, which is none of them.
void check_verbs(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const auto verbs = verbs_of(*at);
    if (verbs.empty()) return;
    if (std::ranges::find(verbs, argv[i]) == verbs.end())
      throw Error(ErrorKind::InvalidArgument, "'{}' is no verb of {}", argv[i], full_name(*at))
          .hint("the nearest is `{} {}`; `{} --help` lists all", full_name(*at), nearest(argv[i], verbs),
                full_name(*at));
    at = at->get_subcommand(argv[i]);
  }
}

[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& e) {
  const CLI::App& cmd = *innermost(app);
  std::string message = e.what();
  for (char& c : message)
    if (c == '\n') c = ' ';
  while (!message.empty() && (message.back() == ' ' || message.back() == '.')) message.pop_back();
  Error error(ErrorKind::InvalidArgument, message);
  for (const std::string& word : cmd.remaining()) {
    if (!word.starts_with("--")) continue;
    std::vector<std::string> options;
    for (const CLI::Option* option : cmd.get_options())
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    throw Error(ErrorKind::InvalidArgument, "{} has no option {}", full_name(cmd), word)
        .hint("the nearest is {}; `{} --help` lists all", nearest(word, options), full_name(cmd));
  }
  throw std::move(error).hint("`{} --help` explains its arguments", full_name(cmd));
}

int run(int argc, char** argv) {
  CLI::App app("Grow, teach and serve a language model on the machine you own.", "quern");
  app.set_version_flag("--version", "quern " QUERN_VERSION);
  app.get_formatter()->column_width(34);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  add_speedrun_command(app);
  add_village_command(app);
  add_tokenizer_command(app);
  add_tokenize_command(app);
  add_data_command(app);
  add_train_command(app);
  add_sft_command(app);
  add_generate_command(app);
  add_run_command(app);
  add_logits_command(app);
  add_embed_command(app);
  add_rerank_command(app);
  add_eval_command(app);
  add_bench_command(app);
  add_show_command(app);
  add_compare_command(app);
  add_quantize_command(app);
  add_pull_command(app);
  add_store_commands(app);
  add_convert_command(app);
  add_doctor_command(app);
  if (argc == 1) {
    fmt::print("{}", app.help());
    return 2;
  }
  check_verbs(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    refuse(app, e);
  }
  return 0;
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
  using quern::Error;
  using quern::ErrorKind;
  try {
    return quern::run(argc, argv);
  } catch (const Error& e) {
    return quern::report(e);
  } catch (const std::bad_alloc&) {
    return quern::report(Error(ErrorKind::Resources, "out of memory"));
  } catch (const std::filesystem::filesystem_error& e) {
    return quern::report(Error(ErrorKind::Io, e.what()));
  } catch (const std::exception& e) {
    return quern::report(Error(ErrorKind::Internal, "a bug: {}", e.what()));
  }
}
