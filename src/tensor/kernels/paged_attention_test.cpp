// SPDX-License-Identifier: MIT
#include "tensor/kernels/paged_attention.h"

#include <string>

#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

// A cache of three sequences with pages in disorder, filled with NaN where nothing was written.
struct Cache {
  PagedAttentionShape shape;
  bool values_in_keys = false;
  DType storage = DType::f32;
  std::vector<int64_t> lengths;
  int64_t max_blocks = 0;
  std::vector<int32_t> table;
  Floats k, v;  // (all positions, K, D) and (.., K, D_v), the sequences one after the other
  Floats q;     // (all positions, H, D)
  Floats k_pages, v_pages;

  Cache(PagedAttentionShape s, std::vector<int64_t> sequence_lengths, bool latent = false, DType dtype = DType::f32)
      : shape(s), values_in_keys(latent), storage(dtype), lengths(std::move(sequence_lengths)) {
    int64_t total = 0, pages = 0;
    for (int64_t length : lengths) {
      total += length;
      max_blocks = std::max(max_blocks, (length + kPageSize - 1) / kPageSize);
    }
    for (size_t i = 0; i < lengths.size() * size_t(max_blocks); ++i) table.push_back(int32_t(pages++));
    Rng(3).shuffle(std::span<int32_t>(table));
    const int64_t D_v = shape.value_size();
    k = normal(total * shape.K * shape.D, 1);
    v = normal(total * shape.K * D_v, 2);
    q = normal(total * shape.H * shape.D, 3);
    // 64-byte alignment is the caller's duty; a vector of floats is 16-byte aligned, so leave room.
    k_pages.assign(size_t(pages * shape.K * shape.D * kPageSize + 16), NAN);
    v_pages.assign(size_t(pages * shape.K * D_v * kPageSize + 16), NAN);
    shape.scale = 1.2f / std::sqrt(float(shape.D));
  }

  static float* aligned(Floats& x) {
    return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(x.data()) + 63) & ~uintptr_t{63});
  }
  static Floats stored(Floats& pages) { return Floats(aligned(pages), aligned(pages) + pages.size() - 16); }
  PagedKv view() {
    return {.k_pages = aligned(k_pages),
            .v_pages = values_in_keys ? nullptr : aligned(v_pages),
            .k_page_stride = shape.K * shape.D * kPageSize,
            .v_page_stride = shape.K * shape.value_size() * kPageSize,
            .block_table = table.data(),
            .max_blocks = max_blocks,
            .storage = storage};
  }

  struct Batch {
    std::vector<int32_t> sequences, positions;
    std::vector<int64_t> sources;  // where in q, k, v a row stands
  };
  // Rows [first, last) of sequence s, appended.
  void add(Batch* batch, int64_t s, int64_t first, int64_t last) const {
    int64_t base = 0;
    for (int64_t i = 0; i < s; ++i) base += lengths[size_t(i)];
    for (int64_t p = first; p < last; ++p) {
      batch->sequences.push_back(int32_t(s));
      batch->positions.push_back(int32_t(p));
      batch->sources.push_back(base + p);
    }
  }
  static Floats gather(const Floats& x, const std::vector<int64_t>& rows, int64_t width) {
    Floats result;
    for (int64_t r : rows) result.insert(result.end(), x.begin() + r * width, x.begin() + (r + 1) * width);
    return result;
  }
  void write(const Batch& batch, PagedWriteFn* kernel) {
    shape.N = int64_t(batch.sources.size());
    const int64_t k_width = shape.K * shape.D, v_width = shape.K * shape.value_size();
    const Floats k_rows = gather(k, batch.sources, k_width), v_rows = gather(v, batch.sources, v_width);
    kernel(k_rows.data(), k_width, v_rows.data(), v_width, {batch.sequences.data(), batch.positions.data()}, view(),
           shape);
  }
  // One row of results (H, D_v) per row of the batch.
  Floats attend(const Batch& batch, PagedAttentionFn* kernel) {
    shape.N = int64_t(batch.sources.size());
    const int64_t width = shape.H * shape.D, out_width = shape.H * shape.value_size();
    const Floats q_rows = gather(q, batch.sources, width);
    Floats out(size_t(shape.N * out_width), 7.0f);
    kernel(q_rows.data(), width, {batch.sequences.data(), batch.positions.data()}, view(), out.data(), out_width,
           shape);
    return out;
  }
};

struct Case {
  std::string name;
  PagedAttentionShape shape;
  bool latent = false;  // values are the keys' beginnings
  DType storage = DType::f32;
};

std::vector<Case> cases() {
  return {
      {"plain", {.H = 2, .K = 2, .D = 64}},
      {"grouped, enough work for threads to share spans", {.H = 8, .K = 2, .D = 64}},
      {"one key/value head", {.H = 7, .K = 1, .D = 8}},
      {"odd sizes", {.H = 2, .K = 1, .D = 7, .D_v = 13}},
      {"window", {.H = 2, .K = 2, .D = 16, .window = 70}},
      {"cap", {.H = 4, .K = 2, .D = 16, .window = 600, .softcap = 2.0f}},
      {"latent", {.H = 5, .K = 1, .D = 72, .D_v = 64}, true},
      {"latent of odd sizes", {.H = 3, .K = 1, .D = 27, .D_v = 19}, true},
      {"f16", {.H = 4, .K = 2, .D = 24, .D_v = 40}, false, DType::f16},
      {"f16, one head", {.H = 1, .K = 1, .D = 7, .D_v = 5, .window = 100}, false, DType::f16},
      {"bf16", {.H = 2, .K = 2, .D = 16}, false, DType::bf16},
      {"q8_0", {.H = 4, .K = 2, .D = 32, .D_v = 64}, false, DType::q8_0},
      {"f16 latent", {.H = 5, .K = 1, .D = 27, .D_v = 19}, true, DType::f16},
      {"q8_0 latent", {.H = 3, .K = 1, .D = 96, .D_v = 64}, true, DType::q8_0},
      {"latent, two heads, a window", {.H = 4, .K = 2, .D = 20, .D_v = 20, .window = 70}, true},
  };
}

