// SPDX-License-Identifier: MIT
#include "data/batch_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "data/packing.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// Documents in which every token is its own place: token = 1 + index over all documents, so that labels can be traced.
// 0 is the separator.
TokenStore counting_store(const std::vector<int>& lengths, int32_t separator = 0) {
  std::vector<std::vector<int32_t>> documents;
  int32_t next = 1;
  for (int n : lengths) {
    documents.emplace_back(size_t(n));
    std::iota(documents.back().begin(), documents.back().end(), next);
    next += n;
  }
  std::vector<uint16_t> bytes(size_t(next), 2);
  bytes[0] = 0;
  return TokenStore::from_documents(documents, bytes, separator);
}

std::vector<int> random_lengths(size_t n, int longest, uint64_t seed) {
  Rng rng(seed);
  std::vector<int> lengths;
  for (size_t i = 0; i < n; ++i) lengths.push_back(int(rng.between(1, longest)));
  return lengths;
}

void expect_well_formed(const TokenBatch& batch, int64_t N) {
  ASSERT_EQ(batch.size(), N);
  ASSERT_EQ(int64_t(batch.labels.size()), N);
  ASSERT_EQ(int64_t(batch.positions.size()), N);
  ASSERT_EQ(batch.segments.front(), 0);
  ASSERT_EQ(batch.segments.back(), N);
  int64_t targets = 0;
  for (size_t s = 0; s + 1 < batch.segments.size(); ++s) {
    ASSERT_LT(batch.segments[s], batch.segments[s + 1]);
    for (int32_t i = batch.segments[s]; i < batch.segments[s + 1]; ++i) {
      ASSERT_EQ(batch.positions[size_t(i)], i - batch.segments[s]);
      targets += batch.labels[size_t(i)] != kIgnoreLabel;
      // Inside a segment the label is the next input.
      if (i + 1 < batch.segments[s + 1] && batch.labels[size_t(i)] != kIgnoreLabel) {
        ASSERT_EQ(batch.labels[size_t(i)], batch.ids[size_t(i) + 1]);
      }
    }
  }
  ASSERT_EQ(batch.num_targets, targets);
}

TEST(BestFit, FillsRowsAndLosesNoPiece) {
  const std::vector<uint32_t> lengths = {3, 8, 5, 2, 6, 8, 1, 7};  // 40 positions: five rows of 8 are possible
  const RowPlan plan = best_fit(lengths, 8);
  EXPECT_EQ(plan.row_begin.size(), 6u);
  std::vector<uint32_t> seen = plan.order;
  std::sort(seen.begin(), seen.end());
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  for (size_t r = 0; r + 1 < plan.row_begin.size(); ++r) {
    uint32_t sum = 0;
    for (uint64_t p = plan.row_begin[r]; p < plan.row_begin[r + 1]; ++p) sum += lengths[plan.order[p]];
    EXPECT_EQ(sum, 8u);
  }
}

// The slow, obvious version: look at every row.
size_t rows_by_plain_best_fit(std::vector<uint32_t> lengths, int64_t T) {
  std::stable_sort(lengths.begin(), lengths.end(), std::greater<>());
  std::vector<int64_t> space;
  for (uint32_t length : lengths) {
    int64_t* best = nullptr;
    for (int64_t& s : space)
      if (s >= length && (!best || s < *best)) best = &s;
    if (best)
      *best -= length;
    else
      space.push_back(T - length);
  }
  return space.size();
}

TEST(BestFit, NeedsAsManyRowsAsThePlainVersion) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    const int64_t T = rng.between(1, 200);
    std::vector<uint32_t> lengths;
    for (int i = 0; i < 300; ++i) lengths.push_back(uint32_t(rng.between(1, T)));
    EXPECT_EQ(best_fit(lengths, T).row_begin.size() - 1, rows_by_plain_best_fit(lengths, T));
  }
}

