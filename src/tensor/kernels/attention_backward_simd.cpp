// SPDX-License-Identifier: MIT
// Backward pass: arXiv:2307.08691, algorithm 2, with the loops turned round. One task owns a (sequence, key/value head)
// with its dk and dv; for each tile of 48 queries it walks the keys they see in blocks of 96, computes the scores again
// and takes five products from registers: S = q k^T, dP = dout v^T, dv += P^T dout, dk += dS^T q, dq += dS k.
#include <cmath>

#include "tensor/kernels/attention.h"
#include "tensor/kernels/attention_plan.h"
#include "tensor/kernels/highway_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/attention_backward_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/attention_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

struct AttentionBackwardArgs {
  ConstHeads q, k, v, out;
  const float* lse;
  ConstHeads dout;
  Heads dq, dk, dv;
  bool accumulate;
};

class AttentionBackward {
 public:
  AttentionBackward(const AttentionBackwardArgs& args, const AttentionShape& shape)
      : a_(args),
        shape_(shape),
        D_(shape.D),
        D_v_(shape.value_size()),
        padded_D_(round_up(D_, panel_width())),
        padded_D_v_(round_up(D_v_, panel_width())) {
    int64_t S = 0;
    for (int64_t s = 0; s < shape.num_segments; ++s) S = std::max(S, sequence_rows(shape, s).S);
    padded_S_ = round_up(std::max<int64_t>(S, 1), kKeyBlock);
    k_transposed_ = scratch_.floats(padded_S_ * D_);
    v_transposed_ = scratch_.floats(padded_S_ * D_v_);
    k_panels_ = scratch_.floats(padded_S_ * padded_D_);
    dk_ = scratch_.floats(padded_S_ * padded_D_);
    dv_ = scratch_.floats(padded_S_ * padded_D_v_);
    q_tile_ = scratch_.floats(kQueryTile * padded_D_);
    dq_tile_ = scratch_.floats(kQueryTile * padded_D_);
    dout_tile_ = scratch_.floats(kQueryTile * padded_D_v_);
    p_ = scratch_.floats(kQueryTile * kKeyBlock);
    ds_ = scratch_.floats(kQueryTile * kKeyBlock);
  }

  void operator()(const AttentionTask& task) {
    const SequenceRows seq = sequence_rows(shape_, task.sequence);
    const int64_t j = task.head, G = shape_.H / shape_.K, padded_keys = round_up(seq.S, kTileRows);
    const float *k = a_.k.data + seq.k_begin * a_.k.stride + j * D_,
                *v = a_.v.data + seq.k_begin * a_.v.stride + j * D_v_;
    PackTransposed(k, a_.k.stride, seq.S, D_, k_transposed_);
    PackTransposed(v, a_.v.stride, seq.S, D_v_, v_transposed_);
    PackPanels(k, a_.k.stride, seq.S, D_, k_panels_, padded_S_);
    for (int64_t i = 0; i < padded_keys * padded_D_; ++i) dk_[i] = 0.0f;
    for (int64_t i = 0; i < padded_keys * padded_D_v_; ++i) dv_[i] = 0.0f;
    for (int64_t h = j * G; h < (j + 1) * G; ++h)
      for (int64_t t0 = 0; t0 < seq.T; t0 += kQueryTile) Tile(seq, h, t0);
    WriteRows(dk_, padded_D_, 1.0f, a_.dk, seq.k_begin, seq.S, j, D_);
    WriteRows(dv_, padded_D_v_, 1.0f, a_.dv, seq.k_begin, seq.S, j, D_v_);
  }

