// SPDX-License-Identifier: MIT
#include "nn/mla.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "nn/test_support.h"

namespace quern {
namespace {

LatentAttentionConfig small_config(bool squeezed) {
  return {.C = 12,
          .H = 3,
          .q_rank = squeezed ? 7 : 0,
          .R = 9,
          .D_nope = 5,
          .D_rope = 4,
          .D_v = 6,
          .bias = squeezed,
          .std = 0.4f,
          .out_std = 0.4f};
}

struct Layer {
  std::shared_ptr<ParamStore> store;
  LatentAttention attention;
  Rotary rotary;
  explicit Layer(const LatentAttentionConfig& c, bool trainable = false)
      : store(ParamStore::fresh(4, {.trainable = Trainable(trainable), .packed_products = !trainable})),
        attention(Params(store, "self_attn"), c),
        rotary({.dim = c.D_rope, .context = 512}) {}

  Tensor operator()(const Tensor& x, const Batch& batch) const { return attention(x, batch, rotary(batch), 0); }
};

Batch sequences(const std::vector<int64_t>& lengths) {
  std::vector<std::vector<int32_t>> ids;
  for (const int64_t n : lengths) ids.emplace_back(size_t(n), 0);
  return Batch::of(ids);
}

Tensor inputs(int64_t N, int64_t C) {
  Rng rng(17);
  return Tensor::normal(rng, {N, C});
}

TEST(LatentAttention, GradientsMatchFiniteDifferences) {
  for (const bool squeezed : {false, true}) {
    const Layer layer(small_config(squeezed), true);
    Tensor x = inputs(7, 12);
    x.set_trainable(true);
    const Batch batch = sequences({4, 1, 2});
    std::vector<Parameter> tested = testing_layers::parameters_of(*layer.store);
    tested.push_back({"x", x});
    testing_layers::expect_gradients(tested, [&] { return layer(x, batch); });
  }
}

// One sequence of `length` positions through a cache of its own, fed in pieces of `piece`.
std::vector<float> through_a_cache(const Layer& layer, const Tensor& x, int64_t piece) {
  const LatentAttentionConfig& c = layer.attention.config;
  const KvFormat format = LatentAttention::kv_format(c);
  const int64_t length = x.size(0), blocks = (length + kPageSize - 1) / kPageSize;
  const std::vector<LayerPages> pages{
      {.k = Tensor::full({blocks, 1, format.D * kPageSize}, NAN), .v = {}, .D_v = format.D_v}};
  std::vector<int32_t> table;
  for (int64_t b = 0; b < blocks; ++b) table.push_back(int32_t(blocks - 1 - b));
  std::vector<float> out;
  for (int64_t first = 0; first < length; first += piece) {
    const int64_t last = std::min(length, first + piece);
    Batch batch = sequences({last - first});
    for (int32_t& p : batch.positions) p += int32_t(first);
    const CacheView view{.slots = std::vector<int32_t>(size_t(last - first), 0),
                         .block_tables = Tensor::from(table, {1, blocks}),
                         .layers = pages};
    batch.cache = &view;
    const std::vector<float> y = layer(x.slice(0, first, last), batch).to_vector();
    out.insert(out.end(), y.begin(), y.end());
  }
  return out;
}

TEST(LatentAttention, TheLatentInTheCacheGivesWhatKeysAndValuesGive) {
  for (const bool squeezed : {false, true}) {
    const Layer layer(small_config(squeezed));
    const Tensor x = inputs(150, 12);
    const std::vector<float> whole = layer(x, sequences({150})).to_vector(), cached = through_a_cache(layer, x, 150);
    ASSERT_EQ(whole.size(), cached.size());
    for (size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(cached[i], whole[i], 2e-5) << i;  // sums in another order
  }
}

TEST(LatentAttention, PiecesAndThreadsLeaveTheBitsAlone) {
  const Layer layer(small_config(true));
  const Tensor x = inputs(150, 12);
  set_compute_threads(1);
  const std::vector<float> expected = through_a_cache(layer, x, 150);
  for (const int threads : {1, 2}) {
    set_compute_threads(threads);
    for (const int64_t piece : {1, 7, 64, 100}) EXPECT_EQ(through_a_cache(layer, x, piece), expected) << piece;
  }
  set_compute_threads(hardware_threads());
}

TEST(LatentAttention, OnlyTheLatentIsKept) {
  // DeepSeek-V3: 512 + 64 numbers per position and layer, where keys and values of 128 heads would be 40960.
  const KvFormat format = LatentAttention::kv_format({.H = 128, .R = 512, .D_nope = 128, .D_rope = 64, .D_v = 128});
  EXPECT_EQ(format.size(), 576);
}

}  // namespace
}  // namespace quern
