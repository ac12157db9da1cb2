// SPDX-License-Identifier: MIT
#include "data/chat_reader.h"

#include <gtest/gtest.h>

#include "data/test_files.h"

namespace quern {
namespace {

std::vector<Conversation> read_text(const std::string& text, ChatStats* stats = nullptr, ChatReaderOptions options = {},
                                    const char* name = "a.jsonl") {
  const TemporaryDirectory dir;
  write_file(dir.path() / name, text);
  return read_conversations(dir.path() / name, options, stats);
}

const std::vector<Turn> kTwo = {{"user", "2+2?"}, {"assistant", "4"}};

TEST(ChatReader, ReadsEveryShapeToTheSameConversation) {
  for (
      const char* row :
      {R"({"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]})",
       R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "2+2?"}]}, {"role": "assistant", "content": "4"}]})",
       R"({"conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]})",
       R"({"instruction": "2+2?", "input": "", "output": "4"})", R"({"prompt": "2+2?", "completion": "4"})",
       R"({"prompt": "2+2?", "response": 4})", R"({"question": "2+2?", "answer": "4"})",
       R"({"instruction": "2+2?", "instances": [{"input": "", "output": "4"}]})",
       R"({"prompt": [{"role": "user", "content": "2+2?"}], "completion": [{"role": "assistant", "content": "4"}]})"}) {
    SCOPED_TRACE(row);
    const auto chats = read_text(row);
    ASSERT_EQ(chats.size(), 1u);
    EXPECT_EQ(chats[0].turns, kTwo);
    const auto from_array =
        read_text("[\n" + std::string(row) + ",\n" + row + "]\n", nullptr, {.deduplicate = false}, "a.json");
    ASSERT_EQ(from_array.size(), 2u);
    EXPECT_EQ(from_array[1].turns, kTwo);
    EXPECT_EQ(from_array[1].line, 3);
  }
}

TEST(ChatReader, KeepsSystemHistoryAndInput) {
  const auto chats = read_text(
      R"({"system": "Be brief.", "history": [["hi", "hello"]], "instruction": "Add", "input": "2 2", "output": "4"})");
  EXPECT_EQ(chats.at(0).turns, (std::vector<Turn>{{"system", "Be brief."},
                                                  {"user", "hi"},
                                                  {"assistant", "hello"},
                                                  {"user", "Add\n\n2 2"},
                                                  {"assistant", "4"}}));
}

TEST(ChatReader, CountsWhatItSkipsAndNamesTheLines) {
  ChatStats stats;
  const auto chats = read_text(R"({"prompt": "a", "completion": "b"}
{"prompt": "a", "completion":
{"foo": 1}

{"messages": [{"role": "user", "content": "a"}]}
{"prompt": "a", "completion": " "}
{"prompt": "a", "completion": "b"}
{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}, {"role": "user", "content": "z"}]}
)",
                               &stats);
  EXPECT_EQ(chats.size(), 2u);
  EXPECT_EQ(stats.rows, 7);
  EXPECT_EQ(stats.bad_json, 1);
  EXPECT_EQ(stats.unknown_shape, 1);
  EXPECT_EQ(stats.no_answer, 1);
  EXPECT_EQ(stats.empty, 1);
  EXPECT_EQ(stats.duplicates, 1);
  EXPECT_EQ(stats.dropped_turns, 1);
  ASSERT_EQ(stats.notes.size(), 4u);
  EXPECT_NE(stats.notes[0].find("a.jsonl:2: not valid JSON"), std::string::npos);
  EXPECT_NE(stats.notes[2].find("a.jsonl:5:"), std::string::npos);
  EXPECT_EQ(chats[1].line, 8);
}

TEST(ChatReader, StrictReadingStopsAtTheFirstBadRow) {
  try {
    read_text("{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": 1}\n", nullptr, {.strict = true});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("a.jsonl:2"), std::string::npos) << e.message();
    EXPECT_EQ(e.exit_code(), 2);
  }
}

TEST(ChatReader, HostileFilesAreErrorsNotCrashes) {
  EXPECT_THROW(read_text(""), Error);
  EXPECT_THROW(read_text("[]"), Error);
  EXPECT_THROW(read_text(std::string(100000, '[')), Error);
  EXPECT_THROW(read_text("[{\"messages\": [{\"role\": \"us"), Error);
  EXPECT_THROW(read_text("{\"messages\": {\"role\": 1}}"), Error);
  EXPECT_THROW(read_text("{\"messages\": [[[]], null, 7]}"), Error);
  EXPECT_THROW(read_text(std::string(1000, '\0')), Error);
  ChatStats stats;
  EXPECT_EQ(read_text("{\"prompt\": \"" + std::string(5000, 'x') +
                          "\", \"completion\": \"y\"}\n{\"prompt\": \"a\", \"completion\": \"b\"}",
                      &stats, {.max_row_bytes = 1000})
                .size(),
            1u);
  EXPECT_EQ(stats.oversized, 1);
}

TEST(ChatReader, ReadsTheSharedInstructionFiles) {
  const fs::path folder = shared_data("data/instruct");
  if (folder.empty()) GTEST_SKIP() << "no shared data";
  for (const auto& [name, least] :
       std::vector<std::pair<const char*, size_t>>{{"alpaca_en_demo.json.gz", 900},
                                                   {"alpaca_zh_8k.jsonl.gz", 7500},
                                                   {"code_alpaca_2k.json.gz", 1900},
                                                   {"dolly_hhrlhf_small.jsonl.gz", 100},
                                                   {"dummy_conversation.json", 100},
                                                   {"glaive_toolcall_zh_demo.json.gz", 250},
                                                   {"small_instructions_1100.json", 1000},
                                                   {"t0_multitask.jsonl.gz", 100},
                                                   {"self_instruct_seed_tasks.jsonl", 170}}) {
    SCOPED_TRACE(name);
    ChatStats stats;
    const auto chats = read_conversations(folder / name, {}, &stats);
    EXPECT_GE(chats.size(), least) << stats.report();
    EXPECT_LE(stats.skipped() - stats.duplicates, stats.rows / 10) << stats.report();
  }
  EXPECT_THROW(read_conversations(folder / "mt_bench_questions.jsonl"), Error);  // questions without answers
}

}  // namespace
}  // namespace quern
