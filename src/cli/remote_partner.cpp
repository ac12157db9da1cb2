// SPDX-License-Identifier: MIT
#include "cli/remote_partner.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>

#include "formats/download.h"
#include "formats/http_post.h"

namespace quern {

namespace {
constexpr size_t kMostEventBytes = 16u << 20;

// A text of a server's for one line of a message: no control characters, not too long.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  while (text.ends_with(' ')) text.pop_back();
  if (text.size() > 300) {
    size_t end = 300;
    while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + " ...";
  }
  return text;
}

// What an answer says of an error: {"error": {"message"}}, {"error": ".."}, {"message"}, {"detail"}; else itself.
std::string complaint_in(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  const Json* at = &json;
  for (const char* key : {"error", "message", "detail"})
    if (at->is_object() && at->contains(key)) at = &(*at)[key];
  if (at->is_string()) return one_line(at->get<std::string>());
  return one_line(json.is_discarded() ? body : to_line(*at));
}

[[noreturn]] void throw_refusal(const std::string& url, long status, const std::string& body) {
  const std::string said = complaint_in(body);
  Error error(status == 404   ? ErrorKind::NotFound
              : status >= 500 ? ErrorKind::Io
                              : ErrorKind::InvalidArgument,
              "{}: HTTP {}{}{}", shown_url(url), status, said.empty() ? "" : ": ", said);
  if (status == 401 || status == 403)
    throw std::move(error).hint("--key-file FILE names the key that the server wants");
  if (status == 404) throw std::move(error).hint("is the address right, and does the server have this model?");
  if (status >= 300 && status < 400) throw std::move(error).hint("the server sends elsewhere; give that address");
  throw error;
}

const Json& member(const Json& json, const char* key) {
  static const Json null;
  return json.is_object() && json.contains(key) ? json[key] : null;
}
const Json& first_of(const Json& json) {
  static const Json null;
  return json.is_array() && !json.empty() ? json[0] : null;
}
std::string text_in(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}
int64_t count_in(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_number_integer() ? std::max<int64_t>(0, value.get<int64_t>()) : 0;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// An answer put together from what comes.
class IncomingAnswer {
 public:
  IncomingAnswer(const std::string& url, const ChatPartner::Show& show) : url_(url), show_(show) {}

  // One event, or a whole answer from a server that does not stream. False: enough.
  bool take(const std::string& event) {
    if (event == "[DONE]") {
      done_ = true;
      return true;
    }
    const Json json = parse_json(event, shown_url(url_));
    if (json.is_object() && json.contains("error") && !json["error"].is_null())
      throw Error(ErrorKind::Io, "{}: {}", shown_url(url_), complaint_in(event));
    if (const Json& usage = member(json, "usage"); usage.is_object()) {
      answer.prompt_tokens = count_in(usage, "prompt_tokens");
      told_tokens_ = count_in(usage, "completion_tokens");
    }
    const Json& choice = first_of(member(json, "choices"));
    const Json& delta = choice.contains("delta") ? member(choice, "delta") : member(choice, "message");
    if (const std::string finish = text_in(choice, "finish_reason"); !finish.empty()) answer.finish = finish;
    add_probabilities(member(member(choice, "logprobs"), "content"));
    std::string thought = text_in(delta, "reasoning_content");
    if (thought.empty()) thought = text_in(delta, "reasoning");
    return say_thought(thought) && say_text(text_in(delta, "content"));
  }

  ChatAnswer finish(bool stopped) {
    if (thinking_) show_("</think>\n\n");
    if (stopped) answer.finish = "cancelled";
    if (answer.finish.empty()) answer.finish = done_ ? "stop" : "broken off";
    answer.tokens = told_tokens_ > 0 ? told_tokens_ : pieces_;
    if (first_at_ > 0) answer.prefill_s = first_at_, answer.decode_s = last_at_ - first_at_;
    return std::move(answer);
  }

  ChatAnswer answer;

 private:
  const std::string& url_;
  const ChatPartner::Show& show_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double first_at_ = 0, last_at_ = 0;
  int64_t pieces_ = 0, told_tokens_ = 0;
  bool thinking_ = false, done_ = false;

  void count_piece() {
    last_at_ = seconds_since(start_);
    if (first_at_ == 0) first_at_ = last_at_;
    ++pieces_;
  }
  // Thoughts are shown, but are no part of what was said.
  bool say_thought(const std::string& text) {
    if (text.empty()) return true;
    count_piece();
    const std::string opening = thinking_ ? "" : "<think>\n";
    thinking_ = true;
    return show_(opening + text);
  }
  bool say_text(const std::string& text) {
    if (text.empty()) return true;
    count_piece();
    answer.text += text;
    const std::string closing = thinking_ ? "</think>\n\n" : "";
    thinking_ = false;
    return show_(closing + text);
  }
  void add_probabilities(const Json& tokens) {
    if (!tokens.is_array()) return;
    const auto likely = [](const Json& t) {
      const Json& p = member(t, "logprob");
      return LikelyToken{text_in(t, "token"), p.is_number() ? p.get<double>() : 0.0};
    };
    for (const Json& t : tokens) {
      AnsweredToken& one = answer.how.emplace_back();
      one.chosen = likely(t);
      if (const Json& top = member(t, "top_logprobs"); top.is_array())
        for (const Json& other : top)
          if (text_in(other, "token") != one.chosen.text) one.others.push_back(likely(other));
    }
  }
};

std::string only_model_of(const RemoteModel& remote) {
  const std::string url = api_address(remote.url, "models");
  HttpOptions options;
  options.token = remote.key;
  options.attempts = 1;
  std::vector<std::string> names;
  try {
    const Json json = parse_json(fetch_text(url, options), shown_url(url));
    if (const Json& list = member(json, "data"); list.is_array())
      for (const Json& m : list)
        if (const std::string id = text_in(m, "id"); !id.empty()) names.push_back(one_line(id));
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Interrupted) throw;
    const std::string said = e.message();
    throw Error(e.kind(), "{}", said).hint("--model names the model, --key-file the key; is the address right?");
  }
  if (names.size() == 1) return names[0];
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(names.size(), 20); ++i) list += (i ? ", " : "") + names[i];
  if (names.size() > 20) list += ", ...";
  throw Error(ErrorKind::InvalidArgument, "{} has {} models", shown_url(remote.url), names.size())
      .hint("{}", names.empty() ? "name one with --model" : "name one with --model: " + list);
}
}  // namespace

