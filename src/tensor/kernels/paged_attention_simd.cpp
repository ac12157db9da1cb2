// SPDX-License-Identifier: MIT
// The rows of a batch that belong to one sequence form tiles of up to 48 (row, head) pairs that read the same key/value
// head; a decode step is a tile of H / K pairs, a prompt fills whole ones. A pair's arithmetic is the same in every
// tile: chains of multiply-adds over d and over positions, blocks of one page with a running maximum, spans of 8 pages
// merged in order.
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "tensor/kernels/attention_plan.h"
#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/paged_storage.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/paged_attention_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

#ifndef QUERN_PAGED_ATTENTION_PLAN
#define QUERN_PAGED_ATTENTION_PLAN
namespace quern {

inline constexpr int64_t kSpanPages = 8;  // pages summed on their own before they are merged
inline constexpr int64_t kSpanKeys = kSpanPages * kPageSize;

// `count` (row, head) pairs of one sequence: pair i is row first_row + (first_pair + i) / G, query head
// (first_pair + i) % G of the group. They see keys from first_key up to last_key at most.
struct PagedTile {
  int64_t first_row, first_pair, count, first_key, last_key;
};

// What a span or several merged ones left for a tile: running maxima and sums (48), weighted values (48, D_v).
struct PagedState {
  float* max;
  float* sum;
  float* values;
};

struct PagedArgs {
  const float* q;
  int64_t q_stride;
  PagedRows rows;
  PagedKv cache;
  float* out;
  int64_t out_stride;
  PagedAttentionShape shape;

  int64_t group() const { return shape.H / shape.K; }
  int64_t first_key(int64_t row) const {
    return shape.window > 0 ? std::max<int64_t>(0, rows.positions[row] + 1 - shape.window) : 0;
  }
};

}  // namespace quern
#endif

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

// c (M, NV vectors) = start + sum over k < K of a(m, k) b(k, :), where start is 0 or c times factor[m].
template <int M, int NV, class D>
HWY_INLINE void Product(D d, const float* HWY_RESTRICT a, int64_t lda, const float* HWY_RESTRICT b, int64_t ldb,
                        float* HWY_RESTRICT c, int64_t ldc, int64_t K, const float* factor) {
  const int64_t L = int64_t(hn::Lanes(d));
  hn::Vec<D> sums[M][NV];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
    for (int i = 0; i < NV; ++i)
      sums[m][i] = factor ? hn::Mul(hn::LoadU(d, c + m * ldc + i * L), hn::Set(d, factor[m])) : hn::Zero(d);
  for (int64_t k = 0; k < K; ++k, b += ldb, ++a) {
    hn::Vec<D> b_k[NV];
#pragma GCC unroll 8
    for (int i = 0; i < NV; ++i) b_k[i] = hn::LoadU(d, b + i * L);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      const auto a_mk = hn::Set(d, a[m * lda]);
#pragma GCC unroll 8
      for (int i = 0; i < NV; ++i) sums[m][i] = hn::MulAdd(a_mk, b_k[i], sums[m][i]);
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
    for (int i = 0; i < NV; ++i) hn::StoreU(sums[m][i], d, c + m * ldc + i * L);
}

// The same over N columns.
template <int M>
HWY_INLINE void Columns(const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, int64_t N,
                        int64_t K, const float* factor) {
  const Floats d;
  const int64_t L = int64_t(hn::Lanes(d));
  constexpr int kWide = M == 1 ? 8 : M <= 3 ? 4 : 2;  // with M sums each: within 16 registers
  int64_t n = 0;
  for (; n + kWide * L <= N; n += kWide * L) Product<M, kWide>(d, a, lda, b + n, ldb, c + n, ldc, K, factor);
  for (; n + L <= N; n += L) Product<M, 1>(d, a, lda, b + n, ldb, c + n, ldc, K, factor);
  for (; n < N; ++n) Product<M, 1>(OneFloat(), a, lda, b + n, ldb, c + n, ldc, K, factor);
}

// The same for any number of rows up to 6.
HWY_NOINLINE void RowsByColumns(int64_t M, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
                                int64_t ldc, int64_t N, int64_t K, const float* factor) {
  switch (M) {
    case 1:
      return Columns<1>(a, lda, b, ldb, c, ldc, N, K, factor);
    case 2:
      return Columns<2>(a, lda, b, ldb, c, ldc, N, K, factor);
    case 3:
      return Columns<3>(a, lda, b, ldb, c, ldc, N, K, factor);
    case 4:
      return Columns<4>(a, lda, b, ldb, c, ldc, N, K, factor);
    case 5:
      return Columns<5>(a, lda, b, ldb, c, ldc, N, K, factor);
    default:
      return Columns<6>(a, lda, b, ldb, c, ldc, N, K, factor);
  }
}

// Reads a value of each cache line: walked from end to end, a page streams in. For a decode step, which is too short to
// hide a prefetch behind. (One pair alone walks pages in this order anyway.)
HWY_INLINE void Touch(const float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) (void)*static_cast<const volatile float*>(x + i);
}

