// SPDX-License-Identifier: MIT
// SentencePiece models and tiktoken rank files, written here byte by byte.
#include <gtest/gtest.h>

#include <bit>

#include "base/error.h"
#include "base/files.h"
#include "base/rng.h"
#include "text/base64.h"
#include "text/sentencepiece.h"
#include "text/tiktoken.h"
#include "text/tokenizer.h"
#include "text/tokenizer_extras.h"

namespace quern {
namespace {

using Ids = std::vector<TokenId>;

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string number(uint32_t field, uint64_t value) { return varint(field << 3) + varint(value); }
std::string bytes(uint32_t field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}
std::string real(uint32_t field, float value) {
  std::string out = varint(field << 3 | 5);
  const auto bits = std::bit_cast<uint32_t>(value);
  for (int i = 0; i < 4; ++i) out += static_cast<char>(bits >> (8 * i));
  return out;
}
std::string piece(const std::string& text, float score, int type = 1) {
  return bytes(1, bytes(1, text) + real(2, score) + number(3, static_cast<uint64_t>(type)));
}

// BPE with two letters, a symbol of the user's, and all bytes there are.
std::string spm_bpe() {
  std::string out = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("[X]", 0, 4);
  for (int b = 0; b < 256; ++b) out += piece(fmt::format("<0x{:02X}>", b), 0, 6);
  out += piece("ab", -1) + piece("\u2581ab", -2) + piece("\u2581", -3) + piece("a", -4) + piece("b", -5);
  out += bytes(2, number(3, 2) + number(35, 1));
  return out + bytes(3, bytes(1, "identity") + number(3, 1) + number(4, 0) + number(5, 1));
}

TEST(SentencePiece, BpeModelIsReadAndSurvivesBeingWritten) {
  const Tokenizer t = read_sentencepiece(spm_bpe(), "x.model", {});
  const TokenId ab = 260, mark_ab = 261, mark = 262, a = 263;
  EXPECT_EQ(t.encode("ab ab"), (Ids{mark_ab, mark_ab}));
  EXPECT_EQ(t.encode("abab a"), (Ids{mark_ab, ab, mark, a}));
  EXPECT_EQ(t.encode("[X]ab"), (Ids{mark, 3, ab}));  // one prefix at the start, none behind a symbol
  EXPECT_EQ(t.encode("<s>").size(), 4u);             // a control piece in a text is text
  EXPECT_EQ(t.decode(t.encode("ab \u00E9 [X] a")), "ab \u00E9 [X] a");
  EXPECT_TRUE(t.is_special(1));
  const Tokenizer again = Tokenizer::from_json(t.to_json(), "again");
  for (const char* text : {"ab ab", "[X]ab[X]", "  a ", "\u00E9<s>", ""}) EXPECT_EQ(again.encode(text), t.encode(text));
}

TEST(SentencePiece, DamageOfAnyKindIsAnError) {
  const std::string good = spm_bpe();
  for (const std::string& bad : {std::string(), std::string("\x0A"), std::string("\x0A\xFF\xFF\xFF\xFF\x0F"),
                                 std::string(20, '\xFF'), piece("a", 0) + piece("a", 0), piece("", 0), piece("\xFF", 0),
                                 piece("a", 0, 9), bytes(1, number(1, 7)), piece("a", 0) + bytes(3, bytes(2, "abc"))}) {
    try {
      read_sentencepiece(bad, "x.model", {});
      ADD_FAILURE() << testing::PrintToString(bad) << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::InvalidModel) << error.what();
      EXPECT_TRUE(error.message().starts_with("x.model: ")) << error.what();
    }
  }
  Rng rng(1);
  for (int i = 0; i < 500; ++i) {
    std::string damaged = good;
    for (uint64_t k = 1 + rng.below(4); k > 0; --k)
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    if (rng.chance(0.3)) damaged.resize(rng.below(damaged.size()));
    try {
      (void)read_sentencepiece(damaged, "x.model", {}).encode("ab [X] \u00E9");
    } catch (const Error&) {
    }
  }
}

std::string rank_file() {
  std::string out;
  TokenId rank = 0;
  const auto add = [&](const std::string& token) { out += encode_base64(token) + fmt::format(" {}\n", rank++); };
  for (int b = 0; b < 256; ++b) add(std::string(1, static_cast<char>(b)));
  for (const char* token : {"ab", "bc", "abc", " abc", "xyz"}) add(token);
  return out;
}

TEST(Tiktoken, RankFileIsBpeByRanks) {
  const Tokenizer t = read_tiktoken(rank_file(), "test", "ranks", {});
  EXPECT_EQ(t.encode("abc"), (Ids{258}));
  EXPECT_EQ(t.encode("aabc abc"), (Ids{'a', 258, 259}));
  EXPECT_EQ(t.encode("bcab"), (Ids{257, 256}));
  EXPECT_EQ(t.encode("xyz"), (Ids{260}));  // made by no merges, but a whole word
  EXPECT_EQ(t.encode("xyzz"), (Ids{'x', 'y', 'z', 'z'}));
  EXPECT_EQ(Tokenizer::from_json(t.to_json(), "again").encode("xyz aabc"), t.encode("xyz aabc"));
  EXPECT_TRUE(looks_like_tiktoken(rank_file()));
  EXPECT_FALSE(looks_like_tiktoken(spm_bpe()));
}

TEST(Tiktoken, BadLinesAreNamed) {
  for (const std::string& bad : {std::string("YQ== x\n"), std::string("YQ==\n"), std::string("!!!! 1\n"),
                                 std::string("YQ== 0\nYQ== 1\n"), std::string("YQ== 99999999\n"), std::string("\n")}) {
    EXPECT_THROW(read_tiktoken(bad, "test", "ranks", {}), Error) << bad;
  }
}

TEST(TokenizerFiles, FolderMayHoldAnyKindAndItsConfigAddsTokens) {
  const TemporaryDirectory folder;
  EXPECT_FALSE(Tokenizer::exists_in(folder.path()));
  write_file(folder.path() / "tokenizer.model", spm_bpe());
  EXPECT_TRUE(Tokenizer::exists_in(folder.path()));
  EXPECT_EQ(Tokenizer::load(folder.path()).encode("ab"), (Ids{261}));
  write_file(folder.path() / "tokenizer_config.json",
             R"({"add_bos_token": true, "bos_token": {"content": "<s>"}, "tokenizer_class": "LlamaTokenizer",
                 "added_tokens_decoder": {"265": {"content": "<turn>", "special": true}}})");
  const Tokenizer t = Tokenizer::load(folder.path());
  EXPECT_EQ(t.encode("ab"), (Ids{1, 261}));
  EXPECT_EQ(t.token_to_id("<turn>"), 265);
  write_file(folder.path() / "tokenizer.model", rank_file());
  write_file(folder.path() / "tokenizer_config.json", "{}");
  EXPECT_EQ(Tokenizer::load(folder.path() / "tokenizer.model").encode("abc"), (Ids{258}));
}

TEST(Base64, ComesBackForEveryLength) {
  Rng rng(2);
  for (size_t size = 0; size < 40; ++size) {
    std::string raw(size, '\0');
    for (char& c : raw) c = static_cast<char>(rng.below(256));
    EXPECT_EQ(decode_base64(encode_base64(raw)), raw);
  }
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");  // RFC 4648, section 10
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_FALSE(decode_base64("Zg=!").has_value());
  EXPECT_FALSE(decode_base64("Z").has_value());
}

}  // namespace
}  // namespace quern
