// SPDX-License-Identifier: MIT
// Register-tiled products and packing for the attention kernels; included once per instruction set.
//
// A panel is a matrix strip two vectors wide, its rows one after the other: [rows][kPanel]. The right operand of a
// product is always read from panels, the left one is broadcast value by value.

#if defined(QUERN_ATTENTION_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUERN_ATTENTION_TILES_INL_H_
#undef QUERN_ATTENTION_TILES_INL_H_
#else
#define QUERN_ATTENTION_TILES_INL_H_
#endif

#include "tensor/kernels/attention_plan.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

HWY_INLINE int64_t lanes() { return int64_t(hn::Lanes(Floats())); }
HWY_INLINE int64_t panel_width() { return 2 * lanes(); }

enum class Start { zero, load, scaled };  // of the sums: 0, c, or c times a factor per row

// c (6, two vectors) = start + sum over k < K of a(m, k) b(k, :).
//   a(m, k) = a[m * a_m + k * a_k]; one of the strides is 1, which one is known at compile time
//   b panel, row k at b + k * b_k   c rows ldc apart   factor (6), used with Start::scaled
template <bool kTransposedA>
HWY_INLINE void TileProduct(const float* HWY_RESTRICT a, int64_t a_stride, const float* HWY_RESTRICT b, int64_t b_k,
                            float* HWY_RESTRICT c, int64_t ldc, int64_t K, Start start, const float* factor) {
  const Floats d;
  using V = hn::Vec<Floats>;
  const int64_t L = lanes();
  V c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
  if (start == Start::zero) {
    c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = hn::Zero(d);
  } else {
    c00 = hn::Load(d, c), c01 = hn::Load(d, c + L);
    c10 = hn::Load(d, c + ldc), c11 = hn::Load(d, c + ldc + L);
    c20 = hn::Load(d, c + 2 * ldc), c21 = hn::Load(d, c + 2 * ldc + L);
    c30 = hn::Load(d, c + 3 * ldc), c31 = hn::Load(d, c + 3 * ldc + L);
    c40 = hn::Load(d, c + 4 * ldc), c41 = hn::Load(d, c + 4 * ldc + L);
    c50 = hn::Load(d, c + 5 * ldc), c51 = hn::Load(d, c + 5 * ldc + L);
    if (start == Start::scaled) {
      V f = hn::Set(d, factor[0]);
      c00 = hn::Mul(c00, f), c01 = hn::Mul(c01, f);
      f = hn::Set(d, factor[1]);
      c10 = hn::Mul(c10, f), c11 = hn::Mul(c11, f);
      f = hn::Set(d, factor[2]);
      c20 = hn::Mul(c20, f), c21 = hn::Mul(c21, f);
      f = hn::Set(d, factor[3]);
      c30 = hn::Mul(c30, f), c31 = hn::Mul(c31, f);
      f = hn::Set(d, factor[4]);
      c40 = hn::Mul(c40, f), c41 = hn::Mul(c41, f);
      f = hn::Set(d, factor[5]);
      c50 = hn::Mul(c50, f), c51 = hn::Mul(c51, f);
    }
  }
  const int64_t a_m = kTransposedA ? 1 : a_stride, a_k = kTransposedA ? a_stride : 1;
  const float* a3 = a + 3 * a_m;
  for (int64_t k = 0; k < K; ++k) {
    const V b0 = hn::Load(d, b), b1 = hn::Load(d, b + L);
    b += b_k;
    V a_mk = hn::Set(d, a[0]);
    c00 = hn::MulAdd(a_mk, b0, c00), c01 = hn::MulAdd(a_mk, b1, c01);
    a_mk = hn::Set(d, a[a_m]);
    c10 = hn::MulAdd(a_mk, b0, c10), c11 = hn::MulAdd(a_mk, b1, c11);
    a_mk = hn::Set(d, a[2 * a_m]);
    c20 = hn::MulAdd(a_mk, b0, c20), c21 = hn::MulAdd(a_mk, b1, c21);
    a_mk = hn::Set(d, a3[0]);
    c30 = hn::MulAdd(a_mk, b0, c30), c31 = hn::MulAdd(a_mk, b1, c31);
    a_mk = hn::Set(d, a3[a_m]);
    c40 = hn::MulAdd(a_mk, b0, c40), c41 = hn::MulAdd(a_mk, b1, c41);
    a_mk = hn::Set(d, a3[2 * a_m]);
    c50 = hn::MulAdd(a_mk, b0, c50), c51 = hn::MulAdd(a_mk, b1, c51);
    a += a_k, a3 += a_k;
  }
  hn::Store(c00, d, c), hn::Store(c01, d, c + L);
  hn::Store(c10, d, c + ldc), hn::Store(c11, d, c + ldc + L);
  hn::Store(c20, d, c + 2 * ldc), hn::Store(c21, d, c + 2 * ldc + L);
  hn::Store(c30, d, c + 3 * ldc), hn::Store(c31, d, c + 3 * ldc + L);
  hn::Store(c40, d, c + 4 * ldc), hn::Store(c41, d, c + 4 * ldc + L);
  hn::Store(c50, d, c + 5 * ldc), hn::Store(c51, d, c + 5 * ldc + L);
}

