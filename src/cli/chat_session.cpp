// SPDX-License-Identifier: MIT
#include "cli/chat_session.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/nearest.h"

namespace quern {

namespace {
constexpr const char* kHelp =
    "  /help               this\n"
    "  /system TEXT        what the model is told before the conversation; alone: show it; \"\": nothing\n"
    "  /set NAME VALUE     temperature, top_k, top_p, min_p, repetition_penalty, presence_penalty, frequency_penalty,\n"
    "                      max_tokens, seed; alone: show them\n"
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

constexpr uint64_t kMostConversationBytes = 64u << 20;

struct SavedConversation {
  std::string system;
  std::vector<ChatMessage> messages;
};

// What /save wrote, or somebody else: nothing in it is believed.
SavedConversation read_conversation(const std::string& path) {
  if (!fs::exists(path)) throw Error(ErrorKind::NotFound, "{}: no such file", path);
  if (!fs::is_regular_file(path)) throw Error(ErrorKind::InvalidArgument, "{}: not a file of a conversation", path);
  if (fs::file_size(path) > kMostConversationBytes)
    throw Error(ErrorKind::InvalidData, "{}: {} are too much for a conversation", path,
                format_size(fs::file_size(path)));
  const Json json = read_json(path);
  if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array())
    throw Error(ErrorKind::InvalidData, "{}: a conversation is an object with a list of messages", path);
  SavedConversation out;
  size_t number = 0;
  for (const Json& m : json["messages"]) {
    ++number;
    if (!m.is_object() || !m.contains("role") || !m["role"].is_string() || !m.contains("content") ||
        !m["content"].is_string())
      throw Error(ErrorKind::InvalidData, "{}: message {} has no role and content", path, number);
    const auto role = m["role"].get<std::string>();
    if (role == "system" && number == 1) {
      out.system = m["content"].get<std::string>();
    } else if (role == "user" || role == "assistant") {
      out.messages.push_back({role, m["content"].get<std::string>()});
    } else {
      throw Error(ErrorKind::InvalidData, "{}: message {} is by {}", path, number, to_line(role.substr(0, 40)))
          .hint("a system message may come first; the others are by user and assistant");
    }
  }
  return out;
}
}  // namespace

ChatSession::ChatSession(std::unique_ptr<ChatPartner> partner, SamplingFlags sampling, std::string system)
    : partner_(std::move(partner)), sampling_(std::move(sampling)), system_(std::move(system)) {
  partner_->check(sampling_);
}

std::vector<ChatMessage> ChatSession::with_system(const std::string& system,
                                                  const std::vector<ChatMessage>& messages) const {
  std::vector<ChatMessage> all;
  if (!system.empty()) all.push_back({"system", system});
  all.insert(all.end(), messages.begin(), messages.end());
  return all;
}

ChatAnswer ChatSession::ask(const std::string& text, const ChatPartner::Show& show) {
  last_question_ = text;
  answered_ = false;
  std::vector<ChatMessage> asked = messages_;
  asked.push_back({"user", text});
  ChatAnswer answer = partner_->answer(with_system(system_, asked), sampling_, turn_++, show);
  last_tokens_ = answer.how;
  answered_ = true;
  if (!partner_->knows_chat()) return answer;
  asked.push_back({"assistant", answer.text});
  messages_ = std::move(asked);
  return answer;
}

std::optional<ChatAnswer> ChatSession::again(const ChatPartner::Show& show) {
  if (last_question_.empty()) return std::nullopt;
  // Back to before the last question, if it was answered: one that failed is not among the messages.
  const std::vector<ChatMessage> before = messages_;
  const bool was_answered = answered_;
  size_t last = messages_.size();
  while (last > 0 && messages_[last - 1].role != "user") --last;
  if (last > 0 && answered_) messages_.resize(last - 1);
  try {
    return ask(std::string(last_question_), show);
  } catch (...) {
    messages_ = before;
    answered_ = was_answered;
    throw;
  }
}

ChatSession::Reply ChatSession::edit(const std::string& text) {
  if (text.empty()) throw Error(ErrorKind::InvalidArgument, "/edit needs the new question");
  if (last_question_.empty()) return {"nothing was asked yet"};
  last_question_ = text;
  return {.text = "", .regenerate = true};
}

