// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "base/threads.h"
#include "data/test_files.h"
#include "data/token_file.h"
#include "text/tokenizer.h"
#include "text/tokenizer_train.h"

namespace quern {
namespace {

std::string tale(int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += "The miller of valley " + std::to_string(i) + " grinds rye, 磨面粉, and sings.\n";
  return out;
}

Tokenizer small_tokenizer() {
  bool given = false;
  const DocumentSource source = [&](std::string& text) {
    text = tale(50);
    return !std::exchange(given, true);
  };
  return train_bpe(source, {.vocab_size = 400, .special_tokens = {"<|endoftext|>"}});
}

std::vector<int32_t> ids_of(const TokenStore& store) {
  std::vector<int32_t> ids(store.size());
  store.copy(0, ids);
  return ids;
}

TEST(TokenizeCorpus, DecodesBackToTheTextAndCountsItsBytes) {
  const Tokenizer tokenizer = small_tokenizer();
  const std::string text = tale(2000);
  const auto result = tokenize_corpus(
      corpus_of_documents({{.text = text}, {.text = "<|endoftext|> is text"}}, {.validation_fraction = 0}), tokenizer);
  const TokenStore& store = result.train;
  ASSERT_EQ(store.num_documents(), 2u);
  EXPECT_EQ(store.separator(), *tokenizer.token_to_id("<|endoftext|>"));
  const auto ids = ids_of(store);
  const std::span first(ids.data(), store.document_end(0) - 1),
      second(ids.data() + first.size() + 1, ids.size() - first.size() - 2);
  EXPECT_EQ(tokenizer.decode(first), text);
  EXPECT_EQ(tokenizer.decode(second), "<|endoftext|> is text");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), store.separator()), 2);
  EXPECT_EQ(store.text_bytes(), text.size() + 21);
  uint64_t bytes = 0;
  for (int32_t id : ids) bytes += store.token_bytes()[size_t(id)];
  EXPECT_EQ(bytes, store.text_bytes());
}

TEST(TokenizeCorpus, ThreadsAndDiskDoNotShowInTheResult) {
  const Tokenizer tokenizer = small_tokenizer();
  const TemporaryDirectory dir;
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += "{\"text\": \"row " + std::to_string(i) + " of the miller's tale\"}\n";
  write_file(dir.path() / "a.jsonl", rows);
  write_file(dir.path() / "b.txt", tale(20000));
  const int threads = compute_threads();
  set_compute_threads(1);
  const auto one = tokenize_corpus(open_corpus(dir.path()), tokenizer);
  set_compute_threads(3);
  const auto three = tokenize_corpus(open_corpus(dir.path()), tokenizer, {.out_dir = dir.path()});
  set_compute_threads(threads);
  EXPECT_EQ(ids_of(one.train), ids_of(three.train));
  EXPECT_EQ(ids_of(one.validation), ids_of(three.validation));
  EXPECT_EQ(one.train.hash(), three.train.hash());
  EXPECT_GT(one.validation.num_documents(), 100u);
  EXPECT_EQ(ids_of(TokenStore::open(dir.path() / "train.tokens", one.train.tokenizer_hash())), ids_of(one.train));
}

TEST(TokenizeCorpus, SaysWhenThereIsNoText) {
  const TemporaryDirectory dir;
  write_file(dir.path() / "a.txt", "\n\n");
  EXPECT_THROW(tokenize_corpus(open_corpus(dir.path()), small_tokenizer()), Error);
}

}  // namespace
}  // namespace quern
