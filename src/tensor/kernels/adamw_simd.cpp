// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "tensor/kernels/adamw.h"
#include "tensor/kernels/highway_targets.h"
#include "tensor/kernels/partial_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/adamw_simd.cpp"
#include "hwy/foreach_target.h"
#include "tensor/kernels/vector_math-inl.h"

#ifndef QUERN_ADAMW_FACTORS
#define QUERN_ADAMW_FACTORS
namespace quern {
// What is the same for all values of a tensor.
struct AdamwFactors {
  float keep;          // 1 - lr weight_decay
  float step_size;     // lr / (1 - b1^t)
  float inverse_root;  // 1 / sqrt(1 - b2^t)
  float beta1, one_minus_beta1, beta2, one_minus_beta2, eps, grad_scale;
};
}  // namespace quern
#endif

HWY_BEFORE_NAMESPACE();
namespace quern {
namespace HWY_NAMESPACE {

void AdamwRange(const AdamwTensor& t, const AdamwFactors& f, int64_t begin, int64_t end) {
  const float* grad = t.grad + begin;
  float *m = t.m + begin, *v = t.v + begin;
  float* param = t.param ? t.param + begin : nullptr;
  uint16_t* high = t.param ? nullptr : t.param_bf16 + begin;
  uint16_t* low = t.param ? nullptr : t.param_low + begin;
  for_each_vector(end - begin, [=](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<uint16_t, decltype(d)> d16;
    hn::Vec<decltype(d)> p;
    if (param) {
      p = hn::LoadU(d, param + i);
    } else {
      const auto bits = hn::Or(hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(d16, high + i))),
                               hn::PromoteTo(du, hn::LoadU(d16, low + i)));
      p = hn::BitCast(d, bits);
    }
    const auto g = hn::Mul(hn::Set(d, f.grad_scale), hn::LoadU(d, grad + i));
    const auto m_i = hn::MulAdd(hn::Set(d, f.beta1), hn::LoadU(d, m + i), hn::Mul(hn::Set(d, f.one_minus_beta1), g));
    const auto v_i =
        hn::MulAdd(hn::Set(d, f.beta2), hn::LoadU(d, v + i), hn::Mul(hn::Mul(hn::Set(d, f.one_minus_beta2), g), g));
    const auto denominator = hn::MulAdd(hn::Sqrt(v_i), hn::Set(d, f.inverse_root), hn::Set(d, f.eps));
    p = hn::Sub(hn::Mul(p, hn::Set(d, f.keep)), hn::Div(hn::Mul(hn::Set(d, f.step_size), m_i), denominator));
    hn::StoreU(m_i, d, m + i);
    hn::StoreU(v_i, d, v + i);
    if (param) {
      hn::StoreU(p, d, param + i);
    } else {
      const auto bits = hn::BitCast(du, p);
      const hn::RebindToSigned<decltype(du)> di;  // both halves fit an i32, so the saturating demotion cuts nothing
      hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, hn::ShiftRight<16>(bits))), d16, high + i);
      hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, hn::And(bits, hn::Set(du, 0xffffu)))), d16, low + i);
    }
  });
}

double SumSquaresChunk(const float* x, int64_t n) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const int64_t L = int64_t(hn::Lanes(dd));
  auto a = hn::Zero(dd), b = hn::Zero(dd), c = hn::Zero(dd), e = hn::Zero(dd);
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    const auto x0 = hn::PromoteTo(dd, hn::LoadU(df, x + i)), x1 = hn::PromoteTo(dd, hn::LoadU(df, x + i + L));
    const auto x2 = hn::PromoteTo(dd, hn::LoadU(df, x + i + 2 * L));
    const auto x3 = hn::PromoteTo(dd, hn::LoadU(df, x + i + 3 * L));
    a = hn::MulAdd(x0, x0, a);
    b = hn::MulAdd(x1, x1, b);
    c = hn::MulAdd(x2, x2, c);
    e = hn::MulAdd(x3, x3, e);
  }
  double sum = hn::GetLane(hn::SumOfLanes(dd, hn::Add(hn::Add(a, b), hn::Add(c, e))));
  for (; i < n; ++i) sum += double{x[i]} * x[i];
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace quern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quern {
HWY_EXPORT(AdamwRange);
HWY_EXPORT(SumSquaresChunk);

namespace {

constexpr int64_t kChunk = 32768;

struct Chunk {
  size_t tensor;
  int64_t begin, end;
};

// All tensors cut into chunks of kChunk, the same for any number of threads.
template <class Size>
std::vector<Chunk> cut(size_t tensors, const Size& size) {
  std::vector<Chunk> chunks;
  for (size_t t = 0; t < tensors; ++t)
    for (int64_t begin = 0; begin < size(t); begin += kChunk)
      chunks.push_back({t, begin, std::min(size(t), begin + kChunk)});
  return chunks;
}

}  // namespace

void adamw_simd(std::span<const AdamwTensor> tensors, const AdamwStep& step) {
  const double correction1 = 1 - std::pow(double{step.beta1}, double(step.step));
  const double correction2 = 1 - std::pow(double{step.beta2}, double(step.step));
  const std::vector<Chunk> chunks = cut(tensors.size(), [&](size_t t) { return tensors[t].n; });
  parallel_for(int64_t(chunks.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; ++c) {
      const auto& [index, begin, end] = chunks[size_t(c)];
      const AdamwTensor& t = tensors[index];
      const double lr = double{step.lr} * t.lr_scale;
      const AdamwFactors factors = {
          .keep = t.decay ? float(1 - lr * step.weight_decay) : 1.0f,
          .step_size = float(lr / correction1),
          .inverse_root = float(1 / std::sqrt(correction2)),
          .beta1 = step.beta1,
          .one_minus_beta1 = float(1 - double{step.beta1}),
          .beta2 = step.beta2,
          .one_minus_beta2 = float(1 - double{step.beta2}),
          .eps = step.eps,
          .grad_scale = step.grad_scale,
      };
      HWY_DYNAMIC_DISPATCH(AdamwRange)(t, factors, begin, end);
    }
  });
}

std::vector<double> sum_squares_simd(std::span<const std::span<const float>> tensors) {
  const std::vector<Chunk> chunks = cut(tensors.size(), [&](size_t t) { return int64_t(tensors[t].size()); });
  std::vector<double> partial(chunks.size()), sums(tensors.size(), 0.0);
  parallel_for(int64_t(chunks.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; ++c) {
      const auto& [index, begin, end] = chunks[size_t(c)];
      partial[size_t(c)] = HWY_DYNAMIC_DISPATCH(SumSquaresChunk)(tensors[index].data() + begin, end - begin);
    }
  });
  for (size_t c = 0; c < chunks.size(); ++c) sums[chunks[c].tensor] += partial[c];
  return sums;
}
}  // namespace quern
#endif
