// SPDX-License-Identifier: MIT
// quern run runs/village
#include <cstdio>

#include "base/home.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/chat_session.h"
#include "cli/command.h"
#include "cli/line_reader.h"
#include "cli/local_partner.h"
#include "cli/remote_partner.h"
#include "cli/thinking_text.h"

namespace quern {

namespace {
struct RunOptions {
  CommonOptions common;
  SamplingFlags sampling;
  EngineFlags engine;
  std::string model, system;
  std::vector<std::string> messages;
  RemoteModel api;
  std::string key_file;
  const CLI::App* cmd = nullptr;  // to see what was given
};

void print_speed(const ChatAnswer& r) {
  say(paint(fmt::format("[{} tokens, {:.0f} a second; first after {:.0f} ms]", r.tokens,
                        r.decode_s > 0 ? double(r.tokens - 1) / r.decode_s : 0.0, r.prefill_s * 1000),
            "dim"));
}

void print_answer(const ChatAnswer& r, bool json, const std::string& question) {
  if (json) {
    fmt::print("{}\n", to_line(Json{{"question", question},
                                    {"answer", r.text},
                                    {"finish", r.finish},
                                    {"prompt_tokens", r.prompt_tokens},
                                    {"answer_tokens", r.tokens},
                                    {"prefill_s", r.prefill_s},
                                    {"decode_s", r.decode_s}}));
    std::fflush(stdout);
    return;
  }
  fmt::print("\n");
  std::fflush(stdout);
  if (r.finish == "cancelled") say(paint("[stopped]", "dim"));
  if (r.finish == "broken off") warn("the server broke off");
  if (is_terminal(2) && is_terminal(1) && r.tokens > 0) print_speed(r);
}

std::unique_ptr<ChatPartner> partner_of(const RunOptions& o) {
  if (o.api.url.empty()) {
    if (!o.api.model.empty() || !o.key_file.empty())
      throw Error(ErrorKind::InvalidArgument, "--model and --key-file are for a server").hint("give --api URL");
    if (o.model.empty())
      throw Error(ErrorKind::InvalidArgument, "which model?").hint("give a folder, a file or a name, or --api URL");
    return std::make_unique<LocalPartner>(open_model(o.model), o.engine);
  }
  RemoteModel api = o.api;
  if (!o.model.empty() && !api.model.empty())
    throw Error(ErrorKind::InvalidArgument, "the model is named twice: {} and --model {}", o.model, api.model);
  if (api.model.empty()) api.model = o.model;
  if (o.cmd)
    for (const CLI::Option* option : o.cmd->get_options())
      if (option->count() > 0 && option->get_group() == kEngineGroup)
        throw Error(ErrorKind::InvalidArgument, "{} is for models on this machine, not for --api", option->get_name());
  if (!o.key_file.empty()) api.key = read_key(o.key_file);
  return std::make_unique<RemotePartner>(std::move(api));
}

void chat(const RunOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  ChatSession session(partner_of(o), o.sampling, o.system);
  std::optional<ThinkingText> thinking;  // of the answer that comes
  const auto show = [&](const std::string& text) {
    if (!thinking) thinking.emplace(use_color(1), session.partner().starts_thinking());
    if (!o.common.json) fmt::print("{}", thinking->push(text));
    std::fflush(stdout);
    return !stop_requested();
  };
  const auto finish = [&](const ChatAnswer& result, const std::string& question) {
    if (thinking && !o.common.json) fmt::print("{}", thinking->finish());
    thinking.reset();
    print_answer(result, o.common.json, question);
    if (stop_requested()) clear_stop_request();  // it ended the answer, not the conversation
  };
  const auto ask = [&](const std::string& text) {
    thinking.reset();
    finish(session.ask(text, show), text);
  };
  if (!o.messages.empty()) {
    for (const std::string& message : o.messages) ask(message);
    return;
  }
  const fs::path home = quern_home();
  LineReader reader(home.empty() ? fs::path{} : home / "history");
  if (reader.interactive()) {
    say(session.partner().introduction());
    say(paint("/help lists what else you can do", "dim"));
  }
  std::string line;
  while (true) {
    const LineReader::Got got = reader.read("> ", line);
    if (got == LineReader::Got::End) break;
    if (got == LineReader::Got::Interrupted) {  // Ctrl-C at the prompt drops the line; in a pipe it ends the program
      if (!reader.interactive()) throw Error(ErrorKind::Interrupted, "stopped");
      clear_stop_request();
      fmt::print("\n");
      continue;
    }
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    try {
      if (!line.starts_with('/')) {
        ask(line);
        continue;
      }
      const ChatSession::Reply reply = session.command(line);
      if (!reply.text.empty()) say(reply.text);
      if (reply.quit) break;
      if (!reply.regenerate) continue;
      thinking.reset();
      if (const auto result = session.again(show)) finish(*result, session.question());
    } catch (const Error& e) {
      if (!reader.interactive()) throw;
      clear_stop_request();
      say(fmt::format("{} {}", paint("no:", "red"), e.message()));
      if (!e.hint().empty()) say("  " + e.hint());
    }
  }
  if (reader.interactive()) fmt::print("\n");
}
}  // namespace

void chat_with(const std::string& model) {
  RunOptions o;
  o.model = model;
  o.engine.batch = 1;
  chat(o);
}

void add_run_command(CLI::App& app) {
  auto o = std::make_shared<RunOptions>();
  auto* cmd = app.add_subcommand("run", "Talk with a model");
  o->cmd = cmd;
  cmd->add_option("model", o->model, "a model folder, a run, a .gguf file, or a model of the store");
  add_repeated(cmd, "--message,-m", o->messages, "say this, print the answer and leave; several are one conversation");
  cmd->add_option("--system", o->system, "what the model is told before the conversation");
  const auto remote = [](CLI::Option* option) { return option->group("A server instead of a model on this machine"); };
  remote(cmd->add_option("--api", o->api.url,
                         "address of a server that speaks OpenAI's API, as http://localhost:8080/v1"));
  remote(cmd->add_option("--model", o->api.model, "which of the server's models; left out: its only one"));
  remote(cmd->add_option("--key-file", o->key_file, "a file with the key that the server wants"));
  o->engine.add_to(cmd, /*many=*/false);
  o->sampling.add_to(cmd);
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern run runs/village\n"
               "  quern run runs/village -m \"Who keeps the bees?\" --greedy\n"
               "  quern run --api http://localhost:11434 --model llama3.2\n"
               "  printf 'Good morning.\\nWho are you?\\n' | quern run runs/village --json");
  cmd->callback([o] { chat(*o); });
}

}  // namespace quern
