// SPDX-License-Identifier: MIT
#include "data/token_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "data/token_writer.h"

namespace quern {
namespace {

TokenStore small_store(int32_t separator = 4) {
  return TokenStore::from_documents({{0, 1, 2}, {3}, {2, 2, 1, 0}}, {1, 2, 3, 4, 0}, separator);
}

std::vector<int32_t> all_tokens(const TokenStore& store) {
  std::vector<int32_t> ids(store.size());
  store.copy(0, ids);
  return ids;
}

TEST(TokenStore, AppendsTheSeparatorToEachDocument) {
  const TokenStore store = small_store();
  EXPECT_EQ(all_tokens(store), (std::vector<int32_t>{0, 1, 2, 4, 3, 4, 2, 2, 1, 0, 4}));
  ASSERT_EQ(store.num_documents(), 3u);
  EXPECT_EQ(store.document_begin(1), 4u);
  EXPECT_EQ(store.document_end(1), 6u);
  EXPECT_EQ(store.text_bytes(), 6u + 4u + 9u);
  EXPECT_EQ(store[7], 2);
}

TEST(TokenStore, ComesBackFromDiskInBothWidths) {
  const TemporaryDirectory dir;
  for (size_t V : {size_t{5}, size_t{65536}, size_t{65537}}) {
    SCOPED_TRACE(V);
    std::vector<uint16_t> bytes(V, 1);
    bytes[4] = 0;
    const int32_t top = int32_t(V) - 1;
    const TokenStore store = TokenStore::from_documents({{0, top, 2}, {3, top}}, bytes, top == 4 ? 3 : 4);
    store.save(dir.path() / "t.tokens");
    const TokenStore back = TokenStore::open(dir.path() / "t.tokens");
    EXPECT_EQ(all_tokens(back), all_tokens(store));
    EXPECT_EQ(back.num_documents(), 2u);
    EXPECT_EQ(back.document_end(0), store.document_end(0));
    EXPECT_EQ(back.vocab_size(), int64_t(V));
    EXPECT_EQ(back.text_bytes(), store.text_bytes());
    EXPECT_EQ(back.separator(), store.separator());
    EXPECT_EQ(back.hash(), store.hash());
  }
}

TEST(TokenStore, EmptyStoreAndDocumentsWithoutTokensAreFine) {
  const TemporaryDirectory dir;
  const TokenStore none = TokenStore::from_documents({}, {1, 1}, -1);
  none.save(dir.path() / "none");
  EXPECT_EQ(TokenStore::open(dir.path() / "none").size(), 0u);
  const TokenStore empties = TokenStore::from_documents({{}, {1}, {}}, {1, 1}, -1);
  EXPECT_EQ(empties.num_documents(), 1u);
  const TokenStore separators = TokenStore::from_documents({{}, {1}, {}}, {0, 1}, 0);
  separators.save(dir.path() / "separators");
  EXPECT_EQ(TokenStore::open(dir.path() / "separators").num_documents(), 3u);
}

TEST(TokenStore, RefusesEveryTruncationAndEveryFlippedByte) {
  const TemporaryDirectory dir;
  const fs::path path = dir.path() / "t.tokens";
  small_store().save(path);
  const std::string good = read_file(path);
  ASSERT_NO_THROW(TokenStore::open(path));
  for (size_t n = 0; n < good.size(); ++n) {
    write_file(path, good.substr(0, n));
    EXPECT_THROW(TokenStore::open(path), Error) << "cut at " << n;
  }
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = char(bad[i] ^ 0x41);
    write_file(path, bad);
    EXPECT_THROW(TokenStore::open(path), Error) << "byte " << i;
  }
}

TEST(TokenStore, RefusesTokensOfAnotherTokenizer) {
  const TemporaryDirectory dir;
  TokenWriter writer({.path = dir.path() / "t", .token_bytes = {1, 1}, .tokenizer_hash = "0123456789abcdef"});
  writer.add(std::vector<int32_t>{0, 1}, 2);
  writer.finish();
  EXPECT_NO_THROW(TokenStore::open(dir.path() / "t", "0123456789abcdef"));
  EXPECT_THROW(TokenStore::open(dir.path() / "t", "fedcba9876543210"), Error);
}

TEST(TokenStore, AnUnfinishedFileLeavesNothingBehind) {
  const TemporaryDirectory dir;
  {
    TokenWriter writer({.path = dir.path() / "t", .token_bytes = {1, 1}});
    writer.add(std::vector<int32_t>(1 << 21, 1), 2);
  }
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

}  // namespace
}  // namespace quern