// Asks for n floats, a cache line at a time: the strips in which products walk a page are not foreseen by the
// processor.
HWY_INLINE void Prefetch(const float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) __builtin_prefetch(x + i, 0, 2);
}

// out (C, 64) = the transpose of x (rows, C), rows <= 64; what stands past the rows is left as it was.
HWY_INLINE void TransposePage(const float* HWY_RESTRICT x, int64_t rows, int64_t C, float* HWY_RESTRICT out) {
  int64_t r = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::Full128<float> d4;
  const hn::Repartition<double, decltype(d4)> pairs;
  for (; r + 4 <= rows; r += 4) {
    const float* from = x + r * C;
    int64_t c = 0;
    for (; c + 4 <= C; c += 4) {  // 4 by 4, two rounds of interleaving
      const auto x0 = hn::LoadU(d4, from + c), x1 = hn::LoadU(d4, from + C + c);
      const auto x2 = hn::LoadU(d4, from + 2 * C + c), x3 = hn::LoadU(d4, from + 3 * C + c);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d4, x0, x1));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d4, x0, x1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d4, x2, x3));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d4, x2, x3));
      float* to = out + c * kPageSize + r;
      hn::Store(hn::BitCast(d4, hn::InterleaveLower(pairs, low01, low23)), d4, to);
      hn::Store(hn::BitCast(d4, hn::InterleaveUpper(pairs, low01, low23)), d4, to + kPageSize);
      hn::Store(hn::BitCast(d4, hn::InterleaveLower(pairs, high01, high23)), d4, to + 2 * kPageSize);
      hn::Store(hn::BitCast(d4, hn::InterleaveUpper(pairs, high01, high23)), d4, to + 3 * kPageSize);
    }
    for (; c < C; ++c)
      for (int64_t i = 0; i < 4; ++i) out[c * kPageSize + r + i] = from[i * C + c];
  }
#endif
  for (; r < rows; ++r)
    for (int64_t c = 0; c < C; ++c) out[c * kPageSize + r] = x[r * C + c];
}

class PagedWorker {
 public:
  explicit PagedWorker(const PagedArgs& args) : a_(args), D_(args.shape.D), D_v_(args.shape.value_size()) {
    q_tile_ = scratch_.floats(kQueryTile * D_);
    scores_ = scratch_.floats(kQueryTile * kPageSize);
    if (!a_.cache.keys_in_rows() && a_.cache.storage == DType::f32) return;
    keys_ = scratch_.floats(D_ * kPageSize);
    std::memset(keys_, 0, size_t(D_ * kPageSize) * sizeof(float));
    if (a_.cache.storage != DType::f32) values_ = scratch_.floats(std::max(D_, D_v_) * kPageSize);
  }

  void Load(const PagedTile& tile, int64_t kv_head) {
    tile_ = tile;
    kv_head_ = kv_head;
    for (int64_t i = 0; i < tile.count; ++i) {
      const int64_t n = Row(i), h = Head(i);
      const float* q = a_.q + n * a_.q_stride + h * D_;
      float* to = q_tile_ + i * D_;
      const float scale = a_.shape.scale;
      for_each_vector(D_, [=](auto d, int64_t c)
                              HWY_ATTR { hn::StoreU(hn::Mul(hn::Set(d, scale), hn::LoadU(d, q + c)), d, to + c); });
    }
    table_ =
        a_.cache.block_table + a_.rows.sequences[tile.first_row + tile.first_pair / a_.group()] * a_.cache.max_blocks;
  }

