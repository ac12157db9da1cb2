// SPDX-License-Identifier: MIT
#include "text/splitters.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "text/pre_tokenizer.h"

namespace quern {
namespace {

using Words = std::vector<std::string>;

SplitStage pattern_stage(std::string_view pattern) {
  return {.kind = SplitStage::Kind::Pattern, .regex = std::make_shared<Regex>(pattern, "test")};
}

Words by_pattern(const SplitStage& stage, std::string_view text) {
  std::vector<std::string_view> pieces;
  split_by_pattern(stage, text, pieces);
  return Words(pieces.begin(), pieces.end());
}

Words by_hand(const KnownSplit& split, std::string_view text) {
  Words words;
  const auto emit = [&](const char* begin, const char* end) { words.emplace_back(begin, end); };
  const char *begin = text.data(), *end = begin + text.size();
  switch (split.kind) {
    case KnownSplit::Kind::Gpt2:
      split_gpt2(begin, end, emit);
      break;
    case KnownSplit::Kind::Gpt4:
      split_gpt4(begin, end, split.style, emit);
      break;
    case KnownSplit::Kind::EveryChar:
      split_every_char(begin, end, emit);
      break;
  }
  return words;
}

// Text in which everything the patterns look at is frequent: apostrophes, line ends, runs of spaces, digits of several
// scripts, marks, the letters that contractions are made of.
std::string random_text(Rng& rng) {
  static const std::vector<std::u32string> kPieces = {U" ",
                                                      U"  ",
                                                      U"\n",
                                                      U"\r\n",
                                                      U"\r",
                                                      U"\t",
                                                      U"\u00A0",
                                                      U"\u3000",
                                                      U"\u2028",
                                                      U"\u0085",
                                                      U"\u180E",
                                                      U"'",
                                                      U"'s",
                                                      U"'S",
                                                      U"'\u017F",
                                                      U"'ll",
                                                      U"'Ll",
                                                      U"'re",
                                                      U"'vE",
                                                      U"'d",
                                                      U"'tx",
                                                      U"don't",
                                                      U"abc",
                                                      U"Z",
                                                      U"\u00E9",
                                                      U"e\u0301",
                                                      U"\u4E2D\u6587",
                                                      U"\u0928\u0940",
                                                      U"7",
                                                      U"42",
                                                      U"12345",
                                                      U"\u0663\u0664",
                                                      U"\u00BD",
                                                      U"\u2167",
                                                      U".",
                                                      U"...",
                                                      U"!?",
                                                      U"(",
                                                      U"$",
                                                      U"\U0001F600",
                                                      U"_",
                                                      U"\u200D",
                                                      U"\u0000",
                                                      U"\uFFFD",
                                                      U"\u01C5",
                                                      U"\u02B0",
                                                      U"\u00AA"};
  std::u32string text;
  const uint64_t pieces = rng.below(12);
  for (uint64_t i = 0; i < pieces; ++i) {
    if (rng.chance(0.1)) {
      // Any code point up to U+FFFF that PCRE2 (Unicode 14) and utf8proc (15) agree on: 15 added letters above that.
      const auto c = static_cast<char32_t>(rng.below(0xD800));
      const bool added_in_15 = c == 0x0CF3 || c == 0x0ECE;
      text += added_in_15 ? U'x' : c;
    } else {
      text += rng.pick(kPieces);
    }
  }
  return to_utf8(text);
}

class Splitters : public testing::TestWithParam<std::string_view> {};

TEST_P(Splitters, CutAsTheirPatternDoes) {
  const std::optional<KnownSplit> split = known_split(GetParam());
  ASSERT_TRUE(split.has_value());
  const SplitStage stage = pattern_stage(GetParam());
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(rng);
    ASSERT_EQ(by_hand(*split, text), by_pattern(stage, text)) << testing::PrintToString(text);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Patterns, Splitters,
    testing::Values(
        kPatternGpt2, kPatternLlama3, kPatternQwen2, kPatternEveryChar,
        R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
        R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
        R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"));

// `$` stands for the end of the text in these two, as tiktoken reads them; Oniguruma's `$` also stands at line ends.
TEST(Splitters, TiktokenFormsCutAsTheirPatternDoes) {
  const std::string_view patterns[] = {
      R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)",
      R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)"};
  Rng rng(2);
  for (std::string_view pattern : patterns) {
    std::string absolute(pattern);
    absolute.replace(absolute.find('$'), 1, "\\z");
    const SplitStage stage = pattern_stage(absolute);
    for (int i = 0; i < 10000; ++i) {
      const std::string text = random_text(rng);
      ASSERT_EQ(by_hand(*known_split(pattern), text), by_pattern(stage, text)) << testing::PrintToString(text);
    }
  }
}

TEST(Splitters, EveryCodePointIsClassedAsInPcre2ExceptThoseAddedInUnicode15) {
  const Regex letters(R"(\p{L})", "test"), numbers(R"(\p{N})", "test"), spaces(R"(\s)", "test"),
      marks(R"(\p{M})", "test");
  std::string all;
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) append_utf8(all, c);
  }
  std::vector<uint8_t> theirs(0x110000);
  const auto mark = [&](const Regex& regex, uint8_t bit) {
    std::vector<std::pair<size_t, size_t>> found;
    regex.find_all(all, found);
    for (const auto& [begin, end] : found) theirs[decode_utf8(all.data() + begin).value] |= bit;
  };
  mark(letters, kLetter);
  mark(numbers, kNumber);
  mark(spaces, kSpace);
  mark(marks, kMark);
  int differ = 0;
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    const uint8_t ours = char_table()[c] & (kLetter | kNumber | kSpace | kMark);
    if (ours == theirs[c]) continue;
    ++differ;
    EXPECT_EQ(theirs[c], 0) << "U+" << std::hex << static_cast<uint32_t>(c);  // unassigned in Unicode 14
  }
  EXPECT_LT(differ, 4489);  // Unicode 15.0 added 4489 characters
}

