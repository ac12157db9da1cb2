// SPDX-License-Identifier: MIT
#include "data/chat_reader.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "base/error.h"
#include "base/json.h"
#include "data/json_rows.h"
#include "data/text_cleaner.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quern {

namespace fs = std::filesystem;

namespace {

// Why a row gives no conversation.
enum class Problem { None, BadJson, UnknownShape, NoAnswer, Empty, Oversized };

const Json* field(const Json& row, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto it = row.find(name); it != row.end() && !it->is_null()) return &*it;
  return nullptr;
}

// Content: a string; a list of parts {"type": "text", "text": ...}; a single-element list of strings; numbers as
// written.
bool content_of(const Json& value, std::string& out) {
  if (value.is_string())
    out = value.get<std::string>();
  else if (value.is_number() || value.is_boolean())
    out = value.dump();
  else if (value.is_object() && value.contains("text") && value["text"].is_string())
    out = value["text"].get<std::string>();
  else if (value.is_object())
    out = to_line(value);  // the arguments of a tool call
  else if (value.is_array()) {
    for (const Json& part : value) {
      std::string text;
      if (part.is_object() && !part.contains("text")) return false;  // an image or the like
      if (!content_of(part, text)) return false;
      if (!out.empty()) out += '\n';
      out += text;
    }
  } else {
    return false;
  }
  return true;
}

std::string role_of(std::string name) {
  for (char& c : name) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (name == "human" || name == "user" || name == "prompter" || name == "question") return "user";
  if (name == "gpt" || name == "assistant" || name == "bot" || name == "model" || name == "chatgpt" || name == "bing" ||
      name == "bard" || name == "function_call" || name == "answer")
    return "assistant";
  if (name == "system" || name == "developer") return "system";
  if (name == "tool" || name == "function" || name == "observation" || name == "function_response" || name == "ipython")
    return "tool";
  return "";
}

Problem add_turn(Conversation& chat, const std::string& role, const Json* value) {
  std::string content;
  if (!value || role.empty() || !content_of(*value, content)) return Problem::UnknownShape;
  chat.turns.push_back({.role = role, .content = std::move(content)});
  return Problem::None;
}

Problem messages_of(const Json& list, std::initializer_list<const char*> role_names,
                    std::initializer_list<const char*> content_names, Conversation& chat) {
  if (!list.is_array()) return Problem::UnknownShape;
  for (const Json& item : list) {
    if (!item.is_object()) return Problem::UnknownShape;
    const Json* role = field(item, role_names);
    const Json* content = field(item, content_names);
    if (!content) content = field(item, {"tool_calls", "function_call"});
    if (!role || !role->is_string()) return Problem::UnknownShape;
    if (const Problem p = add_turn(chat, role_of(role->get<std::string>()), content); p != Problem::None) return p;
  }
  return Problem::None;
}

std::string with_input(const std::string& instruction, const std::string& input) {
  return input.empty() || input == "<noinput>" ? instruction : instruction + "\n\n" + input;
}

