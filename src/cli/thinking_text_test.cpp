// SPDX-License-Identifier: MIT
#include "cli/thinking_text.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

std::string shown(std::string_view text, size_t piece, bool color = true, bool inside = false) {
  ThinkingText thinking(color, inside);
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece) out += thinking.push(text.substr(at, piece));
  return out + thinking.finish();
}

TEST(ThinkingText, DimsThoughtsHoweverTheyArrive) {
  for (size_t piece = 1; piece < 30; ++piece) {
    SCOPED_TRACE(piece);
    EXPECT_EQ(shown("a<think>b < c</think>d", piece), "a\x1b[2m<think>b < c</think>\x1b[0md");
    EXPECT_EQ(shown("b</think>d<", piece, true, true), "\x1b[2mb</think>\x1b[0md<");
    EXPECT_EQ(shown("<think>never ends", piece), "\x1b[2m<think>never ends\x1b[0m");
  }
}

TEST(ThinkingText, LeavesPlainOutputAlone) { EXPECT_EQ(shown("a<think>b</think>c", 3, false), "a<think>b</think>c"); }

}  // namespace
}  // namespace quern
