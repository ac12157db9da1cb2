// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/rng.h"
#include "text/bpe_merger.h"
#include "text/tokenizer_train.h"
#include "text/word_counter.h"

namespace quern {
namespace {

std::vector<std::string> random_documents(uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<std::string> out;
  for (int d = 0; d < count; ++d) {
    std::string text;
    const uint64_t words = rng.below(400);
    for (uint64_t w = 0; w < words; ++w) {
      if (rng.chance(0.02)) text += rng.chance(0.5) ? "\n\n" : "  ";
      if (rng.chance(0.02)) text += "supercalifragilisticexpialidocious";
      const uint64_t letters = 1 + rng.below(7);
      for (uint64_t k = 0; k < letters; ++k) text += static_cast<char>('a' + rng.below(5) * rng.below(3));
      text += rng.chance(0.1) ? "\u78E8\u9762" : " ";
    }
    out.push_back(std::move(text));
  }
  return out;
}

DocumentSource source_of(const std::vector<std::string>& documents) {
  return [&documents, next = size_t{0}](std::string& document) mutable {
    if (next == documents.size()) return false;
    document = documents[next++];
    return true;
  };
}

TEST(BpeTraining, IsTheSameForAnyNumberOfThreadsAndAnyMemoryCap) {
  const std::vector<std::string> documents = random_documents(1, 300);
  const TemporaryDirectory spill;
  BpeTrainOptions options{.vocab_size = 700,
                          .split = SplitKind::Llama3,
                          .special_tokens = {"<|end|>"},
                          .threads = 1,
                          .spill_dir = spill.path()};
  const std::string want = train_bpe(source_of(documents), options).to_json();
  for (int threads : {1, 2, 3}) {
    for (uint64_t cap : {uint64_t{1} << 30, uint64_t{300'000}, uint64_t{1}}) {
      options.threads = threads;
      options.memory_cap_bytes = cap;
      EXPECT_EQ(train_bpe(source_of(documents), options).to_json(), want) << threads << " threads, " << cap << " bytes";
    }
  }
  EXPECT_TRUE(fs::is_empty(spill.path()));  // nothing is left behind
}

TEST(WordCounter, CountsWhatAMapCounts) {
  const std::vector<std::string> documents = random_documents(2, 50);
  PreTokenizer pre;
  pre.stages.push_back({.kind = SplitStage::Kind::Gpt2});
  std::map<std::string, uint64_t, std::less<>> want;
  for (const std::string& document : documents) {
    pre.for_each_word(document, [&](const char* begin, const char* end) { ++want[std::string(begin, end)]; });
  }
  for (uint64_t cap : {uint64_t{1} << 30, uint64_t{1}}) {
    const WordCounts counts = count_words(source_of(documents), pre, {.threads = 2, .memory_cap_bytes = cap});
    std::map<std::string, uint64_t, std::less<>> got;
    for (size_t i = 0; i < counts.size(); ++i) got[std::string(counts.word(i))] += counts.counts[i];
    EXPECT_EQ(counts.size(), got.size());  // no word twice
    EXPECT_EQ(got, want);
  }
}

TEST(WordCounter, AFailingSourceIsAnErrorNotAHang) {
  int documents = 0;
  const DocumentSource source = [&](std::string& text) -> bool {
    if (++documents > 5) throw Error(ErrorKind::InvalidData, "the corpus is damaged");
    text = "a b c";
    return true;
  };
  EXPECT_THROW(train_bpe(source, {.vocab_size = 300, .threads = 2}), Error);
}

// Algorithm 1 of Sennrich et al., counting all pairs anew for each merge.
std::vector<BpeMerge> merges_by_definition(const WordCounts& words, int64_t vocab_size) {
  std::vector<std::vector<std::string>> symbols(words.size());
  std::map<std::string, TokenId> ids;
  const MergedVocabulary bytes = learn_merges({}, {.vocab_size = 256});
  for (size_t i = 0; i < bytes.tokens.size(); ++i) ids[bytes.tokens[i]] = static_cast<TokenId>(i);
  for (size_t w = 0; w < words.size(); ++w) {
    for (char c : words.word(w)) symbols[w].emplace_back(1, c);
  }
  std::vector<BpeMerge> merges;
  while (static_cast<int64_t>(ids.size()) < vocab_size) {
    std::map<std::pair<TokenId, TokenId>, uint64_t> pairs;
    for (size_t w = 0; w < words.size(); ++w) {
      for (size_t i = 0; i + 1 < symbols[w].size(); ++i)
        pairs[{ids[symbols[w][i]], ids[symbols[w][i + 1]]}] += words.counts[w];
    }
    std::pair<TokenId, TokenId> best{-1, -1};
    uint64_t best_count = 0;
    for (const auto& [pair, count] : pairs) {
      if (count > best_count) best = pair, best_count = count;
    }
    if (best_count == 0) break;
    std::string joined;
    for (size_t w = 0; w < words.size(); ++w) {
      for (size_t i = 0; i + 1 < symbols[w].size(); ++i) {
        if (ids[symbols[w][i]] != best.first || ids[symbols[w][i + 1]] != best.second) continue;
        joined = symbols[w][i] += symbols[w][i + 1];
        symbols[w].erase(symbols[w].begin() + static_cast<ptrdiff_t>(i) + 1);
      }
    }
    const TokenId id = ids.emplace(joined, static_cast<TokenId>(ids.size())).first->second;
    merges.push_back({best.first, best.second, id});
  }
  return merges;
}

TEST(BpeTraining, MakesTheMergesOfTheDefinition) {
  for (uint64_t seed = 10; seed < 16; ++seed) {
    const std::vector<std::string> documents = random_documents(seed, 4);
    PreTokenizer pre;
    pre.stages.push_back({.kind = SplitStage::Kind::Gpt2});
    const WordCounts words = count_words(source_of(documents), pre, {});
    EXPECT_EQ(learn_merges(words, {.vocab_size = 330}).merges, merges_by_definition(words, 330));
  }
}

TEST(BpeTraining, StopsAtRarePairsAndLongTokens) {
  const std::vector<std::string> documents = {"abab abab abab xyz"};
  const Tokenizer rare = train_bpe(source_of(documents), {.vocab_size = 1000, .threads = 1, .min_frequency = 2});
  EXPECT_FALSE(rare.token_to_id("xy"));
  EXPECT_TRUE(rare.token_to_id("abab"));
  const Tokenizer brief = train_bpe(source_of(documents), {.vocab_size = 1000, .threads = 1, .max_token_length = 3});
  for (TokenId id = 0; id < brief.vocab_size(); ++id) EXPECT_LE(brief.token_bytes(id).size(), 3u);
}

TEST(BpeTraining, RefusesAVocabularyWithoutRoomForTheBytes) {
  const std::vector<std::string> documents = {"a"};
  EXPECT_THROW(train_bpe(source_of(documents), {.vocab_size = 255}), Error);
  EXPECT_THROW(train_bpe(source_of(documents), {.vocab_size = 256, .special_tokens = {"<s>"}}), Error);
  EXPECT_THROW(train_bpe(source_of(documents), {.vocab_size = 300, .special_tokens = {"<s>", "<s>"}}), Error);
  EXPECT_EQ(train_bpe(source_of(documents), {.vocab_size = 256}).vocab_size(), 256);
}

}  // namespace
}  // namespace quern