ChatSession::Reply ChatSession::system(const std::string& text) {
  if (text.empty()) return {system_.empty() ? "no system message" : system_};
  system_ = text == "\"\"" ? "" : text;
  return {"noted"};
}

ChatSession::Reply ChatSession::command(const std::string& line) {
  const size_t space = line.find_first_of(" \t\n");
  const std::string name = line.substr(0, space);
  std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
  rest.erase(0, std::min(rest.size(), rest.find_first_not_of(" \t")));
  while (rest.ends_with(' ') || rest.ends_with('\t')) rest.pop_back();
  if (name == "/help" || name == "/?") return {kHelp};
  if (name == "/quit" || name == "/exit" || name == "/bye") return {.text = "", .quit = true};
  if (name == "/regen")
    return {.text = last_question_.empty() ? "nothing was asked yet" : "", .regenerate = !last_question_.empty()};
  if (name == "/edit") return edit(rest);
  if (name == "/why") return {why()};
  if (name == "/clear") {
    messages_.clear();
    last_question_.clear();
    last_tokens_.clear();
    return {"a new conversation"};
  }
  if (name == "/system") return system(rest);
  if (name == "/tokens") return {partner_->tokens_used(with_system(system_, messages_))};
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

std::string ChatSession::why() {
  if (last_tokens_.empty()) return partner_->why_not();
  const auto quoted = [](const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string out;
  for (const AnsweredToken& token : last_tokens_) {
    if (!out.empty()) out += "\n";
    out += fmt::format("  {:5.1f} %  {}", 100 * std::exp(token.chosen.logprob), quoted(token.chosen.text));
    for (const LikelyToken& other : token.others)
      out += fmt::format("   {} {:.1f} %", quoted(other.text), 100 * std::exp(other.logprob));
  }
  return out;
}

std::string ChatSession::set(const std::string& name, const std::string& value) {
  if (name.empty()) return partner_->settings(sampling_);
  SamplingFlags changed = sampling_;
  const std::pair<const char*, std::optional<double>*> reals[] = {
      {"temperature", &changed.temperature},
      {"top_p", &changed.top_p},
      {"min_p", &changed.min_p},
      {"repetition_penalty", &changed.repetition_penalty},
      {"presence_penalty", &changed.presence_penalty},
      {"frequency_penalty", &changed.frequency_penalty},
  };
  std::vector<std::string> known{"top_k", "max_tokens", "seed"};
  for (const auto& [key, field] : reals) known.emplace_back(key);
  if (std::ranges::find(known, name) == known.end())
    throw Error(ErrorKind::InvalidArgument, "/set knows no {}", name).hint("the nearest is {}", nearest(name, known));
  double x = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), x);
  if (error != std::errc{} || end != value.data() + value.size() || !std::isfinite(x))
    throw Error(ErrorKind::InvalidArgument, "/set {}: '{}' is no number", name, value);
  for (const auto& [key, field] : reals)
    if (name == key) *field = x;
  if (name == "temperature") changed.greedy = false;
  if (name == "top_k" || name == "max_tokens" || name == "seed") {
    if (x < 0 || x > 1e15 || x != std::floor(x))
      throw Error(ErrorKind::InvalidArgument, "/set {}: a whole number is expected", name);
    if (name == "top_k") changed.top_k = int64_t(x);
    if (name == "max_tokens") changed.max_tokens = int64_t(x);
    if (name == "seed") changed.seed = uint64_t(x);
  }
  partner_->check(changed);
  sampling_ = std::move(changed);
  if (name == "seed") turn_ = 0;
  return "noted";
}

void ChatSession::save(const std::string& path) const {
  Json messages = Json::array();
  for (const ChatMessage& m : with_system(system_, messages_))
    messages.push_back({{"role", m.role}, {"content", m.content}});
  write_file(path, Json{{"messages", messages}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void ChatSession::load(const std::string& path) {
  SavedConversation read = read_conversation(path);
  try {
    partner_->require_readable(with_system(read.system, read.messages));
  } catch (const Error& e) {
    throw Error(e.kind(), "{}: {}", path, e.message());
  }
  system_ = std::move(read.system);
  messages_ = std::move(read.messages);
  last_tokens_.clear();
  last_question_.clear();
  for (const ChatMessage& m : messages_)
    if (m.role == "user") last_question_ = m.content;
  answered_ = true;
}

}  // namespace quern
