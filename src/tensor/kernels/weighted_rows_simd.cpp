// SPDX-License-Identifier: MIT
#include "tensor/kernels/weighted_rows.h"

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/weighted_rows_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void WeightedRow(const float* const* rows, const float* w, float* out, int64_t J, int64_t C) {
  for_each_vector(C, [=](auto d, int64_t c) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (int64_t j = 0; j < J; ++j) sum = hn::MulAdd(hn::Set(d, w[j]), hn::LoadU(d, rows[j] + c), sum);
    hn::StoreU(sum, d, out + c);
  });
}

void WeightedRowBackward(const float* const* rows, const float* w, const float* dy, float* dw, float* const* drows,
                         int64_t J, int64_t C) {
  for (int64_t j = 0; j < J; ++j) {
    const float* row = rows[j];
    if (dw)
      dw[j] = sum_over_vectors(
          C, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(hn::LoadU(d, dy + c), hn::LoadU(d, row + c)); });
    if (float* drow = drows[j]) {
      const float w_j = w[j];
      for_each_vector(C, [=](auto d, int64_t c)
                             HWY_ATTR { hn::StoreU(hn::Mul(hn::Set(d, w_j), hn::LoadU(d, dy + c)), d, drow + c); });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(WeightedRow);
HWY_EXPORT(WeightedRowBackward);

void weighted_rows_simd(const float* const* rows, const float* w, float* out, int64_t N, int64_t J, int64_t C) {
  parallel_for(N, row_grain(J * C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(WeightedRow)(rows + n * J, w + n * J, out + n * C, J, C);
  });
}

void weighted_rows_backward_simd(const float* const* rows, const float* w, const float* dy, float* dw,
                                 float* const* drows, int64_t N, int64_t J, int64_t C) {
  parallel_for(N, row_grain(2 * J * C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(WeightedRowBackward)
    (rows + n * J, w + n * J, dy + n * C, dw ? dw + n * J : nullptr, drows + n * J, J, C);
  });
}
}  // namespace quern
#endif
