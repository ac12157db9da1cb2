// SPDX-License-Identifier: MIT
// Tokenizers that are not byte-level BPE, on vocabularies small enough to follow by hand. Against other
// implementations: golden_test.cpp and tests/oracles/tokenizers_hf.py.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/rng.h"
#include "text/char_bpe_model.h"
#include "text/encode_scratch.h"
#include "text/tokenizer.h"
#include "text/unigram_model.h"

namespace quern {
namespace {

using Ids = std::vector<TokenId>;

std::string json_of(const std::string& model, const std::string& pre_tokenizer, const std::string& normalizer = "null",
                    const std::string& decoder = "null", const std::string& added = "[]") {
  return R"({"version": "1.0", "added_tokens": )" + added + R"(, "normalizer": )" + normalizer +
         R"(, "pre_tokenizer": )" + pre_tokenizer + R"(, "post_processor": null, "decoder": )" + decoder +
         R"(, "model": )" + model + "}";
}
Tokenizer tokenizer_of(const std::string& json) { return Tokenizer::from_json(json, "test"); }

const std::string kWordPiece =
    R"({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 6,
        "vocab": {"[UNK]": 0, "[SEP]": 1, "mill": 2, "##er": 3, "##e": 4, "##stone": 5, "the": 6, "##s": 7}})";
const std::string kSplitSpaces = R"({"type": "WhitespaceSplit"})";

TEST(WordPiece, TakesTheLongestTokenAndGivesUpWholeWords) {
  const Tokenizer t = tokenizer_of(json_of(kWordPiece, kSplitSpaces));
  EXPECT_EQ(t.encode("the miller mills"), (Ids{6, 2, 3, 2, 7}));
  EXPECT_EQ(t.encode("millex"), (Ids{0}));   // ##e fits, the rest does not
  EXPECT_EQ(t.encode("millers"), (Ids{0}));  // seven characters
  EXPECT_EQ(t.encode_full("mills").offsets, (std::vector<std::pair<int64_t, int64_t>>{{0, 4}, {4, 5}}));
}

const std::string kByteBpe =
    R"({"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true, "vocab": {"<unk>": 0, "a": 1,
        "b": 2, "\u2581": 3, "ab": 4, "\u2581ab": 5, "<0xC3>": 6, "<0xA9>": 7}, "merges": [["a", "b"], ["\u2581", "ab"]]})";
const std::string kSpmDecoder =
    R"({"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})";
const std::string kFirst =
    R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": false})";

TEST(CharBpe, SpellsUnknownCharactersInBytesOrFusesThem) {
  const Tokenizer t = tokenizer_of(json_of(kByteBpe, kFirst, "null", kSpmDecoder));
  EXPECT_EQ(t.encode("ab ab"), (Ids{5, 5}));
  EXPECT_EQ(t.encode("ab\u00E9"), (Ids{5, 6, 7}));
  EXPECT_EQ(t.encode("abxyza"), (Ids{5, 0, 1}));  // x, y and z are one unknown token
  EXPECT_EQ(t.decode(t.encode("ab \u00E9b")), "ab \u00E9b");
  EXPECT_EQ(t.decode(Ids{5, 6, 1}), "ab\uFFFDa");           // half a character
  EXPECT_EQ(t.decode(Ids{6, 7, 6}), "\uFFFD\uFFFD\uFFFD");  // the run as a whole is no UTF-8
}

TEST(CharBpe, CuttingWhereNothingJoinsGivesWhatMergingTheWholeGives) {
  Rng rng(1);
  Vocabulary vocabulary;
  const std::string letters = "abcd_";
  for (size_t i = 0; i < letters.size(); ++i) vocabulary.add(static_cast<TokenId>(i), letters.substr(i, 1));
  std::vector<BpeMerge> merges;
  while (vocabulary.count() < 60) {
    const auto left = static_cast<TokenId>(rng.below(vocabulary.count())),
               right = static_cast<TokenId>(rng.below(vocabulary.count()));
    const std::string joined(std::string(vocabulary.text_of(left)) + std::string(vocabulary.text_of(right)));
    if (joined.size() > 5 || joined.find('_', 1) != std::string::npos) continue;
    const auto id = static_cast<TokenId>(vocabulary.count());
    if (vocabulary.add(id, joined)) merges.push_back({left, right, id});
  }
  const CharBpeModel model(vocabulary, merges, {.unk_token = "a", .fuse_unk = true});
  EncodeScratch scratch;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t n = rng.below(300); n > 0; --n) text += rng.chance(0.02) ? 'x' : letters[rng.below(letters.size())];
    Ids cut, whole(text.size());
    {
      IdSink sink(cut);
      model.encode(text, PreTokenizer(), 0, scratch, sink);
    }
    whole.resize(
        static_cast<size_t>(model.encode_word(text.data(), text.size(), scratch, whole.data()) - whole.data()));
    ASSERT_EQ(cut, whole) << text;
  }
}

