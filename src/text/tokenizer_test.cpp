// SPDX-License-Identifier: MIT
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/rng.h"
#include "text/tokenizer_train.h"
#include "text/unicode.h"

namespace quern {
namespace {

DocumentSource source_of(std::vector<std::string> documents) {
  auto next = std::make_shared<size_t>(0);
  auto all = std::make_shared<std::vector<std::string>>(std::move(documents));
  return [next, all](std::string& document) {
    if (*next == all->size()) return false;
    document = (*all)[(*next)++];
    return true;
  };
}

const std::vector<std::string>& sample() {
  static const std::vector<std::string> documents = {
      "The miller's daughter isn't at the mill; the mill grinds 1234 sacks of corn.\n\n  She'll be back by 7.\n",
      "int main() {\n\treturn grind(mill, 42);  // the mill\n}\n",
      "\u77F3\u78E8\u78E8\u9762\uFF0C\u78E8\u574A\u91CC\u7684\u4EBA\u4E5F\u78E8\u9762\u3002\u78E8\u9762\u7684\u4EBA"
      "\u3002",
      "na\u00EFve caf\u00E9 \u0928\u092E\u0938\u094D\u0924\u0947 \U0001F600\U0001F600"};
  return documents;
}

Tokenizer sample_tokenizer(SplitKind split = SplitKind::Llama3) {
  return train_bpe(source_of(sample()),
                   {.vocab_size = 340, .split = split, .special_tokens = {"<|bos|>", "<|eot|>"}, .threads = 1});
}

std::string random_bytes(Rng& rng, size_t size) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(rng.below(256));
  return out;
}

std::string random_utf8(Rng& rng, size_t characters) {
  std::string out;
  for (size_t i = 0; i < characters; ++i) {
    const std::string& document = rng.pick(sample());
    if (rng.chance(0.7)) {
      size_t at = rng.below(document.size());
      while ((static_cast<unsigned char>(document[at]) & 0xC0) == 0x80) --at;
      append_utf8(out, decode_utf8(document.data() + at).value);
    } else {
      append_utf8(out, static_cast<char32_t>(rng.below(0xD800)));
    }
  }
  return out;
}

TEST(Tokenizer, EveryUtf8TextComesBack) {
  Rng rng(1);
  for (SplitKind split : {SplitKind::Gpt2, SplitKind::Cl100k, SplitKind::Qwen2}) {
    const Tokenizer tokenizer = sample_tokenizer(split);
    for (int i = 0; i < 300; ++i) {
      const std::string text = random_utf8(rng, rng.below(60));
      const std::vector<TokenId> ids = tokenizer.encode(text);
      ASSERT_EQ(tokenizer.decode(ids), text);
      ASSERT_EQ(tokenizer.bytes_of(ids), text.size());
      ASSERT_EQ(tokenizer.encode_full(text).ids, ids);
    }
  }
}

TEST(Tokenizer, BrokenUtf8IsReadAsReplacementCharacters) {
  const Tokenizer tokenizer = sample_tokenizer();
  Rng rng(2);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = random_bytes(rng, rng.below(40));
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(bytes)), to_valid_utf8(bytes));
  }
  EXPECT_EQ(to_valid_utf8("a\xE4\xB8"
                          "b"),
            "a\uFFFDb");  // one per maximal part, as the Unicode standard recommends
  EXPECT_EQ(to_valid_utf8("\xF0\x9F\x98"), "\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST(Tokenizer, StreamedPiecesAreWholeCharactersAndTogetherTheDecodedText) {
  const Tokenizer tokenizer = sample_tokenizer();
  Rng rng(3);
  for (int i = 0; i < 300; ++i) {
    std::vector<TokenId> ids;
    if (i % 2 == 0) {
      ids = tokenizer.encode(random_utf8(rng, 30));
    } else {
      for (int k = 0; k < 40; ++k) ids.push_back(static_cast<TokenId>(rng.below(342)));  // any ids, two of them unknown
    }
    for (const bool skip : {false, true}) {
      StreamDecoder stream(tokenizer, skip);
      std::string text;
      for (TokenId id : ids) {
        const std::string piece = stream.push(id);
        ASSERT_TRUE(is_valid_utf8(piece));
        text += piece;
      }
      text += stream.finish();
      ASSERT_EQ(text, tokenizer.decode(ids, skip));
    }
  }
}

