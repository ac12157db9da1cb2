// SPDX-License-Identifier: MIT
// Forward pass. For each (sequence, key/value head), keys are packed transposed and values as they are; then each tile
// of 48 queries walks the keys it sees in blocks of 96: scores, running maximum and sum, weighted values.
#include <cmath>

#include "tensor/kernels/attention.h"
#include "tensor/kernels/attention_plan.h"
#include "tensor/kernels/highway_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/attention_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/attention_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

class AttentionForward {
 public:
  AttentionForward(ConstHeads q, ConstHeads k, ConstHeads v, Heads out, float* lse, const AttentionShape& shape)
      : q_(q),
        k_(k),
        v_(v),
        out_(out),
        lse_(lse),
        shape_(shape),
        D_(shape.D),
        D_v_(shape.value_size()),
        padded_D_v_(round_up(D_v_, panel_width())) {
    int64_t S = 0;
    for (int64_t s = 0; s < shape.num_segments; ++s) S = std::max(S, sequence_rows(shape, s).S);
    padded_S_ = round_up(std::max<int64_t>(S, 1), kKeyBlock);
    k_panels_ = scratch_.floats(padded_S_ * D_);
    v_panels_ = scratch_.floats(padded_S_ * padded_D_v_);
    q_tile_ = scratch_.floats(kQueryTile * D_);
    scores_ = scratch_.floats(kQueryTile * kKeyBlock);
    sums_ = scratch_.floats(kQueryTile * padded_D_v_);
  }

  void operator()(const AttentionTask& task) {
    const SequenceRows seq = sequence_rows(shape_, task.sequence);
    if (seq.T == 0) return;
    PackTransposed(k_.data + seq.k_begin * k_.stride + task.head * D_, k_.stride, seq.S, D_, k_panels_);
    PackPanels(v_.data + seq.k_begin * v_.stride + task.head * D_v_, v_.stride, seq.S, D_v_, v_panels_, padded_S_);
    const int64_t G = shape_.H / shape_.K, tiles = query_tiles(shape_, seq) / G;
    for (int64_t i = task.first_tile; i < task.last_tile; ++i)
      Tile(seq, task.head * G + i / tiles, i % tiles * kQueryTile);
  }