TEST(Unigram, TakesTheBestPathNotTheLongestToken) {
  // From the documentation of the reference implementation.
  const std::string model = R"({"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", 0.0], ["b", 0.0],
      ["c", 0.0], ["d", 0.0], ["cd", 1.0], ["ab", 2.0], ["abc", 5.0], ["abcd", 10.0]]})";
  const Tokenizer t = tokenizer_of(json_of(model, "null"));
  const Encoding e = t.encode_full("abcdacdxx");
  EXPECT_EQ(e.tokens, (std::vector<std::string>{"abcd", "a", "cd", "xx"}));
  EXPECT_EQ(e.ids, (Ids{8, 1, 5, 0}));
  EXPECT_EQ(t.encode("abcdacdxx"), e.ids);
}

TEST(Unigram, OfPathsThatBalanceTheLongerLastTokenStays) {
  const std::string model = R"({"type": "Unigram", "unk_id": null, "vocab": [["a", -1], ["aa", -2]]})";
  const Tokenizer t = tokenizer_of(json_of(model, "null"));
  EXPECT_EQ(t.encode("aaa"), (Ids{0, 1}));
  EXPECT_THROW(t.encode("b"), Error);
}

TEST(SpecialTokens, AreNotFoundByTheModelEither) {
  const std::string added = R"([{"id": 1, "content": "[SEP]", "special": true, "normalized": false}])";
  const Tokenizer pieces = tokenizer_of(json_of(kWordPiece, kSplitSpaces, "null", "null", added));
  EXPECT_EQ(pieces.encode("the [SEP]"), (Ids{6, 0}));
  EXPECT_EQ(pieces.encode("the [SEP]", {.parse_special = true}), (Ids{6, 1}));
  const std::string unigram = R"({"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["[SEP]", 0], ["a", -1]]})";
  const Tokenizer t = tokenizer_of(json_of(unigram, "null", "null", "null", added));
  EXPECT_EQ(t.encode("a[SEP]a"), (Ids{2, 0, 2}));
  const std::string words = R"({"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "[SEP]": 1, "a": 2}})";
  EXPECT_EQ(tokenizer_of(json_of(words, kSplitSpaces, "null", "null", added)).encode("a [SEP]"), (Ids{2, 0}));
  const std::vector<std::string> late = {"the"};
  EXPECT_EQ(pieces.with_special_tokens(late).encode("the mill"), (Ids{0, 2}));
}

TEST(LongRuns, OfOneKindTakeNoMoreThanTheirLength) {
  // A quadratic way would take hours for these; the limit is the test's own time limit.
  const std::string run(1 << 20, 'a');
  EXPECT_EQ(tokenizer_of(json_of(kByteBpe, kFirst)).encode(run).size(), (size_t{1} << 20) + 1);
  const std::string unigram = R"({"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["aa", -1.5]]})";
  EXPECT_EQ(tokenizer_of(json_of(unigram, "null")).encode(run).size(), size_t{1} << 19);
  EXPECT_EQ(tokenizer_of(json_of(kWordPiece, kSplitSpaces)).encode(run).size(), 1u);
}

TEST(ParallelEncoding, OfEveryKindGivesTheSameIds) {
  const std::string always =
      R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true})";
  const std::string llama = R"({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                               {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]})";
  const std::string unigram = R"({"type": "Unigram", "unk_id": 0,
      "vocab": [["<unk>", 0], ["a", -1], ["aa", -1.5], ["\u2581", -2], ["\u2581b", -2.5], ["b", -3]]})";
  Rng rng(5);
  std::string text;
  while (text.size() < 400'000) {
    for (uint64_t n = rng.below(9); n > 0; --n) text += "aabbab\n1"[rng.below(8)];
    text += rng.chance(0.1) ? "\u00E9" : rng.chance(0.1) ? "  " : " ";
  }
  for (const std::string& json :
       {json_of(kByteBpe, kFirst), json_of(kByteBpe, "null", llama), json_of(unigram, always),
        json_of(kWordPiece, R"({"type": "BertPreTokenizer"})", R"({"type": "BertNormalizer"})")}) {
    const Tokenizer t = tokenizer_of(json);
    const Ids ids = t.encode(text);
    for (int threads : {2, 3, 5}) EXPECT_EQ(t.encode_parallel(text, threads), ids);
  }
}

TEST(Decoders, ScreenedTextComesOutAsSoonAsItIsSure) {
  const Tokenizer t = tokenizer_of(json_of(kByteBpe, kFirst, "null", kSpmDecoder));
  StreamDecoder stream(t);
  EXPECT_EQ(stream.push(5), "ab");  // the first space is the tokenizer's own
  EXPECT_EQ(stream.push(5), " ab");
  EXPECT_EQ(stream.push(6), "");
  EXPECT_EQ(stream.push(7), "");  // a third byte could still spoil the run
  EXPECT_EQ(stream.push(1),
            "\u00E9"
            "a");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Normalizers, AFileThatMakesTextExplodeIsStopped) {
  std::string steps;
  for (int i = 0; i < 40; ++i)
    steps += std::string(i > 0 ? "," : "") +
             R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})";
  const std::string normalizer = R"({"type": "Sequence", "normalizers": [)" + steps + "]}";
  const Tokenizer t = tokenizer_of(json_of(kByteBpe, kFirst, normalizer));
  try {
    t.encode("aaaa");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidData);
  }
}

}  // namespace
}  // namespace quern