  // Keys span * 512 and on, into a state of their own.
  void Span(int64_t span, const PagedState& state) {
    for (int64_t i = 0; i < tile_.count; ++i) state.max[i] = -HUGE_VALF, state.sum[i] = 0.0f;
    for (int64_t i = 0; i < tile_.count * D_v_; ++i) state.values[i] = 0.0f;
    const int64_t first = std::max(span * kSpanPages, tile_.first_key / kPageSize);
    const int64_t last = std::min((span + 1) * kSpanPages, (tile_.last_key + kPageSize - 1) / kPageSize);
    for (int64_t block = first; block < last; ++block) Page(block, state);
  }

  // state becomes state with `next` after it.
  void Merge(const PagedState& state, const PagedState& next) const {
    const OneFloat one;
    for (int64_t i = 0; i < tile_.count; ++i) {
      if (next.max[i] == -HUGE_VALF) continue;  // that span holds no key of this pair
      const float largest = std::max(state.max[i], next.max[i]);
      const float old_factor = hn::GetLane(Exp(one, hn::Set(one, state.max[i] - largest)));
      const float next_factor = hn::GetLane(Exp(one, hn::Set(one, next.max[i] - largest)));
      state.max[i] = largest;
      state.sum[i] = state.sum[i] * old_factor + next.sum[i] * next_factor;
      float* values = state.values + i * D_v_;
      const float* next_values = next.values + i * D_v_;
      for_each_vector(D_v_, [=](auto d, int64_t c) HWY_ATTR {
        const auto old = hn::Mul(hn::LoadU(d, values + c), hn::Set(d, old_factor));
        hn::StoreU(hn::MulAdd(hn::LoadU(d, next_values + c), hn::Set(d, next_factor), old), d, values + c);
      });
    }
  }

