// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"
#include "tensor/kernels/reduce.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/reduce_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void AddRow(const float* x, float* out, int64_t C) {
  for_each_vector(C, [=](auto d, int64_t c)
                         HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, out + c), hn::LoadU(d, x + c)), d, out + c); });
}

float SumRow(const float* x, int64_t C) {
  return sum_over_vectors(C, [=](auto d, int64_t c) HWY_ATTR { return hn::LoadU(d, x + c); });
}

float DotRow(const float* a, const float* b, int64_t C) {
  return sum_over_vectors(
      C, [=](auto d, int64_t c) HWY_ATTR { return hn::Mul(hn::LoadU(d, a + c), hn::LoadU(d, b + c)); });
}

double SumChunk(const float* x, int64_t n) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const int64_t L = int64_t(hn::Lanes(dd));
  auto a = hn::Zero(dd), b = hn::Zero(dd);
  int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    a = hn::Add(a, hn::PromoteTo(dd, hn::LoadU(df, x + i)));
    b = hn::Add(b, hn::PromoteTo(dd, hn::LoadU(df, x + i + L)));
  }
  double sum = hn::GetLane(hn::SumOfLanes(dd, hn::Add(a, b)));
  for (; i < n; ++i) sum += x[i];
  return sum;
}

// First place whose value is the largest. NaN never wins a comparison.
int64_t ArgmaxRow(const float* x, int64_t C) {
  const Floats d;
  const int64_t L = int64_t(hn::Lanes(d));
  auto best = hn::Set(d, -HUGE_VALF);
  int64_t c = 0;
  for (; c + L <= C; c += L) {
    const auto v = hn::LoadU(d, x + c);
    best = hn::IfThenElse(hn::Gt(v, best), v, best);
  }
  float largest = hn::GetLane(hn::MaxOfLanes(d, best));
  for (; c < C; ++c)
    if (x[c] > largest) largest = x[c];
  const auto wanted = hn::Set(d, largest);
  for (c = 0; c + L <= C; c += L) {
    const auto equal = hn::Eq(hn::LoadU(d, x + c), wanted);
    if (!hn::AllFalse(d, equal)) return c + int64_t(hn::FindFirstTrue(d, equal));
  }
  for (; c < C; ++c)
    if (x[c] == largest) return c;
  return 0;  // only NaN
}

// The k largest so far stand sorted in value and place; a vector is looked at only if one of its lanes beats the last.
void TopKRow(const float* x, int64_t k, float* value, int32_t* place, int64_t C) {
  int64_t filled = 0;
  const auto offer = [&](int64_t c) {
    const float v = x[c];
    if (v != v || (filled == k && !(v > value[k - 1]))) return;
    int64_t at = filled < k ? filled++ : k - 1;
    for (; at > 0 && v > value[at - 1]; --at) {
      value[at] = value[at - 1];
      place[at] = place[at - 1];
    }
    value[at] = v;
    place[at] = int32_t(c);
  };
  if (k <= 0) return;
  const Floats d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t c = 0;
  while (c < C) {
    if (filled == k && c + L <= C) {
      if (!hn::AllFalse(d, hn::Gt(hn::LoadU(d, x + c), hn::Set(d, value[k - 1]))))
        for (int64_t i = 0; i < L; ++i) offer(c + i);
      c += L;
    } else {
      offer(c++);
    }
  }
  for (c = 0; filled < k; ++c) {  // fewer than k numbers: NaN fills up, by place
    if (x[c] == x[c]) continue;
    value[filled] = x[c];
    place[filled++] = int32_t(c);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(AddRow);
HWY_EXPORT(SumRow);
HWY_EXPORT(DotRow);
HWY_EXPORT(SumChunk);
HWY_EXPORT(ArgmaxRow);
HWY_EXPORT(TopKRow);

void column_sum_simd(const float* x, int64_t stride, float* out, int64_t N, int64_t C) {
  sum_over_rows(N, C, out, [=](int64_t first, int64_t last, float* partial) {
    for (int64_t n = first; n < last; ++n) HWY_DYNAMIC_DISPATCH(AddRow)(x + n * stride, partial, C);
  });
}

void row_sum_simd(const float* x, float* out, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) out[n] = HWY_DYNAMIC_DISPATCH(SumRow)(x + n * C, C);
  });
}

void row_dot_simd(const float* a, const float* b, float* out, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) out[n] = HWY_DYNAMIC_DISPATCH(DotRow)(a + n * C, b + n * C, C);
  });
}

double sum_simd(const float* x, int64_t n) {
  constexpr int64_t kChunk = 65536;
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  std::vector<double> sums(static_cast<size_t>(chunks));
  parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c)
      sums[size_t(c)] = HWY_DYNAMIC_DISPATCH(SumChunk)(x + c * kChunk, std::min(kChunk, n - c * kChunk));
  });
  double sum = 0.0;
  for (double s : sums) sum += s;
  return sum;
}

void row_argmax_simd(const float* x, float* value, int32_t* place, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const int64_t best = HWY_DYNAMIC_DISPATCH(ArgmaxRow)(x + n * C, C);
      if (value) value[n] = x[n * C + best];
      if (place) place[n] = int32_t(best);
    }
  });
}

void row_top_k_simd(const float* x, int64_t k, float* value, int32_t* place, int64_t N, int64_t C) {
  parallel_for(N, row_grain(C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) HWY_DYNAMIC_DISPATCH(TopKRow)(x + n * C, k, value + n * k, place + n * k, C);
  });
}
}  // namespace quern
#endif