TEST(PackedRows, EveryStoredTokenIsATargetExactlyOnce) {
  for (const PackingOptions options : {PackingOptions{}, PackingOptions{.packing = Packing::Stream},
                                       PackingOptions{.packing = Packing::Stream, .mask_documents = false},
                                       PackingOptions{.stride = 5}, PackingOptions{.stride = 1}}) {
    const TokenStore store = counting_store(random_lengths(60, 40, 3));
    const PackedRows rows(store, 16, options);
    std::map<int32_t, int> times;
    int64_t bytes = 0;
    for (int64_t i = 0; i < rows.rows(); ++i) {
      TokenBatch batch;
      rows.append_row(i, batch);
      expect_well_formed(batch, 16);
      bytes += batch.bytes;
      for (int32_t label : batch.labels)
        if (label != kIgnoreLabel) ++times[label];
    }
    EXPECT_EQ(times[0], 60);  // separators
    times.erase(0);
    EXPECT_EQ(int64_t(times.size()), store.vocab_size() - 1);
    for (auto [label, n] : times) EXPECT_EQ(n, 1) << label;
    EXPECT_EQ(bytes, int64_t(store.text_bytes()));
    EXPECT_EQ(rows.num_targets(), int64_t(store.size()));
  }
}

TEST(PackedRows, WithoutSeparatorOnlyTheFirstTokenOfADocumentIsNoTarget) {
  const TokenStore store = counting_store({5, 1, 30, 2}, -1);
  for (Packing packing : {Packing::BestFit, Packing::Stream}) {
    const PackedRows rows(store, 8, {.packing = packing});
    std::map<int32_t, int> times;
    for (int64_t i = 0; i < rows.rows(); ++i) {
      TokenBatch batch;
      rows.append_row(i, batch);
      expect_well_formed(batch, 8);
      for (int32_t label : batch.labels)
        if (label != kIgnoreLabel) ++times[label];
    }
    EXPECT_EQ(times.size(), 38u - 4u);
    for (int32_t first : {1, 6, 7, 37}) EXPECT_EQ(times.count(first), 0u);
  }
}

TEST(PackedRows, ADocumentBeginsAfterTheSeparatorAndEndsWithIt) {
  const PackedRows rows(counting_store({3}), 6);
  TokenBatch batch;
  rows.append_row(0, batch);
  EXPECT_THAT(batch.ids, ElementsAre(0, 1, 2, 3, 0, 0));
  EXPECT_THAT(batch.labels, ElementsAre(1, 2, 3, 0, kIgnoreLabel, kIgnoreLabel));
  EXPECT_THAT(batch.positions, ElementsAre(0, 1, 2, 3, 0, 1));
  EXPECT_THAT(batch.segments, ElementsAre(0, 4, 6));
  EXPECT_EQ(batch.num_targets, 4);
  EXPECT_EQ(batch.bytes, 6);
}

TEST(PackedRows, AStrideGivesEachTargetThatMuchContext) {
  const PackedRows rows(counting_store({40}), 8, {.stride = 2});
  for (int64_t i = 0; i < rows.rows(); ++i) {
    TokenBatch batch;
    rows.append_row(i, batch);
    for (size_t t = 0; t < batch.labels.size(); ++t)
      if (batch.labels[t] > 8) {
        EXPECT_GE(batch.positions[t], 6);  // past the first piece: T - stride inputs before
      }
  }
}

TEST(PackedRows, BestFitLeavesLittlePadding) {
  EXPECT_GT(PackedRows(counting_store(random_lengths(5000, 300, 1)), 256).fill(), 0.995);
}