  void Write(const PagedState& state) const {
    for (int64_t i = 0; i < tile_.count; ++i) {
      float* out = a_.out + Row(i) * a_.out_stride + Head(i) * D_v_;
      const float* values = state.values + i * D_v_;
      const float inverse = 1.0f / state.sum[i];
      for_each_vector(D_v_, [=](auto d, int64_t c) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, values + c), hn::Set(d, inverse)), d, out + c);
      });
    }
  }

 private:
  int64_t Row(int64_t i) const { return tile_.first_row + (tile_.first_pair + i) / a_.group(); }
  int64_t Head(int64_t i) const { return kv_head_ * a_.group() + (tile_.first_pair + i) % a_.group(); }

  const void* Keys(int64_t block) const {
    const PagedKv& c = a_.cache;
    return in_pages(c.k_pages, c.storage, c.k_page_stride, table_[block], kv_head_ * D_ * kPageSize);
  }
  const void* Values(int64_t block) const {
    const PagedKv& c = a_.cache;
    return in_pages(c.v_pages, c.storage, c.v_page_stride, table_[block], kv_head_ * D_v_ * kPageSize);
  }

  // Keys transposed, (D, 64), and values, (64, D_v) in rows `v_stride` apart, of a page whose first `count` positions
  // are looked at: as they stand in the cache or, where they are stored otherwise, unpacked.
  struct PageFloats {
    const float *k, *v;
    int64_t v_stride;
  };
  PageFloats Unpack(int64_t block, int64_t count) const {
    const PagedKv& c = a_.cache;
    const void *k = Keys(block), *v = c.values_in_keys() ? k : Values(block);
    const int64_t v_stride = c.values_in_keys() ? D_ : D_v_;
    if (c.storage == DType::f32) {
      const auto* keys = static_cast<const float*>(k);
      if (c.keys_in_rows()) TransposePage(keys, count, D_, keys_);
      return {c.keys_in_rows() ? keys_ : keys, static_cast<const float*>(v), v_stride};
    }
    if (c.keys_in_rows()) {
      convert_to_f32_simd(c.storage, k, values_, count * D_);
      TransposePage(values_, count, D_, keys_);
    } else {
      convert_to_f32_simd(c.storage, k, keys_, D_ * kPageSize);
    }
    if (!c.values_in_keys()) convert_to_f32_simd(c.storage, v, values_, count * D_v_);
    return {keys_, values_, v_stride};
  }

  void Page(int64_t block, const PagedState& state) {
    const bool plain = a_.cache.storage == DType::f32 && !a_.cache.keys_in_rows();
    const int64_t key0 = block * kPageSize;
    const auto [k, v, v_stride] = Unpack(block, std::min(kPageSize, tile_.last_key - key0));
    const int64_t groups = (tile_.count + kTileRows - 1) / kTileRows;
    if (plain && groups == 1 && tile_.count > 1) {
      Touch(k, D_ * kPageSize);
      Touch(v, D_v_ * kPageSize);
    }
    // A prompt's tile asks for the next page piece by piece while it works on this one.
    const int64_t k_piece = round_up(D_ * kPageSize / groups, 16), v_piece = round_up(D_v_ * kPageSize / groups, 16);
    const float *next_k = nullptr, *next_v = nullptr;
    if (plain && groups > 1 && (block + 1) * kPageSize < tile_.last_key) {
      next_k = static_cast<const float*>(Keys(block + 1));
      next_v = static_cast<const float*>(Values(block + 1));
    }
    for (int64_t g = 0; g < tile_.count; g += kTileRows) {
      const int64_t M = std::min(kTileRows, tile_.count - g);
      int64_t group_first = kPageSize, group_last = 0;
      for (int64_t i = g; i < g + M; ++i) {
        const int64_t n = Row(i);
        first_[i - g] = std::clamp<int64_t>(a_.first_key(n) - key0, 0, kPageSize);
        last_[i - g] = std::clamp<int64_t>(a_.rows.positions[n] + 1 - key0, 0, kPageSize);
        if (first_[i - g] >= last_[i - g]) continue;
        group_first = std::min(group_first, first_[i - g]);
        group_last = std::max(group_last, last_[i - g]);
      }
      if (group_first >= group_last) continue;
      float* scores = scores_ + g * kPageSize;
      if (next_k) Prefetch(next_k + g / kTileRows * k_piece, k_piece);
      RowsByColumns(M, q_tile_ + g * D_, D_, k, kPageSize, scores, kPageSize, kPageSize, D_, nullptr);
      for (int64_t i = 0; i < M; ++i)
        Softmax(scores + i * kPageSize, first_[i], last_[i], g + i, state, &correction_[i]);
      if (next_v) Prefetch(next_v + g / kTileRows * v_piece, v_piece);
      RowsByColumns(M, scores + group_first, kPageSize, v + group_first * v_stride, v_stride, state.values + g * D_v_,
                    D_v_, D_v_, group_last - group_first, correction_);
    }
  }

  // Scores of one pair against a page become e^(score - running maximum), 0 outside [first, last).
  HWY_INLINE void Softmax(float* s, int64_t first, int64_t last, int64_t i, const PagedState& state,
                          float* correction) {
    const Floats d;
    const int64_t L = int64_t(hn::Lanes(d));
    if (first >= last) {
      std::memset(s, 0, kPageSize * sizeof(float));
      *correction = 1.0f;
      return;
    }
    if (a_.shape.softcap > 0) {
      const auto cap = hn::Set(d, a_.shape.softcap), inverse = hn::Set(d, 1.0f / a_.shape.softcap);
      for (int64_t j = 0; j < kPageSize; j += L)
        hn::Store(hn::Mul(cap, Tanh(d, hn::Mul(hn::Load(d, s + j), inverse))), d, s + j);
    }
    for (int64_t j = 0; j < first; ++j) s[j] = -HUGE_VALF;
    for (int64_t j = last; j < kPageSize; ++j) s[j] = -HUGE_VALF;
    auto largest = hn::Set(d, state.max[i]);
    for (int64_t j = 0; j < kPageSize; j += L) largest = hn::Max(largest, hn::Load(d, s + j));
    const auto new_max = hn::MaxOfLanes(d, largest);
    auto sum = hn::Zero(d);
    for (int64_t j = 0; j < kPageSize; j += L) {
      const auto p = Exp(d, hn::Sub(hn::Load(d, s + j), new_max));
      hn::Store(p, d, s + j);
      sum = hn::Add(sum, p);
    }
    *correction = hn::GetLane(Exp(d, hn::Sub(hn::Set(d, state.max[i]), new_max)));
    state.max[i] = hn::GetLane(new_max);
    state.sum[i] = state.sum[i] * *correction + hn::GetLane(hn::SumOfLanes(d, sum));
  }

  const PagedArgs& a_;
  const int64_t D_, D_v_;
  PagedTile tile_;
  int64_t kv_head_;
  const int32_t* table_;
  Scratch scratch_;
  float *q_tile_, *scores_;                    // (48, D), (48, 64)
  float *keys_ = nullptr, *values_ = nullptr;  // (D, 64), (64, D or D_v): a page where it is unpacked
  int64_t first_[kTileRows], last_[kTileRows];
  float correction_[kTileRows];
};

