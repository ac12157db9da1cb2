// SPDX-License-Identifier: MIT
#include "infer/stop_strings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace quern {
namespace {

// Everything the stream shows when it arrives in pieces of random size, and each piece alone.
struct Shown {
  std::string all;
  std::vector<std::string> pieces;
  bool stopped = false;
  std::string stop;
};

Shown stream(const std::vector<std::string>& stops, const std::string& text, Rng& rng, size_t max_piece = 5) {
  StopStrings matcher(stops);
  Shown shown;
  for (size_t at = 0; at < text.size();) {
    const size_t n = std::min<size_t>(rng.below(max_piece + 1), text.size() - at);
    const auto out = matcher.push(std::string_view(text).substr(at, n));
    at += n;
    if (!shown.stopped) shown.stop = out.stop;
    shown.stopped |= out.stopped;
    shown.pieces.push_back(out.text);
  }
  if (!shown.stopped) shown.pieces.push_back(matcher.finish());
  for (const std::string& piece : shown.pieces) shown.all += piece;
  return shown;
}

// The definition: the stop string that is complete first, of those the longest.
std::pair<std::string, bool> cut(const std::vector<std::string>& stops, const std::string& text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (const std::string& stop : stops)
      if (std::string_view(text).substr(0, end).ends_with(stop)) longest = std::max(longest, stop.size());
    if (longest) return {text.substr(0, end - longest), true};
  }
  return {text, false};
}

bool is_utf8(std::string_view s) {
  size_t pending = 0;
  for (const unsigned char c : s) {
    if (pending) {
      if ((c & 0xC0) != 0x80) return false;
      --pending;
    } else if (c >= 0x80) {
      pending = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC2 ? 1 : 99;
      if (pending == 99) return false;
    }
  }
  return pending == 0;
}

TEST(StopStrings, AnyPiecesOfAnyTextGiveTheCutOfTheDefinition) {
  Rng rng(11);
  const std::vector<std::string> alphabet = {"a", "b", "\u00e9", "\u4e2d", "\U0001F600", "\u4e2e"};
  const auto word = [&](uint64_t most) {
    std::string s;
    for (uint64_t n = 1 + rng.below(most); n > 0; --n) s += rng.pick(alphabet);
    return s;
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> stops;
    for (uint64_t n = rng.below(4); n > 0; --n) stops.push_back(word(4));
    const std::string text = word(30);
    const auto [expected, stopped] = cut(stops, text);
    const Shown shown = stream(stops, text, rng);
    ASSERT_EQ(shown.all, expected);
    ASSERT_EQ(shown.stopped, stopped);
    if (stopped) {
      ASSERT_NE(std::ranges::find(stops, shown.stop), stops.end());
    }
    for (const std::string& piece : shown.pieces) ASSERT_TRUE(is_utf8(piece));
  }
}

TEST(StopStrings, TextIsShownAsSoonAsItCannotBelongToAStopString) {
  StopStrings matcher({"</s>", "stop"});
  EXPECT_EQ(matcher.push("hello").text, "hello");
  EXPECT_EQ(matcher.push(" <").text, " ");
  EXPECT_EQ(matcher.push("b").text, "<b");
  EXPECT_EQ(matcher.push("sto").text, "");
  EXPECT_EQ(matcher.push("ry").text, "story");
  EXPECT_EQ(matcher.push("</s").text, "");
  const auto out = matcher.push("> and more");
  EXPECT_TRUE(out.stopped);
  EXPECT_EQ(out.text, "");
  EXPECT_EQ(out.stop, "</s>");
  EXPECT_EQ(matcher.push("more").text, "");
}

TEST(StopStrings, ABorderOfAFailedMatchIsNotForgotten) {
  StopStrings matcher({"aab"});
  EXPECT_EQ(matcher.push("aaa").text, "a");
  const auto out = matcher.push("b");
  EXPECT_TRUE(out.stopped);
  EXPECT_EQ(out.text, "");
}

TEST(StopStrings, OfTwoEndingTogetherTheLongerIsCut) {
  StopStrings matcher({"b", "ab"});
  const auto out = matcher.push("xab");
  EXPECT_EQ(out.text, "x");
  EXPECT_EQ(out.stop, "ab");
}

TEST(StopStrings, BrokenUtf8BecomesReplacementCharactersAndIsNeverHalfShown) {
  Rng rng(12);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (uint64_t n = rng.below(12); n > 0; --n) text += rng.chance(0.5) ? char(rng.below(256)) : 'a';
    const std::string at_once = stream({}, text, rng, text.size()).all;
    const Shown shown = stream({}, text, rng, 2);
    ASSERT_EQ(shown.all, at_once);
    for (const std::string& piece : shown.pieces) ASSERT_TRUE(is_utf8(piece));
  }
  StopStrings matcher({});
  EXPECT_EQ(matcher.push("a\xE4\xB8").text, "a");
  EXPECT_EQ(matcher.push("\xAD").text, "\u4e2d");
  EXPECT_EQ(matcher.push("\xE4").text, "");
  EXPECT_EQ(matcher.push("b").text,
            "\uFFFD"
            "b");
  EXPECT_EQ(matcher.push("\xF0\x9F").text, "");
  EXPECT_EQ(matcher.finish(), "\uFFFD");
}

TEST(StopStrings, EmptyStopStringIsRefused) { EXPECT_THROW(StopStrings({"a", ""}), Error); }

}  // namespace
}  // namespace quern