// One row -> its conversations (several for self-instruct's instances).
Problem conversations_of(const Json& row, std::vector<Conversation>& out) {
  if (!row.is_object()) return Problem::UnknownShape;
  Conversation chat;
  if (const Json* system = field(row, {"system", "system_prompt"});
      system && system->is_string() && !system->get_ref<const std::string&>().empty())
    chat.turns.push_back({.role = "system", .content = system->get<std::string>()});

  if (const Json* list = field(row, {"messages", "conversations", "conversation", "dialog"});
      list && list->is_array()) {
    const Problem p = messages_of(*list, {"role", "from", "speaker"}, {"content", "value", "text"}, chat);
    if (p != Problem::None) return p;
    out.push_back(std::move(chat));
    return Problem::None;
  }
  if (const Json* history = field(row, {"history"}); history && history->is_array())
    for (const Json& pair : *history)
      if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string()) {
        chat.turns.push_back({.role = "user", .content = pair[0].get<std::string>()});
        chat.turns.push_back({.role = "assistant", .content = pair[1].get<std::string>()});
      }

  const Json* question = field(row, {"instruction", "prompt", "question", "query"});
  if (!question) return Problem::UnknownShape;
  if (question->is_array() && !question->empty() && (*question)[0].is_object()) {  // a prompt that is a conversation
    const Problem p = messages_of(*question, {"role", "from"}, {"content", "value"}, chat);
    if (p != Problem::None) return p;
  }
  const bool is_chat = !chat.turns.empty() && question->is_array();
  std::string instruction, input;
  if (!is_chat && !content_of(*question, instruction)) return Problem::UnknownShape;

  if (const Json* instances = field(row, {"instances"}); instances && instances->is_array()) {
    for (const Json& instance : *instances) {
      Conversation one = chat;
      std::string given;
      const Json* answer = instance.is_object() ? field(instance, {"output"}) : nullptr;
      if (!answer) return Problem::UnknownShape;
      if (const Json* value = field(instance, {"input"})) content_of(*value, given);
      one.turns.push_back({.role = "user", .content = with_input(instruction, given)});
      if (const Problem p = add_turn(one, "assistant", answer); p != Problem::None) return p;
      out.push_back(std::move(one));
    }
    return out.empty() ? Problem::NoAnswer : Problem::None;
  }
  const Json* answer = field(row, {"completion", "response", "output", "answer", "target", "chosen", "targets"});
  if (!answer) return Problem::NoAnswer;
  if (const Json* value = field(row, {"input", "context"}); value && !content_of(*value, input))
    return Problem::UnknownShape;
  if (!is_chat) chat.turns.push_back({.role = "user", .content = with_input(instruction, input)});
  if (answer->is_array() && !answer->empty() && (*answer)[0].is_object()) {
    if (const Problem p = messages_of(*answer, {"role", "from"}, {"content", "value"}, chat); p != Problem::None)
      return p;
  } else if (const Problem p = add_turn(chat, "assistant", answer); p != Problem::None) {
    return p;
  }
  out.push_back(std::move(chat));
  return Problem::None;
}

bool blank(const std::string& text) { return text.find_first_not_of(" \t\n\r") == text.npos; }

// Text hygiene, and an end with an answer.
Problem finish(Conversation& chat, ChatStats& stats) {
  for (Turn& turn : chat.turns) {
    CleaningCounts counts;
    turn.content = clean_text(turn.content, &counts);
    stats.invalid_utf8 += counts.invalid_utf8;
    stats.control_characters += counts.control_characters + counts.nul_bytes;
  }
  size_t keep = chat.turns.size();
  while (keep > 0 && chat.turns[keep - 1].role != "assistant") --keep;
  if (keep == 0) return Problem::NoAnswer;
  stats.dropped_turns += int64_t(chat.turns.size() - keep);
  chat.turns.resize(keep);
  bool asked = false, answered = false;
  for (const Turn& turn : chat.turns) {
    if (blank(turn.content)) {
      if (turn.role == "assistant") return Problem::Empty;
      continue;
    }
    answered |= turn.role == "assistant";
    asked |= turn.role == "user";
  }
  return asked && answered ? Problem::None : Problem::Empty;
}

const char* say(Problem problem) {
  switch (problem) {
    case Problem::BadJson:
      return "not valid JSON";
    case Problem::UnknownShape:
      return "not a conversation: expected messages, conversations, instruction/output or prompt/completion";
    case Problem::NoAnswer:
      return "no answer of an assistant";
    case Problem::Empty:
      return "an empty question or answer";
    case Problem::Oversized:
      return "the row is too long";
    case Problem::None:
      break;
  }
  return "";
}