// Tiles x heads are enough work for the threads: each task walks all spans of a tile.
void PagedTiles(const PagedArgs& args, const std::vector<PagedTile>& tiles, int64_t threads) {
  const int64_t K = args.shape.K, tasks = int64_t(tiles.size()) * K, D_v = args.shape.value_size();
  std::atomic<int64_t> next = 0;
  parallel_for(std::min(threads, tasks), 1, [&](int64_t, int64_t) HWY_ATTR {
    PagedWorker worker(args);
    Scratch scratch;
    PagedState states[2];
    for (PagedState& state : states)
      state = {scratch.floats(kQueryTile), scratch.floats(kQueryTile), scratch.floats(kQueryTile * D_v)};
    for (int64_t task = next++; task < tasks; task = next++) {
      const PagedTile& tile = tiles[size_t(task / K)];
      worker.Load(tile, task % K);
      const int64_t first = tile.first_key / kSpanKeys, last = (tile.last_key + kSpanKeys - 1) / kSpanKeys;
      worker.Span(first, states[0]);
      for (int64_t span = first + 1; span < last; ++span) {
        worker.Span(span, states[1]);
        worker.Merge(states[0], states[1]);
      }
      worker.Write(states[0]);
    }
  });
}

// Few tiles and many keys: spans are tasks too, and are merged when all are done.
void PagedSpans(const PagedArgs& args, const std::vector<PagedTile>& tiles, int64_t threads) {
  struct Task {
    size_t tile;
    int64_t kv_head, span;
    PagedState state;
  };
  Scratch scratch;
  std::vector<Task> tasks;
  for (size_t t = 0; t < tiles.size(); ++t) {
    for (int64_t j = 0; j < args.shape.K; ++j) {
      for (int64_t span = tiles[t].first_key / kSpanKeys; span * kSpanKeys < tiles[t].last_key; ++span) {
        float* at = scratch.floats(tiles[t].count * (args.shape.value_size() + 2));
        tasks.push_back({t, j, span, {at, at + tiles[t].count, at + 2 * tiles[t].count}});
      }
    }
  }
  std::atomic<size_t> next = 0;
  parallel_for(std::min(threads, int64_t(tasks.size())), 1, [&](int64_t, int64_t) HWY_ATTR {
    PagedWorker worker(args);
    for (size_t i = next++; i < tasks.size(); i = next++) {
      worker.Load(tiles[tasks[i].tile], tasks[i].kv_head);
      worker.Span(tasks[i].span, tasks[i].state);
    }
  });
  PagedWorker worker(args);
  for (size_t i = 0; i < tasks.size();) {
    const Task& first = tasks[i];
    worker.Load(tiles[first.tile], first.kv_head);
    for (++i; i < tasks.size() && tasks[i].tile == first.tile && tasks[i].kv_head == first.kv_head; ++i)
      worker.Merge(first.state, tasks[i].state);
    worker.Write(first.state);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(PagedTiles);
HWY_EXPORT(PagedSpans);

void check_cache_storage(DType storage, int64_t D, int64_t D_v) {
  if (storage != DType::f32 && storage != DType::f16 && storage != DType::bf16 && storage != DType::q8_0)
    throw Error(ErrorKind::Unsupported, "keys and values can't be kept in {}", name(storage))
        .hint("known are f32, f16, bf16 and q8_0");
  if (is_quantised(storage) && (D % 32 != 0 || D_v % 32 != 0))
    throw Error(ErrorKind::Unsupported,
                "keys of {} and values of {} numbers can't be kept in q8_0, whose blocks have 32", D, D_v)
        .hint("keep them in f16");
}

void paged_write_simd(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                      const PagedKv& cache, const PagedAttentionShape& shape) {
  const int64_t D = shape.D, D_v = shape.value_size();
  const auto column = [D]<typename T>(const T* values, T* to) {  // of a transposed page
    for (int64_t d = 0; d < D; ++d) to[d * kPageSize] = values[d];
  };
  parallel_for(shape.N, row_grain(4 * shape.K * D), [&](int64_t begin, int64_t end) {
    std::vector<uint16_t> halves(static_cast<size_t>(D));
    for (int64_t n = begin; n < end; ++n) {
      const int64_t block = rows.positions[n] / kPageSize, slot = rows.positions[n] % kPageSize;
      const int64_t page = cache.block_table[rows.sequences[n] * cache.max_blocks + block];
      const auto key = [&](int64_t index) {
        return in_pages(cache.k_pages, cache.storage, cache.k_page_stride, page, index);
      };
      for (int64_t j = 0; j < shape.K; ++j) {
        const float* k_n = k + n * k_stride + j * D;
        if (cache.keys_in_rows()) {
          store_values(cache.storage, k_n, D, key((j * kPageSize + slot) * D));
        } else if (cache.storage == DType::f32) {
          column(k_n, static_cast<float*>(key(j * D * kPageSize + slot)));
        } else {
          store_values(cache.storage, k_n, D, halves.data());
          column(static_cast<const uint16_t*>(halves.data()), static_cast<uint16_t*>(key(j * D * kPageSize + slot)));
        }
        if (!cache.values_in_keys())
          store_values(cache.storage, v + n * v_stride + j * D_v, D_v,
                       in_pages(cache.v_pages, cache.storage, cache.v_page_stride, page, (j * kPageSize + slot) * D_v));
      }
    }
  });
}

void paged_attention_simd(const float* q, int64_t q_stride, const PagedRows& rows, const PagedKv& cache, float* out,
                          int64_t out_stride, const PagedAttentionShape& shape) {
  const PagedArgs args = {q, q_stride, rows, cache, out, out_stride, shape};
  const int64_t G = args.group();
  std::vector<PagedTile> tiles;
  int64_t spans = 0, work = 0;  // work in multiply-adds
  for (int64_t n = 0; n < shape.N;) {
    int64_t end = n + 1;  // rows [n, end) belong to one sequence
    while (end < shape.N && rows.sequences[end] == rows.sequences[n]) ++end;
    for (int64_t pair = 0; pair < (end - n) * G; pair += kQueryTile) {
      const int64_t count = std::min(kQueryTile, (end - n) * G - pair);
      PagedTile tile = {n, pair, count, INT64_MAX, 0};
      for (int64_t r = n + pair / G; r <= n + (pair + count - 1) / G; ++r) {
        tile.first_key = std::min(tile.first_key, args.first_key(r));
        tile.last_key = std::max<int64_t>(tile.last_key, rows.positions[r] + 1);
      }
      tiles.push_back(tile);
      work += count * (tile.last_key - tile.first_key) * (shape.D + shape.value_size()) * shape.K;
      spans += (tile.last_key + kSpanKeys - 1) / kSpanKeys - tile.first_key / kSpanKeys;
    }
    n = end;
  }
  if (tiles.empty()) return;
  // Waking a thread costs some microseconds: it gets at least about ten of them to do.
  constexpr int64_t kWorkPerThread = 300'000;
  const int64_t threads = std::clamp<int64_t>(work / kWorkPerThread, 1, compute_threads());
  const int64_t tasks = int64_t(tiles.size()) * shape.K;
  if (threads > 1 && tasks < 2 * threads && spans > int64_t(tiles.size())) {
    HWY_DYNAMIC_DISPATCH(PagedSpans)(args, tiles, threads);
  } else {
    HWY_DYNAMIC_DISPATCH(PagedTiles)(args, tiles, threads);
  }
}
}  // namespace quern
#endif
