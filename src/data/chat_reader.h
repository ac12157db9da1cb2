// SPDX-License-Identifier: MIT
#pragma once
// Conversations for instruction tuning from .jsonl or .json (an array), each also .gz, a file or a folder of them.
// Shapes:
//   {"messages": [{"role", "content"}]}                    OpenAI and Hugging Face
//   {"conversations": [{"from", "value"}]}                 ShareGPT (human, gpt, system, ...)
//   {"instruction", "input", "output", "history", "system"}  Alpaca
//   {"instruction", "instances": [{"input", "output"}]}    self-instruct, one conversation per instance
//   {"prompt", "completion" | "response" | "answer" | "output" | "target"}, {"question", "answer"}

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace quern {

struct Turn {
  std::string role;  // "system", "user", "assistant" or "tool"
  std::string content;
  bool operator==(const Turn&) const = default;
};

struct Conversation {
  std::vector<Turn> turns;  // ends with the assistant; user and assistant need not alternate
  std::string source;       // file
  int64_t line = 0;         // where the row begins
  bool operator==(const Conversation&) const = default;
};

struct ChatStats {
  int64_t files = 0, rows = 0, conversations = 0, turns = 0;
  int64_t bad_json = 0, unknown_shape = 0, no_answer = 0, empty = 0, duplicates = 0, oversized = 0;
  int64_t invalid_utf8 = 0, control_characters = 0, dropped_turns = 0;  // mended; turns after the last answer
  std::vector<std::string> notes;  // the first few problems, each with file and line
  int64_t skipped() const { return bad_json + unknown_shape + no_answer + empty + duplicates + oversized; }
  std::string report() const;
};

struct ChatReaderOptions {
  bool strict = false;  // the first bad row is an error instead of a count
  bool deduplicate = true;
  int64_t max_conversations = 0;  // 0: all
  size_t max_row_bytes = size_t{16} << 20;
};

// Calls `take` for each conversation in order; a false answer ends the reading. Throws NotFound, Io, and InvalidData
// when nothing usable lies in the file (naming the first problem with its line), or at the first bad row when strict.
ChatStats read_conversations(const std::filesystem::path& path, const ChatReaderOptions& options,
                             const std::function<bool(Conversation&&)>& take);
std::vector<Conversation> read_conversations(const std::filesystem::path& path, const ChatReaderOptions& options = {},
                                             ChatStats* stats = nullptr);

}  // namespace quern
