// SPDX-License-Identifier: MIT
#include "cli/chat_session.h"

#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/nearest.h"

namespace quern {

namespace {
constexpr const char* kHelp =
    "  /help               this\n"
    "  /system TEXT        what the model is told before the conversation; alone: show it\n"
    "  /set NAME VALUE     temperature, top_k, top_p, min_p, repetition_penalty, max_tokens, seed; alone: show them\n"
    "  /regen              another answer to the last question\n"
    "  /edit TEXT          ask this in place of the last question\n"
    "  /why                how likely each token of the last answer was, and what else it might have been\n"
    "  /clear              begin a new conversation\n"
    "  /save FILE          write the conversation as JSON\n"
    "  /load FILE          go on with one\n"
    "  /tokens             how much of the context is used\n"
    "  /quit               leave (also Ctrl-D)\n"
    "  A line ending in \\ goes on; \"\"\" begins and ends several lines; Ctrl-C stops an answer.";

const std::vector<std::string> kCommands = {"/help",  "/system", "/set",  "/regen",  "/edit", "/why",
                                            "/clear", "/save",   "/load", "/tokens", "/quit"};
}  // namespace

ChatSession::ChatSession(LoadedModel model, SamplingFlags sampling, EngineOptions options, std::string system)
    : model_(std::move(model)),
      sampling_(std::move(sampling)),
      engine_(model_.model, model_.tokenizer, options),
      system_(std::move(system)),
      format_(ChatFormat::of_folder(model_.folder, model_.tokenizer)) {}

std::vector<ChatMessage> ChatSession::with_system() const {
  std::vector<ChatMessage> all;
  if (!system_.empty()) all.push_back({"system", system_});
  all.insert(all.end(), messages_.begin(), messages_.end());
  return all;
}

ChatTemplateInput ChatSession::conversation(bool add_generation_prompt) const {
  ChatTemplateInput input;
  for (const ChatMessage& m : with_system()) input.messages.push_back({{"role", m.role}, {"content", m.content}});
  input.add_generation_prompt = add_generation_prompt;
  return input;
}

// The ids to go on from: the conversation so far, or just the text.
std::vector<int32_t> ChatSession::prompt_for(const std::string& text) {
  if (!format_) return model_.encode_prompt(text);
  const ChatTemplateInput input = conversation(true);
  const std::string written = format_->render(input).text;
  starts_thinking_ = written.find("<think>", written.size() < 20 ? 0 : written.size() - 20) != std::string::npos &&
                     written.find("</think>", written.size() < 40 ? 0 : written.size() - 40) == std::string::npos;
  return format_->encode(input);
}

GenerationResult ChatSession::ask(const std::string& text, const std::function<bool(const std::string&)>& show) {
  constexpr int kAlternatives = 3;  // that /why shows
  Request request = sampling_.request(model_);
  request.sampling.seed += turn_++;
  request.sampling.logprobs = true;
  request.sampling.top_logprobs = kAlternatives;
  last_question_ = text;
  if (format_) {
    messages_.push_back({"user", text});
    for (const int32_t id : format_->stop_ids()) request.stop_ids.push_back(id);
  }
  try {
    request.prompt = prompt_for(text);
    GenerationResult result = engine_.generate(
        std::move(request), [&](const TokenEvent& event) { return event.text.empty() || show(event.text); });
    last_tokens_ = result.tokens;
    if (format_) messages_.push_back({"assistant", result.text});
    return result;
  } catch (...) {
    if (format_) messages_.pop_back();
    throw;
  }
}

std::optional<GenerationResult> ChatSession::again(const std::function<bool(const std::string&)>& show) {
  if (last_question_.empty()) return std::nullopt;
  if (format_) {
    while (!messages_.empty() && messages_.back().role == "assistant") messages_.pop_back();
    if (!messages_.empty()) messages_.pop_back();
  }
  return ask(std::string(last_question_), show);
}

ChatSession::Reply ChatSession::command(const std::string& line) {
  const size_t space = line.find_first_of(" \t");
  const std::string name = line.substr(0, space);
  std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
  while (rest.starts_with(' ')) rest.erase(0, 1);
  if (name == "/help" || name == "/?") return {kHelp};
  if (name == "/quit" || name == "/exit" || name == "/bye") return {.text = "", .quit = true};
  if (name == "/regen")
    return {.text = last_question_.empty() ? "nothing was asked yet" : "", .regenerate = !last_question_.empty()};
  if (name == "/edit") {
    if (rest.empty()) throw Error(ErrorKind::InvalidArgument, "/edit needs the new question");
    if (last_question_.empty()) return {"nothing was asked yet"};
    last_question_ = rest;
    return {.text = "", .regenerate = true};
  }
  if (name == "/why") return {why()};
  if (name == "/clear") {
    messages_.clear();
    last_question_.clear();
    return {"a new conversation"};
  }
  if (name == "/system") {
    if (rest.empty()) return {system_.empty() ? "no system message" : system_};
    system_ = rest;
    return {"noted"};
  }
  if (name == "/tokens") {
    const size_t used = format_ && !messages_.empty() ? format_->encode(conversation(false)).size() : 0;
    return {fmt::format("{} of {} tokens", used, engine_.context())};
  }
  if (name == "/save" || name == "/load") {
    if (rest.empty()) throw Error(ErrorKind::InvalidArgument, "{} needs a file name", name);
    name == "/save" ? save(rest) : load(rest);
    return {fmt::format("{} messages", messages_.size())};
  }
  if (name == "/set") {
    const size_t gap = rest.find_first_of(" =");
    return {set(rest.substr(0, gap), gap == std::string::npos ? "" : rest.substr(gap + 1))};
  }
  throw Error(ErrorKind::InvalidArgument, "no command {}", name)
      .hint("the nearest is {}; /help lists all", nearest(name, kCommands));
}

std::string ChatSession::why() const {
  if (last_tokens_.empty()) return "nothing was answered yet";
  const auto shown = [&](int32_t id) {
    const std::string one[] = {model_.tokenizer.valid() ? model_.tokenizer.decode(std::span(&id, 1)) : ""};
    return one[0].empty() ? fmt::format("#{}", id) : Json(one[0]).dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string out;
  for (const SampledToken& token : last_tokens_) {
    if (!out.empty()) out += "\n";
    out += fmt::format("  {:5.1f} %  {}", 100 * std::exp(double{token.logprob}), shown(token.id));
    for (const TokenLogprob& other : token.top)
      if (other.id != token.id)
        out += fmt::format("   {} {:.1f} %", shown(other.id), 100 * std::exp(double{other.logprob}));
  }
  return out;
}

std::string ChatSession::set(const std::string& name, const std::string& value) {
  const SamplingOptions now = sampling_.request(model_).sampling;
  if (name.empty())
    return fmt::format("temperature {}, top_k {}, top_p {}, min_p {}, repetition_penalty {}, max_tokens {}, seed {}",
                       now.temperature, now.top_k, now.top_p, now.min_p, now.repetition_penalty, sampling_.max_tokens,
                       sampling_.seed);
  double x = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), x);
  if (error != std::errc{} || end != value.data() + value.size())
    throw Error(ErrorKind::InvalidArgument, "/set {}: '{}' is no number", name, value);
  const SamplingFlags before = sampling_;
  const auto whole = [&] {
    if (x != double(int64_t(x)) || x < 0 || x > 1e15)
      throw Error(ErrorKind::InvalidArgument, "/set {}: a whole number is expected", name);
    return int64_t(x);
  };
  if (name == "temperature")
    sampling_.temperature = x, sampling_.greedy = false;
  else if (name == "top_k")
    sampling_.top_k = whole();
  else if (name == "top_p")
    sampling_.top_p = x;
  else if (name == "min_p")
    sampling_.min_p = x;
  else if (name == "repetition_penalty")
    sampling_.repetition_penalty = x;
  else if (name == "max_tokens")
    sampling_.max_tokens = whole();
  else if (name == "seed")
    sampling_.seed = uint64_t(whole()), turn_ = 0;
  else
    throw Error(ErrorKind::InvalidArgument, "/set knows no {}", name)
        .hint("the nearest is {}", nearest(name, std::vector<std::string>{"temperature", "top_k", "top_p", "min_p",
                                                                          "repetition_penalty", "max_tokens", "seed"}));
  try {
    sampling_.request(model_).sampling.validate(model_.model->shape().V);
  } catch (...) {
    sampling_ = before;
    throw;
  }
  return "noted";
}

void ChatSession::save(const std::string& path) const {
  Json messages = Json::array();
  for (const ChatMessage& m : with_system()) messages.push_back({{"role", m.role}, {"content", m.content}});
  write_file(path, Json{{"messages", messages}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void ChatSession::load(const std::string& path) {
  const Json json = read_json(path);
  if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array())
    throw Error(ErrorKind::InvalidData, "{}: a conversation is an object with a list of messages", path);
  std::vector<ChatMessage> messages;
  std::string system;
  for (const Json& m : json["messages"]) {
    if (!m.is_object() || !m.contains("role") || !m["role"].is_string() || !m.contains("content") ||
        !m["content"].is_string())
      throw Error(ErrorKind::InvalidData, "{}: message {} has no role and content", path, messages.size() + 1);
    const auto role = m["role"].get<std::string>();
    if (role == "system" && messages.empty())
      system = m["content"].get<std::string>();
    else
      messages.push_back({role, m["content"].get<std::string>()});
  }
  system_ = system;
  messages_ = std::move(messages);
  last_question_.clear();
  for (const ChatMessage& m : messages_)
    if (m.role == "user") last_question_ = m.content;
}

}  // namespace quern