 private:
  // Queries t0 .. t0 + 47 of one head.
  void Tile(const SequenceRows& seq, int64_t h, int64_t t0) {
    const int64_t rows = std::min(kQueryTile, seq.T - t0), groups = (rows + kTileRows - 1) / kTileRows;
    PackRows(q_.data + (seq.q_begin + t0) * q_.stride + h * D_, q_.stride, rows, D_, shape_.scale, q_tile_, D_);
    for (int64_t i = rows * D_; i < groups * kTileRows * D_; ++i) q_tile_[i] = 0.0f;
    for (int64_t r = 0; r < groups * kTileRows; ++r) max_[r] = -HUGE_VALF, sum_[r] = 0.0f;
    const int64_t first = visible_keys(shape_, seq, t0).first / kKeyBlock * kKeyBlock;
    const int64_t last = visible_keys(shape_, seq, t0 + rows - 1).last;
    if (first >= last) {
      for (int64_t i = 0; i < rows * padded_D_v_; ++i) sums_[i] = 0.0f;
    }
    for (int64_t j0 = first; j0 < last; j0 += kKeyBlock) Block(seq, t0, rows, groups, j0, j0 == first);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t n = seq.q_begin + t0 + r;
      float* out = out_.data + n * out_.stride + h * D_v_;
      const float* sums = sums_ + r * padded_D_v_;
      const float inverse = sum_[r] > 0 || sum_[r] != sum_[r] ? 1.0f / sum_[r] : 0.0f;
      for_each_vector(D_v_, [=](auto d, int64_t c) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::Set(d, inverse), hn::LoadU(d, sums + c)), d, out + c);
      });
      if (lse_) lse_[n * shape_.H + h] = max_[r] + std::log(sum_[r]);
    }
  }

  void Block(const SequenceRows& seq, int64_t t0, int64_t rows, int64_t groups, int64_t j0, bool first_block) {
    const int64_t width = panel_width(), keys = std::min(kKeyBlock, seq.S - j0);
    GroupSpan spans[kQueryTile / kTileRows];
    for (int64_t g = 0; g < groups; ++g) spans[g] = Span(shape_, seq, t0, rows, g, j0, keys);
    for (int64_t j = 0; j < keys; j += width) {
      const float* panel = k_panels_ + (j0 + j) * D_;
      for (int64_t g = 0; g < groups; ++g)
        if (j >= spans[g].padded_first && j < spans[g].padded_last)
          TileProduct<false>(q_tile_ + g * kTileRows * D_, D_, panel, width, scores_ + g * kTileRows * kKeyBlock + j,
                             kKeyBlock, D_, Start::zero, nullptr);
    }
    for (int64_t g = 0; g < groups; ++g) {
      const GroupSpan& span = spans[g];
      const int64_t r0 = g * kTileRows, r1 = std::min(rows, r0 + kTileRows);
      for (int64_t r = r0; r < r0 + kTileRows; ++r) correction_[r] = 1.0f;
      for (int64_t r = r1; r < r0 + kTileRows; ++r)  // rows that only fill the register tile: keep them finite
        for (int64_t j = span.first; j < span.last; ++j) scores_[r * kKeyBlock + j] = 0.0f;
      if (span.padded_first >= span.padded_last) continue;
      // Two loops, so that one row's maximum is on its way while the next is searched.
      for (int64_t r = r0; r < r1; ++r) {
        const KeyRange seen = visible_keys(shape_, seq, t0 + r);
        RowMaximum(r, span, seen.first - j0, std::min(keys, seen.last - j0));
      }
      for (int64_t r = r0; r < r1; ++r) RowExponentials(r, span);
    }
    const Start start = first_block ? Start::zero : Start::scaled;
    for (int64_t c = 0; c < padded_D_v_; c += width) {
      const float* panel = v_panels_ + c * padded_S_ + j0 * width;
      for (int64_t g = 0; g < groups; ++g) {
        const GroupSpan& span = spans[g];
        TileProduct<false>(scores_ + g * kTileRows * kKeyBlock + span.first, kKeyBlock, panel + span.first * width,
                           width, sums_ + g * kTileRows * padded_D_v_ + c, padded_D_v_, span.last - span.first, start,
                           correction_ + g * kTileRows);
      }
    }
  }

  // Caps and masks the scores of one row, which sees keys [first, last) of the block, and finds its running maximum.
  HWY_INLINE void RowMaximum(int64_t r, const GroupSpan& span, int64_t first, int64_t last) {
    const Floats d;
    const int64_t L = lanes();
    float* s = scores_ + r * kKeyBlock;
    if (shape_.softcap > 0) {
      const auto cap = hn::Set(d, shape_.softcap), inverse = hn::Set(d, 1.0f / shape_.softcap);
      for (int64_t j = span.padded_first; j < span.padded_last; j += L)
        hn::Store(hn::Mul(cap, Tanh(d, hn::Mul(hn::Load(d, s + j), inverse))), d, s + j);
    }
    MaskRow(s, span, first, last);
    auto largest = hn::Set(d, max_[r]);
    for (int64_t j = span.padded_first; j < span.padded_last; j += L) largest = hn::Max(largest, hn::Load(d, s + j));
    const float new_max = hn::GetLane(hn::MaxOfLanes(d, largest));
    shift_[r] = new_max == -HUGE_VALF ? 0.0f : new_max;
    correction_[r] = max_[r] - shift_[r];
    max_[r] = new_max;
  }

  // Turns the scores of one row into e^(score - running maximum).
  HWY_INLINE void RowExponentials(int64_t r, const GroupSpan& span) {
    const Floats d;
    const int64_t L = lanes();
    float* s = scores_ + r * kKeyBlock;
    const auto shift = hn::Set(d, shift_[r]);
    auto sum = hn::Zero(d);
    for (int64_t j = span.padded_first; j < span.padded_last; j += L) {
      const auto p = Exp(d, hn::Sub(hn::Load(d, s + j), shift));
      hn::Store(p, d, s + j);
      sum = hn::Add(sum, p);
    }
    correction_[r] = hn::GetLane(Exp(d, hn::Set(d, correction_[r])));
    sum_[r] = sum_[r] * correction_[r] + hn::GetLane(hn::SumOfLanes(d, sum));
  }

  const ConstHeads q_, k_, v_;
  const Heads out_;
  float* const lse_;
  const AttentionShape& shape_;
  const int64_t D_, D_v_, padded_D_v_;
  int64_t padded_S_;
  Scratch scratch_;
  float *k_panels_, *v_panels_;      // (S / width)[D][width], (D_v / width)[S][width]
  float *q_tile_, *scores_, *sums_;  // (48, D), (48, 96), (48, padded D_v)
  float max_[kQueryTile], sum_[kQueryTile], shift_[kQueryTile], correction_[kQueryTile];
};

void Attention(ConstHeads q, ConstHeads k, ConstHeads v, Heads out, float* lse, const AttentionShape& shape) {
  run_tasks(attention_tasks(shape, true), [&] { return AttentionForward(q, k, v, out, lse, shape); });
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(Attention);

void attention_simd(ConstHeads q, ConstHeads k, ConstHeads v, Heads out, float* lse, const AttentionShape& shape) {
  HWY_DYNAMIC_DISPATCH(Attention)(q, k, v, out, lse, shape);
}
}  // namespace quern
#endif