TEST(Splitters, DigitsAreTakenOneByOneOrInRuns) {
  const std::string text = "ab12 \u0663\u00BDc";
  const auto words = [&](bool individual) {
    Words out;
    split_digits(text.data(), text.data() + text.size(), individual,
                 [&](const char* b, const char* e) { out.emplace_back(b, e); });
    return out;
  };
  EXPECT_EQ(words(true), (Words{"ab", "1", "2", " ", "\u0663", "\u00BD", "c"}));
  EXPECT_EQ(words(false), (Words{"ab", "12", " ", "\u0663\u00BD", "c"}));
}

TEST(PatternSplit, EveryBehaviourIsThatOfTheReference) {
  // Reference: tokenizers 0.23.3, pre_tokenizers.Split("-", behavior).pre_tokenize_str("the-final--countdown").
  const std::pair<SplitBehavior, Words> cases[] = {
      {SplitBehavior::Removed, {"the", "final", "countdown"}},
      {SplitBehavior::Isolated, {"the", "-", "final", "-", "-", "countdown"}},
      {SplitBehavior::MergedWithPrevious, {"the-", "final-", "-", "countdown"}},
      {SplitBehavior::MergedWithNext, {"the", "-final", "-", "-countdown"}},
      {SplitBehavior::Contiguous, {"the", "-", "final", "--", "countdown"}}};
  for (const auto& [behavior, want] : cases) {
    SplitStage stage{.kind = SplitStage::Kind::Pattern, .literal = "-", .behavior = behavior};
    std::vector<std::string_view> pieces;
    split_by_pattern(stage, "the-final--countdown", pieces);
    EXPECT_EQ(Words(pieces.begin(), pieces.end()), want);
  }
}

TEST(PatternSplit, HopelessPatternIsAnErrorNotAHang) {
  const Regex regex(R"((a+)+$)", "test");
  std::vector<std::pair<size_t, size_t>> found;
  try {
    regex.find_all(std::string(40, 'a') + "b", found);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidData);
  }
}

TEST(SafeCut, WordsAreTheSameWhenTheTextIsCutThere) {
  Rng rng(3);
  int cuts = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = random_text(rng) + random_text(rng) + random_text(rng);
    const size_t cut = safe_cut(text, rng.below(text.size() + 1));
    if (cut == 0 || cut >= text.size()) continue;
    ++cuts;
    for (std::string_view pattern : {kPatternGpt2, kPatternLlama3, kPatternQwen2}) {
      const KnownSplit split = *known_split(pattern);
      Words parts = by_hand(split, std::string_view(text).substr(0, cut));
      const Words rest = by_hand(split, std::string_view(text).substr(cut));
      parts.insert(parts.end(), rest.begin(), rest.end());
      ASSERT_EQ(parts, by_hand(split, text)) << testing::PrintToString(text) << " at " << cut;
    }
  }
  EXPECT_GT(cuts, 5000);
}

}  // namespace
}  // namespace quern