std::vector<fs::path> files_of(const fs::path& path) {
  std::error_code ec;
  if (!fs::exists(path, ec)) throw Error(ErrorKind::NotFound, "{}: no such file or folder", path.string());
  if (!fs::is_directory(path, ec)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    const bool json = name.ends_with(".jsonl") || name.ends_with(".json") || name.ends_with(".ndjson");
    if (json && !name.starts_with('.') && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  if (files.empty())
    throw Error(ErrorKind::InvalidData, "{}: no conversations found", path.string())
        .hint("give .jsonl or .json files, also .gz");
  return files;
}

class Reader {
 public:
  Reader(const ChatReaderOptions& options, const std::function<bool(Conversation&&)>& take, ChatStats& stats)
      : options_(options), take_(take), stats_(stats) {}

  bool read(const fs::path& path) {  // false: the taker has enough
    ++stats_.files;
    JsonRows rows(path, options_.max_row_bytes);
    std::string row;
    while (rows.next(row)) {
      ++stats_.rows;
      std::vector<Conversation> chats;
      Problem problem = Problem::None;
      if (rows.oversized()) {
        problem = Problem::Oversized;
      } else {
        CleaningCounts counts;
        row = clean_text(row, &counts);
        stats_.invalid_utf8 += counts.invalid_utf8;
        std::optional<Json> json;
        try {
          json = parse_json(row, path.string());
        } catch (const Error&) {
          problem = Problem::BadJson;
        }
        if (json) problem = conversations_of(*json, chats);
      }
      if (problem != Problem::None)
        refuse(problem, path, rows.line());
      else
        for (Conversation& chat : chats)
          if (!hand_on(chat, path, rows.line())) return false;
      if (stats_.conversations == 0 && stats_.bad_json >= 100)
        throw Error(ErrorKind::InvalidData, "{}: not JSON: none of the first {} rows can be read", path.string(),
                    stats_.rows);
    }
    return true;
  }

 private:
  const ChatReaderOptions& options_;
  const std::function<bool(Conversation&&)>& take_;
  ChatStats& stats_;
  std::unordered_set<uint64_t> seen_;

  void refuse(Problem problem, const fs::path& path, int64_t line) {
    (problem == Problem::BadJson        ? stats_.bad_json
     : problem == Problem::UnknownShape ? stats_.unknown_shape
     : problem == Problem::NoAnswer     ? stats_.no_answer
     : problem == Problem::Oversized    ? stats_.oversized
                                        : stats_.empty)++;
    const std::string note = fmt::format("{}:{}: {}", path.string(), line, say(problem));
    if (options_.strict) throw Error(ErrorKind::InvalidData, "{}", note);
    if (stats_.notes.size() < 20) stats_.notes.push_back(note);
  }

  bool hand_on(Conversation& chat, const fs::path& path, int64_t line) {
    if (const Problem problem = finish(chat, stats_); problem != Problem::None) {
      refuse(problem, path, line);
      return true;
    }
    if (options_.deduplicate) {
      std::string all;
      for (const Turn& turn : chat.turns) all += turn.role + '\1' + turn.content + '\2';
      if (!seen_.insert(XXH3_64bits(all.data(), all.size())).second) {
        ++stats_.duplicates;
        return true;
      }
    }
    chat.source = path.string();
    chat.line = line;
    ++stats_.conversations;
    stats_.turns += int64_t(chat.turns.size());
    if (!take_(std::move(chat))) return false;
    return options_.max_conversations == 0 || stats_.conversations < options_.max_conversations;
  }
};

}  // namespace

std::string ChatStats::report() const {
  std::string out = fmt::format("{} conversations with {} turns from {} rows in {} {}\n", conversations, turns, rows,
                                files, files == 1 ? "file" : "files");
  std::string list;
  const auto count = [&](int64_t n, const char* what) {
    if (n > 0) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", n, what);
  };
  count(bad_json, "not valid JSON");
  count(unknown_shape, "of unknown shape");
  count(no_answer, "without an answer");
  count(empty, "empty");
  count(duplicates, "duplicates");
  count(oversized, "too long");
  if (!list.empty()) out += "skipped: " + list + "\n";
  list.clear();
  count(invalid_utf8, "broken UTF-8 sequences (now U+FFFD)");
  count(control_characters, "control characters dropped");
  count(dropped_turns, "turns after the last answer dropped");
  if (!list.empty()) out += "mended: " + list + "\n";
  for (const std::string& note : notes) out += "  " + note + "\n";
  return out;
}

ChatStats read_conversations(const fs::path& path, const ChatReaderOptions& options,
                             const std::function<bool(Conversation&&)>& take) {
  ChatStats stats;
  Reader reader(options, take, stats);
  for (const fs::path& file : files_of(path))
    if (!reader.read(file)) break;
  if (stats.conversations == 0)
    throw Error(ErrorKind::InvalidData, "{}: no conversations found{}", path.string(),
                stats.notes.empty() ? "" : "; first problem: " + stats.notes[0])
        .hint("a row looks like {{\"messages\": [{{\"role\": \"user\", \"content\": \"...\"}}, ...]}}");
  return stats;
}

std::vector<Conversation> read_conversations(const fs::path& path, const ChatReaderOptions& options, ChatStats* stats) {
  std::vector<Conversation> out;
  ChatStats s = read_conversations(path, options, [&](Conversation&& chat) {
    out.push_back(std::move(chat));
    return true;
  });
  if (stats) *stats = std::move(s);
  return out;
}

}  // namespace quern