const std::vector<int64_t> kLengths = {1, 130, 1100};  // the last one: three spans

TEST(PagedAttentionKernel, SimdMatchesReferenceForEveryShapeAndMask) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Cache cache(c.shape, kLengths, c.latent, c.storage), other(c.shape, kLengths, c.latent, c.storage);
    Cache::Batch all;
    for (int64_t s = 0; s < 3; ++s) cache.add(&all, s, 0, kLengths[size_t(s)]);
    cache.write(all, paged_write_simd);
    other.write(all, paged_write_ref);
    EXPECT_TRUE(same_bits(cache.stored(cache.k_pages), other.stored(other.k_pages)));
    EXPECT_TRUE(same_bits(cache.stored(cache.v_pages), other.stored(other.v_pages)));
    Cache::Batch some;  // the reference is slow: every row near a border, then a few
    for (int64_t s = 0; s < 3; ++s)
      for (int64_t p = 0; p < kLengths[size_t(s)]; ++p)
        if (p < 3 || (p + 2) % 64 < 4 || p % 37 == 0 || p + 1 == kLengths[size_t(s)]) cache.add(&some, s, p, p + 1);
    EXPECT_TRUE(close(cache.attend(some, paged_attention_simd), cache.attend(some, paged_attention_ref), 1e-5, 1e-5));
  }
}

TEST(PagedAttentionKernel, BitsAreTheSameAloneInABatchInPiecesAndForAnyThreads) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const int64_t width = c.shape.H * c.shape.value_size();
    Floats whole;
    with_thread_counts([&](int threads) {
      SCOPED_TRACE(threads);
      Cache cache(c.shape, kLengths, c.latent, c.storage);
      Cache::Batch all;
      for (int64_t s = 0; s < 3; ++s) cache.add(&all, s, 0, kLengths[size_t(s)]);
      cache.write(all, paged_write_simd);
      const Floats out = cache.attend(all, paged_attention_simd);
      if (threads == 1) whole = out;
      EXPECT_TRUE(same_bits(out, whole));
      // Row by row, as decoding does.
      for (size_t n : {size_t{0}, size_t{1}, size_t{64}, size_t{65}, size_t{130}, size_t{131 + 511}, size_t{131 + 512},
                       size_t{131 + 575}, size_t{131 + 1099}}) {
        Cache::Batch row;
        cache.add(&row, all.sequences[n], all.positions[n], all.positions[n] + 1);
        EXPECT_TRUE(same_bits(cache.attend(row, paged_attention_simd),
                              Floats(whole.begin() + int64_t(n) * width, whole.begin() + int64_t(n + 1) * width)))
            << "row " << n;
      }
      // One row of each sequence at once, out of order.
      Cache::Batch mixed;
      cache.add(&mixed, 2, 1000, 1001);
      cache.add(&mixed, 0, 0, 1);
      cache.add(&mixed, 1, 100, 101);
      EXPECT_TRUE(same_bits(cache.attend(mixed, paged_attention_simd), Cache::gather(whole, mixed.sources, width)));
    });
    // Fed in pieces into a fresh cache, so that later pages hold NaN while earlier rows are computed.
    Cache cache(c.shape, kLengths, c.latent, c.storage);
    Rng rng(11);
    for (int64_t first = 0; first < kLengths[2];) {
      const int64_t last = std::min(kLengths[2], first + rng.between(1, 150));
      Cache::Batch piece;
      cache.add(&piece, 2, first, last);
      cache.write(piece, paged_write_simd);
      EXPECT_TRUE(same_bits(cache.attend(piece, paged_attention_simd), Cache::gather(whole, piece.sources, width)))
          << first << " to " << last;
      first = last;
    }
  }
}

// Stored once, a latent gives what keys and values stored apart give.
TEST(PagedAttentionKernel, ALatentIsAKeyWhoseBeginningIsTheValue) {
  const PagedAttentionShape shape{.H = 5, .K = 1, .D = 24, .D_v = 16};
  Cache latent(shape, kLengths, true), apart(shape, kLengths);
  for (size_t n = 0; n < apart.k.size() / 24; ++n) std::copy_n(&apart.k[n * 24], 16, &apart.v[n * 16]);
  Cache::Batch all;
  for (int64_t s = 0; s < 3; ++s) apart.add(&all, s, 0, kLengths[size_t(s)]);
  latent.write(all, paged_write_simd);
  apart.write(all, paged_write_simd);
  EXPECT_TRUE(same_bits(latent.attend(all, paged_attention_simd), apart.attend(all, paged_attention_simd)));
}

}  // namespace
}  // namespace quern::testing
