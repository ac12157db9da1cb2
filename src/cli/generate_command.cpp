// SPDX-License-Identifier: MIT
// quern generate runs/village --prompt "Once upon a time" --num 3 --seed 1
#include <cstdio>
#include <iostream>
#include <iterator>

#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/engine_options.h"
#include "cli/id_list.h"
#include "cli/local_partner.h"
#include "cli/result_json.h"
#include "cli/sampling_options.h"
#include "infer/engine.h"

namespace quern {

namespace {
struct GenerateOptions {
  CommonOptions common;
  SamplingFlags sampling;
  std::string model;
  std::vector<std::string> prompts, prompt_files, ids;
  std::string prompt_lines, system;
  bool chat = false;
  bool echo = false, show_special = false, parse_special = false, prompt_logprobs = false;
  int num = 1, beams = 1, logprobs = -1;
  double length_penalty = 1;
  std::string early_stopping = "false";
  EngineFlags engine;
};

struct Prompt {
  std::string text;
  std::vector<int32_t> ids;
};

// How the model wants conversations.
ChatFormat chat_format_of(const LoadedModel& model) {
  std::optional<ChatFormat> format = ChatFormat::of_folder(model.folder, model.tokenizer);
  if (!format)
    throw Error(ErrorKind::InvalidArgument, "--chat: {} was not taught conversations", model.folder.string())
        .hint("without --chat the text is continued as it stands");
  return *format;
}

// A user's message, and the place where the assistant is to answer.
std::vector<int32_t> chat_ids(const GenerateOptions& o, const ChatFormat& format, const std::string& text) {
  std::vector<ChatMessage> messages;
  if (!o.system.empty()) messages.push_back({"system", o.system});
  messages.push_back({"user", text});
  return format.encode(template_input(messages, true));
}

std::vector<Prompt> prompts_of(const GenerateOptions& o, const LoadedModel& model,
                               const std::optional<ChatFormat>& chat) {
  std::vector<std::string> texts = o.prompts;
  for (const std::string& file : o.prompt_files)
    texts.push_back(file == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : read_file(file));
  if (!o.prompt_lines.empty()) {
    std::string all = read_file(o.prompt_lines);
    for (size_t at = 0; at < all.size();) {
      const size_t end = std::min(all.find('\n', at), all.size());
      if (end > at) texts.push_back(all.substr(at, end - at));
      at = end + 1;
    }
  }
  std::vector<Prompt> out;
  for (std::string& text : texts) {
    std::vector<int32_t> ids = chat ? chat_ids(o, *chat, text) : model.encode_prompt(text, o.parse_special);
    out.push_back({std::move(text), std::move(ids)});
  }
  for (const std::string& list : o.ids) {
    std::vector<int32_t> ids = parse_ids(list);
    out.push_back({model.tokenizer.valid() ? model.tokenizer.decode(ids) : "", std::move(ids)});
  }
  if (out.empty() && chat) throw Error(ErrorKind::InvalidArgument, "--chat needs a message").hint("give --prompt TEXT");
  if (out.empty()) out.push_back({"", model.encode_prompt("")});
  return out;
}

std::vector<Request> requests_of(const GenerateOptions& o, const LoadedModel& model, const std::vector<Prompt>& prompts,
                                 const std::optional<ChatFormat>& chat) {
  Request common = o.sampling.request(model);
  if (chat && !o.sampling.ignore_end)
    for (const int32_t id : chat->stop_ids()) common.stop_ids.push_back(id);
  common.skip_special = !o.show_special;
  common.sampling.logprobs = o.logprobs >= 0;
  common.sampling.top_logprobs = std::max(0, o.logprobs);
  common.prompt_logprobs = o.prompt_logprobs;
  common.guess_ahead = o.engine.guess_ahead();
  common.num_beams = o.beams;
  common.length_penalty = o.length_penalty;
  common.early_stopping = o.early_stopping == "true"    ? EarlyStopping::Always
                          : o.early_stopping == "never" ? EarlyStopping::Never
                                                        : EarlyStopping::Heuristic;
  if (o.beams > 1) {
    if (o.sampling.samples())
      throw Error(ErrorKind::InvalidArgument,
                  "--beams searches for the likeliest text; --temperature and its kin do not go with it");
    if (o.num > o.beams)
      throw Error(ErrorKind::InvalidArgument, "--num {} of --beams {}: there are not as many", o.num, o.beams);
  }
  std::vector<Request> requests;
  for (const Prompt& prompt : prompts) {
    for (int n = 0; n < (o.beams > 1 ? 1 : o.num); ++n) {
      requests.push_back(common);
      requests.back().prompt = prompt.ids;
      requests.back().sampling.seed = common.sampling.seed + uint64_t(n);
    }
  }
  return requests;
}

void print_stats(const GenerationResult& r) {
  if (!is_terminal(2)) return;
  const double prefilled = double(r.prompt_tokens - r.cached_prompt_tokens), drawn = double(r.ids.size()) - 1;
  const std::string guesses =
      r.guessed_tokens > 0 ? fmt::format("; {} of {} guesses right", r.right_guesses, r.guessed_tokens) : "";
  say(paint(fmt::format("[{} prompt tokens, {:.0f}/s; {} new, {:.0f}/s{}; {}]", r.prompt_tokens,
                        r.prefill_s > 0 ? prefilled / r.prefill_s : 0.0, r.ids.size(),
                        r.decode_s > 0 ? drawn / r.decode_s : 0.0, guesses, name_of(r.finish)),
            "dim"));
}

// One text, shown while it comes.
void generate_one(Engine& engine, const GenerateOptions& o, const Prompt& prompt, Request request) {
  if (o.echo) fmt::print("{}", prompt.text);
  const GenerationResult r = engine.generate(std::move(request), [&](const TokenEvent& event) {
    fmt::print("{}", event.text);
    std::fflush(stdout);
    return !stop_requested();
  });
  fmt::print("\n");
  print_stats(r);
}

void print_text(const GenerateOptions& o, const std::string& header, const std::string& prompt,
                const std::string& text) {
  if (!header.empty()) fmt::print("{}\n", header);
  fmt::print("{}{}\n", o.echo ? prompt : "", text);
}

void generate(const GenerateOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  const LoadedModel model = open_model(o.model);
  if (!o.chat && !o.system.empty())
    throw Error(ErrorKind::InvalidArgument, "--system is part of a conversation").hint("add --chat");
  if (o.chat && (!o.ids.empty() || o.parse_special))
    throw Error(ErrorKind::InvalidArgument,
                "--chat writes the special tokens itself; --ids and --parse-special do not go with it");
  std::optional<ChatFormat> chat;
  if (o.chat) chat = chat_format_of(model);
  const std::vector<Prompt> prompts = prompts_of(o, model, chat);
  std::vector<Request> requests = requests_of(o, model, prompts, chat);
  Engine engine(model.model, model.tokenizer, o.engine.options(model));
  if (requests.size() == 1 && o.beams == 1 && !o.common.json && model.tokenizer.valid() && o.logprobs < 0 &&
      !o.prompt_logprobs)
    return generate_one(engine, o, prompts[0], std::move(requests[0]));
  std::vector<std::shared_ptr<Generation>> running;
  for (Request& request : requests) running.push_back(engine.submit(std::move(request)));
  while (engine.step())
    if (stop_requested())
      for (const auto& g : running) g->cancel();

  Json out{{"model", model.folder.string()}, {"results", Json::array()}};
  const size_t samples = running.size() / prompts.size();
  for (size_t i = 0; i < running.size(); ++i) {
    const GenerationResult& r = running[i]->result();
    const Prompt& prompt = prompts[i / samples];
    if (o.common.json) {
      Json entry{
          {"prompt_index", i / samples}, {"sample", i % samples}, {"prompt", prompt.text}, {"prompt_ids", prompt.ids}};
      entry.update(
          result_json(r, model.tokenizer, {.logprobs = o.logprobs >= 0, .beams = size_t(o.beams > 1 ? o.num : 0)}));
      out["results"].push_back(std::move(entry));
      continue;
    }
    const auto header = [&](size_t n, size_t of) {
      std::string h;
      if (prompts.size() > 1) h += fmt::format("prompt {}", i / samples + 1);
      if (of > 1) h += fmt::format("{}sample {}", h.empty() ? "" : ", ", n + 1);
      return h.empty() ? h : "--- " + h;
    };
    if (o.beams > 1) {
      for (size_t b = 0; b < std::min(r.beams.size(), size_t(o.num)); ++b) {
        const auto& ids = r.beams[b].tokens;
        print_text(o, header(b, size_t(o.num)), prompt.text,
                   model.tokenizer.valid() ? model.tokenizer.decode(ids, !o.show_special) : format_ids(ids));
      }
    } else {
      print_text(o, header(i % samples, samples), prompt.text, model.tokenizer.valid() ? r.text : format_ids(r.ids));
    }
    if (o.logprobs >= 0 || o.prompt_logprobs) print_logprobs(r, model.tokenizer);
  }
  if (o.common.json) fmt::print("{}\n", to_line(out));
}
}  // namespace

void add_generate_command(CLI::App& app) {
  auto o = std::make_shared<GenerateOptions>();
  auto* cmd = app.add_subcommand("generate", "Continue a text with a model");
  cmd->add_option("model", o->model, "a model folder, or a run's folder")->required();
  add_repeated(cmd, "--prompt,-p", o->prompts, "the text to go on from; several are answered side by side");
  add_repeated(cmd, "--prompt-file", o->prompt_files, "a file that is one prompt; -: standard input");
  cmd->add_option("--prompt-lines", o->prompt_lines, "a file with a prompt in each line");
  add_repeated(cmd, "--ids", o->ids, "token ids instead of text, as 5,17,3");
  cmd->add_flag("--chat", o->chat,
                "each prompt is a message to the model, in the form that its chat template gives it");
  cmd->add_option("--system", o->system, "with --chat: what the model is told before the message");
  cmd->add_flag("--parse-special", o->parse_special, "special tokens written in the prompt count as such");
  cmd->add_flag("--show-special", o->show_special, "show special tokens in the text");
  cmd->add_flag("--echo", o->echo, "print the prompt before its continuation");
  cmd->add_option("--num,-n", o->num, "how many continuations, with seeds seed, seed + 1, ...")
      ->check(CLI::Range(1, 100000));
  cmd->add_option("--beams", o->beams, "beam search of this width instead of sampling")->check(CLI::Range(1, 1024));
  cmd->add_option("--length-penalty", o->length_penalty, "beams: above 0 favours longer texts")->capture_default_str();
  cmd->add_option("--early-stopping", o->early_stopping, "beams: true, false or never, as in Hugging Face")
      ->check(CLI::IsMember({"true", "false", "never"}));
  cmd->add_option("--logprobs", o->logprobs, "show each token's log-probability and the N likeliest")
      ->check(CLI::Range(0, 1000));
  cmd->add_flag("--prompt-logprobs", o->prompt_logprobs, "and of the prompt's tokens");
  o->engine.add_to(cmd);
  o->sampling.add_to(cmd);
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern generate runs/village --prompt \"In the morning\" --max-tokens 100\n"
               "  quern generate runs/village -p \"The miller\" --num 3 --temperature 1.1 --seed 5\n"
               "  quern generate smollm2 --chat -p \"What is a quern?\" --greedy\n"
               "  quern generate ./gpt2 -p \"Once\" --beams 4 --json\n"
               "  quern generate ./gpt2-xl --draft ./gpt2 -p \"Once\" --guess 5\n"
               "  quern generate ./gpt2 -p \"Name: \" --stop \"\\n\" --logprobs 3");
  cmd->callback([o] { generate(*o); });
}

}  // namespace quern