// out (rows, C), rows padded_C apart and zero past C, = factor * x (rows, C), rows x_stride apart.
HWY_INLINE void PackRows(const float* x, int64_t x_stride, int64_t rows, int64_t C, float factor, float* out,
                         int64_t padded_C) {
  for (int64_t r = 0; r < rows; ++r) {
    const float* x_r = x + r * x_stride;
    float* out_r = out + r * padded_C;
    for_each_vector(C, [=](auto d, int64_t c)
                           HWY_ATTR { hn::StoreU(hn::Mul(hn::Set(d, factor), hn::LoadU(d, x_r + c)), d, out_r + c); });
    for (int64_t c = C; c < padded_C; ++c) out_r[c] = 0.0f;
  }
}

// x (rows, C) into panels over its columns: panel p holds columns p * width ..., [rows][width], zero past C.
// Panels are `panel_rows` rows long.
HWY_INLINE void PackPanels(const float* x, int64_t x_stride, int64_t rows, int64_t C, float* out, int64_t panel_rows) {
  const Floats d;
  const int64_t L = lanes(), width = panel_width(), whole = C / width;
  for (int64_t r = 0; r < rows; ++r) {
    const float* x_r = x + r * x_stride;
    for (int64_t p = 0; p < whole; ++p) {
      float* to = out + (p * panel_rows + r) * width;
      hn::Store(hn::LoadU(d, x_r + p * width), d, to);
      hn::Store(hn::LoadU(d, x_r + p * width + L), d, to + L);
    }
    if (whole * width < C) {
      float* to = out + (whole * panel_rows + r) * width;
      for (int64_t c = 0; c < width; ++c) to[c] = whole * width + c < C ? x_r[whole * width + c] : 0.0f;
    }
  }
}

// x (rows, C) transposed into panels over its rows: panel p holds rows p * width ..., [C][width], zero past the last
// row.
HWY_INLINE void PackTransposed(const float* x, int64_t x_stride, int64_t rows, int64_t C, float* out) {
  const int64_t width = panel_width();
  for (int64_t r0 = 0; r0 < rows; r0 += width) {
    float* panel = out + r0 * C;
    const int64_t count = rows - r0 < width ? rows - r0 : width;
    int64_t r = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::Full128<float> d4;
    const hn::Repartition<double, decltype(d4)> pairs;
    for (; r + 4 <= count; r += 4) {
      const float* from = x + (r0 + r) * x_stride;
      int64_t c = 0;
      for (; c + 4 <= C; c += 4) {  // 4 by 4, two rounds of interleaving
        const auto x0 = hn::LoadU(d4, from + c), x1 = hn::LoadU(d4, from + x_stride + c);
        const auto x2 = hn::LoadU(d4, from + 2 * x_stride + c), x3 = hn::LoadU(d4, from + 3 * x_stride + c);
        const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d4, x0, x1));
        const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d4, x0, x1));
        const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d4, x2, x3));
        const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d4, x2, x3));
        float* to = panel + c * width + r;
        hn::Store(hn::BitCast(d4, hn::InterleaveLower(pairs, low01, low23)), d4, to);
        hn::Store(hn::BitCast(d4, hn::InterleaveUpper(pairs, low01, low23)), d4, to + width);
        hn::Store(hn::BitCast(d4, hn::InterleaveLower(pairs, high01, high23)), d4, to + 2 * width);
        hn::Store(hn::BitCast(d4, hn::InterleaveUpper(pairs, high01, high23)), d4, to + 3 * width);
      }
      for (; c < C; ++c)
        for (int64_t i = 0; i < 4; ++i) panel[c * width + r + i] = from[i * x_stride + c];
    }
#endif
    for (; r < count; ++r)
      for (int64_t c = 0; c < C; ++c) panel[c * width + r] = x[(r0 + r) * x_stride + c];
    for (; r < width; ++r)
      for (int64_t c = 0; c < C; ++c) panel[c * width + r] = 0.0f;
  }
}

// What part of a block of keys a group of six queries sees, counted from the block's start.
struct GroupSpan {
  int64_t first, last;                // keys that some query of the group sees
  int64_t padded_first, padded_last;  // the same, out to borders of panels; equal when there is none
};

// Group g of the `rows` queries from t0 on, keys j0 .. j0 + keys - 1.
HWY_INLINE GroupSpan Span(const AttentionShape& shape, const SequenceRows& seq, int64_t t0, int64_t rows, int64_t g,
                          int64_t j0, int64_t keys) {
  const int64_t width = panel_width(), last_row = std::min(rows, (g + 1) * kTileRows) - 1;
  const int64_t first = std::max<int64_t>(0, visible_keys(shape, seq, t0 + g * kTileRows).first - j0);
  const int64_t last = std::max(first, std::min(keys, visible_keys(shape, seq, t0 + last_row).last - j0));
  const int64_t padded_first = first / width * width;
  return {first, last, padded_first, first < last ? round_up(last, width) : padded_first};
}

// Scores of one row outside [first, last) become -inf. Always the same number of vectors for the rows of a group, so
// that the loops' branches are foreseen.
HWY_INLINE void MaskRow(float* scores, const GroupSpan& span, int64_t first, int64_t last) {
  if (first <= span.padded_first && last >= span.padded_last) return;
  HWY_ALIGN static constexpr float kLanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Floats d;
  const auto lane = hn::Load(d, kLanes);  // hn::Iota fills memory lane by lane
  const auto low = hn::Set(d, float(first)), high = hn::Set(d, float(last)), outside = hn::Set(d, -HUGE_VALF);
  for (int64_t j = span.padded_first; j < span.padded_last; j += lanes()) {
    const auto key = hn::Add(lane, hn::Set(d, float(j)));
    const auto seen = hn::And(hn::Ge(key, low), hn::Lt(key, high));
    hn::Store(hn::IfThenElse(seen, hn::Load(d, scores + j), outside), d, scores + j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#endif
