// SPDX-License-Identifier: MIT
#include "text/bpe_model.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"
#include "text/byte_level.h"
#include "text/encode_scratch.h"

namespace quern {
namespace {

// Random merges over a few letters, so that every kind of overlap turns up. `in_order`: a merge comes after those that
// make its parts.
BpeModel random_model(Rng& rng, int num_letters, int num_merges, bool in_order) {
  Vocabulary surfaces, bytes;
  for (uint8_t byte : bytes_by_char()) {
    const std::string one(1, static_cast<char>(byte));
    surfaces.add(surfaces.id_limit(), bytes_to_surface(one));
    bytes.add(bytes.id_limit(), one);
  }
  std::vector<TokenId> pool;
  for (int i = 0; i < num_letters; ++i) pool.push_back(bytes.find(std::string(1, static_cast<char>('a' + i))));
  std::vector<BpeMerge> merges;
  std::set<std::pair<TokenId, TokenId>> known;
  while (merges.size() < static_cast<size_t>(num_merges)) {
    const TokenId a = rng.pick(pool), b = rng.pick(pool);
    const std::string text = std::string(bytes.text_of(a)) + std::string(bytes.text_of(b));
    if (text.size() > 12 || !known.insert({a, b}).second) {
      if (rng.chance(0.01)) break;
      continue;
    }
    TokenId joined = bytes.find(text);
    if (joined < 0) {
      joined = bytes.id_limit();
      surfaces.add(joined, text);
      bytes.add(joined, text);
      pool.push_back(joined);
    }
    merges.push_back({a, b, joined});
  }
  if (!in_order) rng.shuffle(std::span(merges));
  return BpeModel(std::move(surfaces), std::move(bytes), std::move(merges), false);
}

// Algorithm 1 as it is written: join the pair of lowest rank, the leftmost of equals, until there is none.
std::vector<TokenId> encode_by_definition(const BpeModel& model, const std::string& word) {
  std::vector<TokenId> symbols;
  for (char c : word) symbols.push_back(model.bytes().find(std::string(1, c)));
  while (true) {
    size_t best_rank = model.merges().size(), best = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      for (size_t r = 0; r < best_rank; ++r) {
        if (model.merges()[r].left == symbols[i] && model.merges()[r].right == symbols[i + 1]) best_rank = r, best = i;
      }
    }
    if (best_rank == model.merges().size()) return symbols;
    symbols[best] = model.merges()[best_rank].result;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

std::string random_word(Rng& rng, int num_letters, size_t size) {
  std::string word;
  // Now and then a run of one letter: there the order of equal ranks shows.
  while (word.size() < size) {
    word.append(rng.chance(0.2) ? rng.below(6) + 1 : 1,
                static_cast<char>('a' + rng.below(static_cast<uint64_t>(num_letters))));
  }
  word.resize(size);
  return word;
}

TEST(BpeModel, MergesAsTheDefinitionSaysInShortAndLongWords) {
  Rng rng(1);
  EncodeScratch scratch;
  for (int round = 0; round < 60; ++round) {
    const int letters = static_cast<int>(rng.between(1, 4));
    const BpeModel model = random_model(rng, letters, static_cast<int>(rng.between(0, 60)), rng.chance(0.5));
    for (int i = 0; i < 20; ++i) {
      const std::string word = random_word(rng, letters, rng.chance(0.1) ? 129 + rng.below(100) : 1 + rng.below(40));
      std::vector<TokenId> got(word.size());
      got.resize(static_cast<size_t>(model.merge_word(word.data(), word.size(), scratch, got.data()) - got.data()));
      ASSERT_EQ(got, encode_by_definition(model, word)) << word;
    }
  }
}

TEST(BpeModel, MatcherFindsWhatMergingFinds) {
  Rng rng(2);
  EncodeScratch scratch;
  int with_matcher = 0;
  for (int round = 0; round < 400; ++round) {
    const int letters = static_cast<int>(rng.between(1, 4));
    const BpeModel model = random_model(rng, letters, static_cast<int>(rng.between(0, 80)), rng.chance(0.8));
    with_matcher += model.build_matcher();
    for (int i = 0; i < 50; ++i) {
      const std::string word = random_word(rng, letters, 1 + rng.below(200));
      std::vector<TokenId> merged(word.size()), matched(word.size());
      merged.resize(
          static_cast<size_t>(model.merge_word(word.data(), word.size(), scratch, merged.data()) - merged.data()));
      matched.resize(
          static_cast<size_t>(model.encode_word(word.data(), word.size(), scratch, matched.data()) - matched.data()));
      ASSERT_EQ(matched, merged) << word;
    }
  }
  EXPECT_GT(with_matcher, 200);  // or the test tests nothing
}

}  // namespace
}  // namespace quern