TEST(SftRows, TrainsOnTheAssistantAndItsStopToken) {
  const ChatExample chat{{{{1, 2, 3}, false}, {{4, 5, 9}, true}, {{6}, false}, {{7, 9}, true}}};
  const SftRows rows({chat}, 10, std::vector<uint16_t>(10, 1), 8);
  TokenBatch batch;
  rows.append_row(0, batch);
  expect_well_formed(batch, 10);
  EXPECT_THAT(batch.ids, ElementsAre(1, 2, 3, 4, 5, 9, 6, 7, 8, 8));
  const int32_t x = kIgnoreLabel;
  EXPECT_THAT(batch.labels, ElementsAre(x, x, 4, 5, 9, x, 7, 9, x, x));
  EXPECT_EQ(batch.bytes, 5);
  std::string shown;
  for (const PreviewSpan& span : preview_spans(batch)) {
    shown += span.trained ? "[" : "(";
    for (int32_t id : span.ids) shown += std::to_string(id);
    shown += span.trained ? "]" : ")";
  }
  EXPECT_EQ(shown, "(123)[459](6)[79]");
}

TEST(SftRows, CutsLongConversationsAndDropsThoseWithNothingToLearn) {
  std::vector<ChatExample> chats = {{{{{1, 2}, false}, {std::vector<int32_t>(20, 3), true}}},
                                    {{{std::vector<int32_t>(20, 1), false}, {{3}, true}}},
                                    {{{{3, 3}, true}}}};
  const SftRows rows(chats, 8);
  EXPECT_EQ(rows.truncated(), 1);
  EXPECT_EQ(rows.dropped(), 1);
  EXPECT_EQ(rows.num_targets(), 7 + 1);  // 9 tokens kept, two of them a prompt; of the last chat its second token
  for (int64_t i = 0; i < rows.rows(); ++i) {
    TokenBatch batch;
    rows.append_row(i, batch);
    expect_well_formed(batch, 8);
  }
}

std::shared_ptr<const RowStream> shuffled(const std::vector<int>& lengths, uint64_t seed, int64_t T = 16) {
  return std::make_shared<ShuffledRows>(std::make_shared<PackedRows>(counting_store(lengths), T), seed);
}

TEST(BatchSource, EachEpochShowsEveryRowOnceInAnOrderOfItsOwn) {
  const auto rows = shuffled(random_lengths(50, 30, 2), 7);
  const int64_t n = rows->rows_per_epoch();
  std::vector<std::vector<int32_t>> epochs[2];
  for (int e = 0; e < 2; ++e)
    for (int64_t i = 0; i < n; ++i) {
      TokenBatch batch;
      rows->append_row(e * n + i, batch);
      epochs[e].push_back(batch.ids);
    }
  EXPECT_NE(epochs[0], epochs[1]);
  for (auto& epoch : epochs) std::sort(epoch.begin(), epoch.end());
  EXPECT_EQ(epochs[0], epochs[1]);
}

TEST(BatchSource, ResumesWithTheSameBatches) {
  std::vector<std::function<std::shared_ptr<const RowStream>()>> makers = {
      [] { return shuffled(random_lengths(50, 30, 2), 7); },
      [] { return std::make_shared<RandomBlocks>(counting_store({500}), 16, 7); },
      [] {
        return std::make_shared<Mixture>(
            std::vector<Mixture::Part>{{shuffled(random_lengths(50, 30, 2), 7), 0.3},
                                       {std::make_shared<RandomBlocks>(counting_store({500}), 16, 7), 0.7}},
            11);
      }};
  for (auto& make : makers) {
    BatchSource whole(make(), 4);
    std::vector<TokenBatch> batches;
    std::vector<std::string> states;
    for (int i = 0; i < 300; ++i) {  // past the end of an epoch and of a cycle
      states.push_back(whole.state().to_json());
      batches.push_back(whole.next());
      expect_well_formed(batches.back(), 64);
    }
    for (size_t at : {size_t{299}, size_t{1}, size_t{255}, size_t{256}}) {
      BatchSource resumed(make(), 4);
      resumed.restore(SourceState::from_json(states[at]));
      const TokenBatch batch = resumed.next();
      EXPECT_EQ(batch.ids, batches[at].ids);
      EXPECT_EQ(batch.labels, batches[at].labels);
      EXPECT_EQ(batch.segments, batches[at].segments);
      EXPECT_EQ(batch.bytes, batches[at].bytes);
    }
  }
}