TEST(Tokenizer, SpecialTokensInTextAreTextUnlessAsked) {
  const Tokenizer tokenizer = sample_tokenizer();
  const TokenId eot = *tokenizer.token_to_id("<|eot|>");
  const std::string text = "mill<|eot|> mill<|eot|>";
  const std::vector<TokenId> plain = tokenizer.encode(text);
  EXPECT_EQ(std::count(plain.begin(), plain.end(), eot), 0);
  EXPECT_EQ(tokenizer.decode(plain, true), text);
  const std::vector<TokenId> parsed = tokenizer.encode(text, {.parse_special = true});
  EXPECT_EQ(std::count(parsed.begin(), parsed.end(), eot), 2);
  EXPECT_EQ(tokenizer.decode(parsed, true), "mill mill");
  EXPECT_EQ(tokenizer.decode(parsed), text);
  EXPECT_TRUE(tokenizer.is_special(eot));
  EXPECT_EQ(tokenizer.token_bytes(eot), "");
}

TEST(Tokenizer, NoMergeSpellsASpecialTokenHoweverFrequentItsText) {
  const Tokenizer tokenizer =
      train_bpe(source_of({std::string("<e><e><e><e> <e>")}),
                {.vocab_size = 300, .split = SplitKind::Gpt2, .special_tokens = {"<e>"}, .threads = 1});
  const std::vector<TokenId> ids = tokenizer.encode("<e>");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 0), 0);
  EXPECT_EQ(tokenizer.decode(ids), "<e>");
}

TEST(Tokenizer, ParallelEncodingGivesTheSameIds) {
  std::string text;
  Rng rng(4);
  while (text.size() < 400'000) text += rng.chance(0.05) ? "<|eot|>" : rng.pick(sample());
  for (SplitKind split : {SplitKind::Gpt2, SplitKind::Llama3, SplitKind::Qwen2}) {
    const Tokenizer tokenizer = sample_tokenizer(split);
    for (const bool parse : {false, true}) {
      const std::vector<TokenId> ids = tokenizer.encode(text, {.parse_special = parse});
      for (int threads : {1, 2, 3, 5})
        ASSERT_EQ(tokenizer.encode_parallel(text, threads, {.parse_special = parse}), ids);
    }
  }
}

TEST(Tokenizer, SavedAndLoadedItIsTheSame) {
  const Tokenizer tokenizer = sample_tokenizer();
  const TemporaryDirectory folder;
  tokenizer.save(folder.path() / "tokenizer.json");
  const Tokenizer loaded = Tokenizer::load(folder.path());
  EXPECT_EQ(loaded.to_json(), tokenizer.to_json());
  EXPECT_EQ(loaded.vocab_size(), tokenizer.vocab_size());
  Rng rng(5);
  for (int i = 0; i < 100; ++i) {
    const std::string text = random_utf8(rng, 50);
    ASSERT_EQ(loaded.encode(text), tokenizer.encode(text));
  }
}

TEST(Tokenizer, AddedSpecialTokensGetTheNextIdsAndOldOnesKeepTheirs) {
  const Tokenizer tokenizer = sample_tokenizer();
  const std::vector<std::string> wanted = {"<|user|>", "<|bos|>", "<|assistant|>"};
  const Tokenizer more = tokenizer.with_special_tokens(wanted);
  EXPECT_EQ(more.token_to_id("<|bos|>"), tokenizer.token_to_id("<|bos|>"));
  EXPECT_EQ(more.token_to_id("<|user|>"), tokenizer.vocab_size());
  EXPECT_EQ(more.token_to_id("<|assistant|>"), tokenizer.vocab_size() + 1);
  EXPECT_EQ(more.vocab_size(), tokenizer.vocab_size() + 2);
  const Tokenizer again = Tokenizer::from_json(more.to_json(), "test");
  EXPECT_EQ(again.encode("a<|user|>b", {.parse_special = true}), more.encode("a<|user|>b", {.parse_special = true}));
}

TEST(CharTokenizer, HasOneTokenPerCharacterInCodePointOrder) {
  const Tokenizer tokenizer = train_chars(source_of({"hello", "\u4E2D\n"}));
  EXPECT_EQ(tokenizer.vocab_size(), 6);
  EXPECT_EQ(tokenizer.encode("\neh\u4E2D"), (std::vector<TokenId>{0, 1, 2, 5}));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("hello\u4E2D")), "hello\u4E2D");
  EXPECT_THROW(tokenizer.encode("help"), Error);
  const Tokenizer with_unknown = train_chars(source_of({"hello"}), {.special_tokens = {"<unk>"}, .unk_token = "<unk>"});
  EXPECT_EQ(with_unknown.encode("hex"), (std::vector<TokenId>{3 - 1, 1, 0}));
}

}  // namespace
}  // namespace quern
