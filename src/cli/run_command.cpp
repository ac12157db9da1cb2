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
#include "cli/thinking_text.h"

namespace quern {

namespace {
struct RunOptions {
  CommonOptions common;
  SamplingFlags sampling;
  std::string model, system;
  std::vector<std::string> messages;
  int64_t context = 0;
};

void print_speed(const GenerationResult& r) {
  const double seconds = r.decode_s;
  say(paint(fmt::format("[{} tokens, {:.0f} a second; first after {:.0f} ms]", r.ids.size(),
                        seconds > 0 ? double(r.ids.size() - 1) / seconds : 0.0, r.prefill_s * 1000),
            "dim"));
}

void print_answer(const GenerationResult& r, bool json, const std::string& question) {
  if (json) {
    fmt::print("{}\n", to_line(Json{{"question", question},
                                    {"answer", r.text},
                                    {"finish", name_of(r.finish)},
                                    {"prompt_tokens", r.prompt_tokens},
                                    {"answer_tokens", r.ids.size()},
                                    {"prefill_s", r.prefill_s},
                                    {"decode_s", r.decode_s}}));
    std::fflush(stdout);
    return;
  }
  fmt::print("\n");
  std::fflush(stdout);
  if (r.finish == FinishReason::Cancelled) say(paint("[stopped]", "dim"));
  if (is_terminal(2) && is_terminal(1) && !r.ids.empty()) print_speed(r);
}

void chat(const RunOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  ChatSession session(open_model(o.model), o.sampling, {.max_sequences = 1, .context = o.context}, o.system);
  std::optional<ThinkingText> thinking;  // of the answer that comes
  const auto show = [&](const std::string& text) {
    if (!thinking) thinking.emplace(use_color(1), session.starts_thinking());
    if (!o.common.json) fmt::print("{}", thinking->push(text));
    std::fflush(stdout);
    return !stop_requested();
  };
  const auto finish = [&](const GenerationResult& result, const std::string& question) {
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
    say(fmt::format("{} · {} parameters · context {}", session.model().folder.string(),
                    format_count(double(session.model().model->params->num_values())),
                    session.model().model->shape().context));
    if (!session.knows_chat()) say("This model was not taught conversations: it continues what you write.");
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
      if (const auto result = session.again(show)) finish(*result, "");
    } catch (const Error& e) {
      if (!reader.interactive()) throw;
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
  chat(o);
}

void add_run_command(CLI::App& app) {
  auto o = std::make_shared<RunOptions>();
  auto* cmd = app.add_subcommand("run", "Talk with a model");
  cmd->add_option("model", o->model, "a model folder, or a run's folder")->required();
  add_repeated(cmd, "--message,-m", o->messages, "say this, print the answer and leave; several are one conversation");
  cmd->add_option("--system", o->system, "what the model is told before the conversation");
  cmd->add_option("--context", o->context, "longest conversation in tokens; 0: what the model was made for");
  o->sampling.add_to(cmd);
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern run runs/village\n"
               "  quern run runs/village -m \"Who keeps the bees?\" --greedy\n"
               "  printf 'Good morning.\\nWho are you?\\n' | quern run runs/village --json");
  cmd->callback([o] { chat(*o); });
}

}  // namespace quern