TEST(BatchSource, RefusesAStateOfOtherDataOrSettings) {
  BatchSource a(shuffled({50, 60}, 7), 2), other_seed(shuffled({50, 60}, 8), 2), other_data(shuffled({50, 61}, 7), 2),
      other_length(shuffled({50, 60}, 7, 17), 2);
  EXPECT_THROW(other_seed.restore(a.state()), Error);
  EXPECT_THROW(other_data.restore(a.state()), Error);
  EXPECT_THROW(other_length.restore(a.state()), Error);
  EXPECT_NO_THROW(BatchSource(shuffled({50, 60}, 7), 3).restore(a.state()));
  EXPECT_THROW(SourceState::from_json("{\"rows\": -1, \"fingerprint\": \"\"}"), Error);
  EXPECT_THROW(SourceState::from_json("[]"), Error);
}

TEST(Mixture, KeepsItsProportionsExactlyInEachCycle) {
  const auto a = shuffled(random_lengths(50, 30, 2), 7), b = shuffled({400}, 7), c = shuffled({100}, 1);
  const Mixture mixture({{a, 2}, {b, 1}, {c, 1}}, 5);
  for (int64_t rows : {1024, 2048, 10240}) {
    EXPECT_EQ(mixture.rows_of_part(0, rows), rows / 2);
    EXPECT_EQ(mixture.rows_of_part(1, rows), rows / 4);
    EXPECT_EQ(mixture.rows_of_part(2, rows), rows / 4);
  }
  // Mixed within a cycle, not one after another.
  EXPECT_NEAR(double(mixture.rows_of_part(0, 1024 + 200)) - 512, 100, 30);
}

TEST(Mixture, RefusesWeightsAndLengthsThatMakeNoSense) {
  const auto a = shuffled({100}, 7), longer = shuffled({100}, 7, 32);
  EXPECT_THROW(Mixture({}, 1), Error);
  EXPECT_THROW(Mixture({{a, 0}}, 1), Error);
  EXPECT_THROW(Mixture({{a, -1}, {a, 2}}, 1), Error);
  EXPECT_THROW(Mixture({{a, 1}, {longer, 1}}, 1), Error);
}

TEST(RandomBlocks, LabelsAreTheNextTokensAndEveryStartOccurs) {
  const TokenStore store = counting_store({20}, -1);
  const RandomBlocks blocks(store, 4, 1);
  std::map<int32_t, int> starts;
  for (int64_t i = 0; i < 2000; ++i) {
    TokenBatch batch;
    blocks.append_row(i, batch);
    expect_well_formed(batch, 4);
    ++starts[batch.ids[0]];
    EXPECT_EQ(batch.labels[3], batch.ids[3] + 1);
  }
  EXPECT_EQ(starts.size(), 16u);  // 20 tokens, 5 needed
  EXPECT_THROW(RandomBlocks(store, 20, 1), Error);
}

TEST(EvalBatches, EveryTargetOnceAndTheLastBatchMayBeShort) {
  const TokenStore store = counting_store(random_lengths(60, 40, 3));
  auto rows = std::make_shared<PackedRows>(store, 16);
  for (int64_t B : {1, 3, 1000}) {
    EvalBatches eval(rows, B);
    for (int pass = 0; pass < 2; ++pass) {
      TokenBatch batch;
      int64_t targets = 0, bytes = 0, positions = 0;
      while (eval.next(batch)) targets += batch.num_targets, bytes += batch.bytes, positions += batch.size();
      EXPECT_EQ(targets, int64_t(store.size()));
      EXPECT_EQ(bytes, int64_t(store.text_bytes()));
      EXPECT_EQ(positions, rows->rows() * 16);
      eval.rewind();
    }
  }
  EvalBatches few(rows, 4, 6);
  TokenBatch batch;
  int batches = 0;
  while (few.next(batch)) ++batches;
  EXPECT_EQ(batches, 2);
}

}  // namespace
}  // namespace quern