 private:
  // Queries t0 .. t0 + 47 of one head.
  void Tile(const SequenceRows& seq, int64_t h, int64_t t0) {
    const int64_t rows = std::min(kQueryTile, seq.T - t0), groups = (rows + kTileRows - 1) / kTileRows;
    const int64_t n0 = seq.q_begin + t0;
    const float* dout = a_.dout.data + n0 * a_.dout.stride + h * D_v_;
    PackRows(a_.q.data + n0 * a_.q.stride + h * D_, a_.q.stride, rows, D_, shape_.scale, q_tile_, padded_D_);
    PackRows(dout, a_.dout.stride, rows, D_v_, 1.0f, dout_tile_, padded_D_v_);
    for (int64_t i = rows * padded_D_; i < groups * kTileRows * padded_D_; ++i) q_tile_[i] = 0.0f;
    for (int64_t i = rows * padded_D_v_; i < groups * kTileRows * padded_D_v_; ++i) dout_tile_[i] = 0.0f;
    for (int64_t r = 0; r < rows; ++r) {
      const float *dout_r = dout_tile_ + r * padded_D_v_, *out_r = a_.out.data + (n0 + r) * a_.out.stride + h * D_v_;
      delta_[r] = sum_over_vectors(
          D_v_, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(hn::LoadU(d, dout_r + c), hn::LoadU(d, out_r + c)); });
      lse_[r] = a_.lse[(n0 + r) * shape_.H + h];
    }
    const int64_t first = visible_keys(shape_, seq, t0).first / kKeyBlock * kKeyBlock;
    const int64_t last = visible_keys(shape_, seq, t0 + rows - 1).last;
    if (first >= last)
      for (int64_t i = 0; i < rows * padded_D_; ++i) dq_tile_[i] = 0.0f;
    for (int64_t j0 = first; j0 < last; j0 += kKeyBlock) Block(seq, t0, rows, groups, j0, j0 == first);
    WriteRows(dq_tile_, padded_D_, shape_.scale, a_.dq, n0, rows, h, D_);
  }

  void Block(const SequenceRows& seq, int64_t t0, int64_t rows, int64_t groups, int64_t j0, bool first_block) {
    const int64_t width = panel_width(), keys = std::min(kKeyBlock, seq.S - j0);
    GroupSpan spans[kQueryTile / kTileRows];
    for (int64_t g = 0; g < groups; ++g) spans[g] = Span(shape_, seq, t0, rows, g, j0, keys);
    for (int64_t j = 0; j < keys; j += width) {
      const float *k_panel = k_transposed_ + (j0 + j) * D_, *v_panel = v_transposed_ + (j0 + j) * D_v_;
      for (int64_t g = 0; g < groups; ++g) {
        if (j < spans[g].padded_first || j >= spans[g].padded_last) continue;
        const int64_t r = g * kTileRows, at = r * kKeyBlock + j;
        TileProduct<false>(q_tile_ + r * padded_D_, padded_D_, k_panel, width, p_ + at, kKeyBlock, D_, Start::zero,
                           nullptr);
        TileProduct<false>(dout_tile_ + r * padded_D_v_, padded_D_v_, v_panel, width, ds_ + at, kKeyBlock, D_v_,
                           Start::zero, nullptr);
      }
    }
    for (int64_t r = 0; r < groups * kTileRows; ++r) {
      const KeyRange seen = r < rows ? visible_keys(shape_, seq, t0 + r) : KeyRange{0, 0};
      Row(r, spans[r / kTileRows], seen.first - j0, std::min(keys, seen.last - j0), round_up(keys, kTileRows));
    }
    for (int64_t j = 0; j < keys; j += kTileRows) {  // dv += P^T dout, dk += dS^T q, six keys at a time
      int64_t first = 0, last = rows;                // of the queries that see one of them
      if (shape_.causal) {
        const int64_t own = j0 + j - (seq.S - seq.T) - t0;  // row whose last key is the first of the six
        first = std::clamp<int64_t>(own, 0, rows);
        if (shape_.window > 0) last = std::clamp<int64_t>(own + kTileRows - 1 + shape_.window, 0, rows);
      }
      if (first >= last) continue;
      const int64_t at = first * kKeyBlock + j;
      for (int64_t c = 0; c < padded_D_v_; c += width)
        TileProduct<true>(p_ + at, kKeyBlock, dout_tile_ + first * padded_D_v_ + c, padded_D_v_,
                          dv_ + (j0 + j) * padded_D_v_ + c, padded_D_v_, last - first, Start::load, nullptr);
      for (int64_t c = 0; c < padded_D_; c += width)
        TileProduct<true>(ds_ + at, kKeyBlock, q_tile_ + first * padded_D_ + c, padded_D_,
                          dk_ + (j0 + j) * padded_D_ + c, padded_D_, last - first, Start::load, nullptr);
    }
    for (int64_t c = 0; c < padded_D_; c += width) {  // dq += dS k
      const float* panel = k_panels_ + c * padded_S_ + j0 * width;
      for (int64_t g = 0; g < groups; ++g) {
        const GroupSpan& span = spans[g];
        TileProduct<false>(ds_ + g * kTileRows * kKeyBlock + span.first, kKeyBlock, panel + span.first * width, width,
                           dq_tile_ + g * kTileRows * padded_D_ + c, padded_D_, span.last - span.first,
                           first_block ? Start::zero : Start::load, nullptr);
      }
    }
  }

  // Row r: scores and dP become P and dS on [first, last), zero on the rest of [0, end).
  HWY_INLINE void Row(int64_t r, const GroupSpan& span, int64_t first, int64_t last, int64_t end) {
    const Floats d;
    const int64_t L = lanes();
    float *p = p_ + r * kKeyBlock, *ds = ds_ + r * kKeyBlock;
    const bool none = first >= last || last <= 0;
    const int64_t from = none ? 0 : span.padded_first, to = none ? 0 : span.padded_last;
    const auto lse = hn::Set(d, none ? 0.0f : lse_[r]), delta = hn::Set(d, none ? 0.0f : delta_[r]);
    if (shape_.softcap > 0) {
      const auto cap = hn::Set(d, shape_.softcap), inverse = hn::Set(d, 1.0f / shape_.softcap), one = hn::Set(d, 1.0f);
      for (int64_t j = from; j < to; j += L) {  // dP - delta times the slope of the cap
        const auto t = Tanh(d, hn::Mul(hn::Load(d, p + j), inverse));
        hn::Store(hn::Mul(cap, t), d, p + j);
        hn::Store(hn::Mul(hn::NegMulAdd(t, t, one), hn::Sub(hn::Load(d, ds + j), delta)), d, ds + j);
      }
    }
    if (!none) MaskRow(p, span, first, last);
    const auto shift = shape_.softcap > 0 ? hn::Zero(d) : delta;
    for (int64_t j = from; j < to; j += L) {
      const auto e = Exp(d, hn::Sub(hn::Load(d, p + j), lse));
      hn::Store(e, d, p + j);
      hn::Store(hn::Mul(e, hn::Sub(hn::Load(d, ds + j), shift)), d, ds + j);
    }
    for (int64_t j = 0; j < from; j += L) hn::Store(hn::Zero(d), d, p + j), hn::Store(hn::Zero(d), d, ds + j);
    for (int64_t j = to; j < end; j += L) hn::Store(hn::Zero(d), d, p + j), hn::Store(hn::Zero(d), d, ds + j);
  }

  // Rows of a padded buffer, times a factor, to (or added to) head h of a gradient.
  void WriteRows(const float* from, int64_t padded, float factor, const Heads& to, int64_t first_row, int64_t rows,
                 int64_t h, int64_t size) {
    const bool accumulate = a_.accumulate;
    for (int64_t r = 0; r < rows; ++r) {
      const float* x = from + r * padded;
      float* y = to.data + (first_row + r) * to.stride + h * size;
      for_each_vector(size, [=](auto d, int64_t c) HWY_ATTR {
        auto value = hn::Mul(hn::LoadU(d, x + c), hn::Set(d, factor));
        if (accumulate) value = hn::Add(value, hn::LoadU(d, y + c));
        hn::StoreU(value, d, y + c);
      });
    }
  }

  const AttentionBackwardArgs& a_;
  const AttentionShape& shape_;
  const int64_t D_, D_v_, padded_D_, padded_D_v_;
  int64_t padded_S_;
  Scratch scratch_;
  float *k_transposed_, *v_transposed_, *k_panels_;  // (S / width)[D][width], the same of v, (D / width)[S][width]
  float *dk_, *dv_;                                  // (S, padded D), (S, padded D_v): sums over the heads of a group
  float *q_tile_, *dq_tile_, *dout_tile_;            // (48, padded D) twice, (48, padded D_v)
  float *p_, *ds_;                                   // (48, 96): scores, then P; dP, then dS
  float lse_[kQueryTile], delta_[kQueryTile];
};

void AttentionBackwardAll(ConstHeads q, ConstHeads k, ConstHeads v, ConstHeads out, const float* lse, ConstHeads dout,
                          Heads dq, Heads dk, Heads dv, bool accumulate, const AttentionShape& shape) {
  const AttentionBackwardArgs args = {q, k, v, out, lse, dout, dq, dk, dv, accumulate};
  run_tasks(attention_tasks(shape, false), [&] { return AttentionBackward(args, shape); });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(AttentionBackwardAll);

void attention_backward_simd(ConstHeads q, ConstHeads k, ConstHeads v, ConstHeads out, const float* lse,
                             ConstHeads dout, Heads dq, Heads dk, Heads dv, bool accumulate,
                             const AttentionShape& shape) {
  HWY_DYNAMIC_DISPATCH(AttentionBackwardAll)(q, k, v, out, lse, dout, dq, dk, dv, accumulate, shape);
}
}  // namespace quern
#endif