std::string api_address(std::string base, const std::string& leaf) {
  while (base.ends_with('/')) base.pop_back();
  if (base.find("://") == std::string::npos) base = "http://" + base;
  constexpr std::string_view kChat = "/chat/completions";
  if (base.ends_with(kChat)) base.resize(base.size() - kChat.size());
  // A version in the path ("/v1", "/api/paas/v4", "/v1beta/openai") says that the path is whole.
  bool versioned = false;
  for (size_t at = base.find('/', base.find("://") + 3); at != std::string::npos; at = base.find('/', at + 1))
    versioned |= at + 2 < base.size() && base[at + 1] == 'v' && std::isdigit(static_cast<unsigned char>(base[at + 2]));
  return base + (versioned ? "/" : "/v1/") + leaf;
}

std::string read_key(const fs::path& file) {
  std::string key = read_file(file);
  key.resize(std::min(key.size(), key.find_first_of("\r\n")));
  while (key.ends_with(' ') || key.ends_with('\t')) key.pop_back();
  key.erase(0, std::min(key.size(), key.find_first_not_of(" \t")));
  if (key.empty()) throw Error(ErrorKind::InvalidData, "{}: there is no key on the first line", file.string());
  return key;
}

// --- server-sent events ---

void EventReader::end_line(std::vector<std::string>& events) {
  if (line_.ends_with('\r')) line_.pop_back();
  if (line_.empty()) {  // the event is complete
    if (any_data_) events.push_back(std::move(data_));
    data_.clear();
    any_data_ = false;
  } else if (line_.starts_with("data:")) {
    if (any_data_) data_ += '\n';
    any_data_ = true;
    data_ += std::string_view(line_).substr(line_.starts_with("data: ") ? 6 : 5);
  }
  line_.clear();
}

std::vector<std::string> EventReader::push(std::string_view bytes) {
  std::vector<std::string> events;
  for (const char c : bytes) {
    if (c == '\n')
      end_line(events);
    else
      line_ += c;
    if (line_.size() + data_.size() > kMostEventBytes)
      throw Error(ErrorKind::InvalidData, "the server sends an event without end");
  }
  return events;
}

std::vector<std::string> EventReader::finish() {
  std::vector<std::string> events;
  end_line(events);
  end_line(events);
  return events;
}

// --- the partner ---

RemotePartner::RemotePartner(RemoteModel remote) : remote_(std::move(remote)) {
  if (remote_.model.empty()) remote_.model = only_model_of(remote_);
}

std::string RemotePartner::introduction() const {
  return fmt::format("{} at {}", remote_.model, shown_url(remote_.url));
}

void RemotePartner::check(const SamplingFlags& s) const {
  const std::pair<const char*, bool> unsayable[] = {{"--typical-p", s.typical_p.has_value()},
                                                    {"--epsilon-cutoff", s.epsilon_cutoff.has_value()},
                                                    {"--eta-cutoff", s.eta_cutoff.has_value()},
                                                    {"--no-repeat-ngram", s.no_repeat_ngram_size.has_value()},
                                                    {"--min-length", s.min_length.has_value()},
                                                    {"--min-tokens", s.min_new_tokens.has_value()},
                                                    {"--bad-word", !s.bad_words.empty()},
                                                    {"--logit-bias", !s.logit_bias.empty()},
                                                    {"--sequence-bias", !s.sequence_bias.empty()},
                                                    {"--stop-id", !s.stop_ids.empty()},
                                                    {"--ignore-end", s.ignore_end}};
  for (const auto& [name, given] : unsayable)
    if (given) throw Error(ErrorKind::InvalidArgument, "{} can't be sent to a server", name);
  if (s.max_tokens < 0) throw Error(ErrorKind::InvalidArgument, "--max-tokens {} makes no sense", s.max_tokens);
}

Json RemotePartner::request_json(std::span<const ChatMessage> messages, const SamplingFlags& s, uint64_t turn) const {
  Json json{{"model", remote_.model}, {"messages", Json::array()}, {"stream", true}};
  json["stream_options"] = {{"include_usage", true}};
  for (const ChatMessage& m : messages) json["messages"].push_back({{"role", m.role}, {"content", m.content}});
  const std::pair<const char*, std::optional<double>> reals[] = {
      {"temperature", s.greedy ? std::optional<double>(0) : s.temperature},
      {"top_p", s.top_p},
      {"min_p", s.min_p},
      {"repetition_penalty", s.repetition_penalty},
      {"presence_penalty", s.presence_penalty},
      {"frequency_penalty", s.frequency_penalty}};
  for (const auto& [key, value] : reals)
    if (value) json[key] = *value;
  if (s.top_k) json["top_k"] = *s.top_k;
  if (s.seed > 0) json["seed"] = s.seed + turn;
  json["max_tokens"] = s.max_tokens;
  if (!s.stop.empty()) json["stop"] = s.stop_texts();
  if (wants_probabilities_) json["logprobs"] = true, json["top_logprobs"] = 4;  // the chosen one is among them
  return json;
}

ChatAnswer RemotePartner::answer(std::span<const ChatMessage> messages, const SamplingFlags& sampling, uint64_t turn,
                                 const Show& show) {
  const HttpPost post{.url = api_address(remote_.url, "chat/completions"),
                      .body = to_line(request_json(messages, sampling, turn)),
                      .headers = {"Content-Type: application/json", "Accept: text/event-stream, application/json"},
                      .token = remote_.key};
  IncomingAnswer incoming(post.url, show);
  EventReader events;
  std::string whole;  // of a server that answers in one piece, which begins with a brace
  bool streams = true, began = false;
  const HttpReply reply = http_post(post, [&](std::string_view bytes) {
    if (!began) streams = !bytes.starts_with('{'), began = true;
    if (!streams) {
      whole += bytes;
      if (whole.size() > kMostEventBytes) throw Error(ErrorKind::InvalidData, "the server's answer has no end");
      return true;
    }
    for (const std::string& event : events.push(bytes))
      if (!incoming.take(event)) return false;
    return true;
  });
  if (!reply.stopped && (reply.status < 200 || reply.status >= 300)) throw_refusal(post.url, reply.status, reply.error);
  if (!reply.stopped && !streams) incoming.take(whole);
  if (!reply.stopped && streams)
    for (const std::string& event : events.finish()) incoming.take(event);
  ChatAnswer out = incoming.finish(reply.stopped);
  if (out.finish == "broken off" && out.text.empty())
    throw Error(ErrorKind::Io, "{}: the server answers nothing that is part of a conversation", shown_url(post.url))
        .hint("is this the address of an OpenAI-compatible server?");
  last_tokens_ = out.prompt_tokens + out.tokens;
  return out;
}

std::string RemotePartner::settings(const SamplingFlags& s) const {
  const Json json = request_json({}, s, 0);
  std::string out;
  for (const char* key : {"temperature", "top_k", "top_p", "min_p", "repetition_penalty", "presence_penalty",
                          "frequency_penalty", "max_tokens", "seed"})
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key,
                       json.contains(key) ? to_line(json[key]) : "as the server has it");
  return out;
}

std::string RemotePartner::tokens_used(std::span<const ChatMessage>) const {
  return last_tokens_ > 0 ? fmt::format("{} tokens, as the server counts them", last_tokens_) : "0 tokens";
}

std::string RemotePartner::why_not() {
  if (wants_probabilities_) return "the server did not say how likely its tokens were";
  wants_probabilities_ = true;
  return "from the next answer on the server is asked how likely its tokens are";
}

}  // namespace quern
