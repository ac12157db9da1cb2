// SPDX-License-Identifier: MIT
#include "tensor/kernels/layer_norm.h"
#include "tensor/kernels/rms_norm.h"
#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

// Sums of up to 769 squares in f32 against double.
constexpr double kRtol = 1e-5, kAtol = 1e-5;
const int64_t kWidths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 67, 129, 384, 769};

TEST(RmsNormKernel, SimdMatchesReferenceOnEveryTailLength) {
  for (int64_t C : kWidths) {
    SCOPED_TRACE(C);
    const int64_t N = 5;
    const Floats x = normal(N * C, 1, 3.0f), w = normal(C, 2);
    for (const float* weight : {w.data(), static_cast<const float*>(nullptr)}) {
      Floats y(x.size()), rstd(N), y_ref(x.size()), rstd_ref(N);
      rms_norm_ref(x.data(), weight, 1.0f, 1e-6f, y_ref.data(), rstd_ref.data(), N, C);
      rms_norm_simd(x.data(), weight, 1.0f, 1e-6f, y.data(), rstd.data(), N, C);
      EXPECT_TRUE(close(y, y_ref, kRtol, kAtol));
      EXPECT_TRUE(close(rstd, rstd_ref, kRtol, 0));
    }
  }
}

TEST(RmsNormKernel, BackwardMatchesReferenceOnEveryTailLength) {
  for (int64_t C : kWidths) {
    SCOPED_TRACE(C);
    const int64_t N = 131;  // more than one chunk of rows
    const Floats x = normal(N * C, 1), w = normal(C, 2), dy = normal(N * C, 3);
    Floats y(x.size()), rstd(N);
    rms_norm_ref(x.data(), w.data(), 0.0f, 1e-6f, y.data(), rstd.data(), N, C);
    for (bool accumulate : {false, true}) {
      Floats dx = normal(N * C, 4), dx_ref = dx, dw = normal(C, 5), dw_ref = dw;
      rms_norm_backward_ref(x.data(), w.data(), 0.0f, rstd.data(), dy.data(), dx_ref.data(), accumulate, dw_ref.data(),
                            N, C);
      rms_norm_backward_simd(x.data(), w.data(), 0.0f, rstd.data(), dy.data(), dx.data(), accumulate, dw.data(), N, C);
      EXPECT_TRUE(close(dx, dx_ref, kRtol, C == 1 ? 1e-3 : 1e-4));  // one column: the terms cancel
      EXPECT_TRUE(close(dw, dw_ref, kRtol, 1e-4));
    }
  }
}

TEST(RmsNormKernel, BackwardReferenceIsTheDerivative) {
  const int64_t N = 3, C = 13;
  Floats x = normal(N * C, 1), w = normal(C, 2);
  const Floats dy = normal(N * C, 3);
  const auto loss = [&] {
    Floats y(x.size());
    rms_norm_ref(x.data(), w.data(), 1.0f, 1e-3f, y.data(), nullptr, N, C);
    return dot(y, dy);
  };
  Floats y(x.size()), rstd(N), dx(x.size()), dw(C, 0.0f);
  rms_norm_ref(x.data(), w.data(), 1.0f, 1e-3f, y.data(), rstd.data(), N, C);
  rms_norm_backward_ref(x.data(), w.data(), 1.0f, rstd.data(), dy.data(), dx.data(), false, dw.data(), N, C);
  expect_gradient(&x, dx, loss);
  expect_gradient(&w, dw, loss);
}

TEST(RmsNormKernel, WeightGradientDoesNotDependOnThreads) {
  const int64_t N = 1000, C = 33;
  const Floats x = normal(N * C, 1), w = normal(C, 2), dy = normal(N * C, 3), rstd(N, 0.7f);
  Floats first;
  with_thread_counts([&](int threads) {
    Floats dx(x.size()), dw(C, 0.0f);
    rms_norm_backward_simd(x.data(), w.data(), 0.0f, rstd.data(), dy.data(), dx.data(), false, dw.data(), N, C);
    if (threads == 1) first = dw;
    EXPECT_TRUE(same_bits(dw, first)) << threads << " threads";
  });
}

TEST(LayerNormKernel, SimdMatchesReferenceOnEveryTailLength) {
  for (int64_t C : kWidths) {
    SCOPED_TRACE(C);
    const int64_t N = 5;
    Floats x = normal(N * C, 1, 3.0f);
    for (float& v : x) v += 2.0f;
    const Floats w = normal(C, 2), b = normal(C, 3);
    for (bool affine : {true, false}) {
      Floats y(x.size()), mean(N), rstd(N), y_ref(x.size()), mean_ref(N), rstd_ref(N);
      const float *weight = affine ? w.data() : nullptr, *bias = affine ? b.data() : nullptr;
      layer_norm_ref(x.data(), weight, bias, 1e-5f, y_ref.data(), mean_ref.data(), rstd_ref.data(), N, C);
      layer_norm_simd(x.data(), weight, bias, 1e-5f, y.data(), mean.data(), rstd.data(), N, C);
      EXPECT_TRUE(close(y, y_ref, kRtol, 2e-5));
      EXPECT_TRUE(close(mean, mean_ref, kRtol, kAtol));
      EXPECT_TRUE(close(rstd, rstd_ref, kRtol, 0));
    }
  }
}

TEST(LayerNormKernel, BackwardMatchesReferenceOnEveryTailLength) {
  for (int64_t C : kWidths) {
    if (C == 1) continue;  // the gradient is zero times 1 / sqrt(eps)
    SCOPED_TRACE(C);
    const int64_t N = 131;
    const Floats x = normal(N * C, 1), w = normal(C, 2), dy = normal(N * C, 3);
    Floats y(x.size()), mean(N), rstd(N);
    layer_norm_ref(x.data(), w.data(), nullptr, 1e-2f, y.data(), mean.data(), rstd.data(), N, C);
    for (bool accumulate : {false, true}) {
      Floats dx = normal(N * C, 4), dx_ref = dx, dw = normal(C, 5), dw_ref = dw, db = normal(C, 6), db_ref = db;
      layer_norm_backward_ref(x.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx_ref.data(), accumulate,
                              dw_ref.data(), db_ref.data(), N, C);
      layer_norm_backward_simd(x.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx.data(), accumulate,
                               dw.data(), db.data(), N, C);
      EXPECT_TRUE(close(dx, dx_ref, kRtol, 2e-5));
      EXPECT_TRUE(close(dw, dw_ref, kRtol, 1e-4));
      EXPECT_TRUE(close(db, db_ref, kRtol, 1e-4));
    }
  }
}

TEST(LayerNormKernel, BackwardReferenceIsTheDerivative) {
  const int64_t N = 3, C = 13;
  Floats x = normal(N * C, 1), w = normal(C, 2), b = normal(C, 3);
  const Floats dy = normal(N * C, 4);
  const auto loss = [&] {
    Floats y(x.size());
    layer_norm_ref(x.data(), w.data(), b.data(), 1e-3f, y.data(), nullptr, nullptr, N, C);
    return dot(y, dy);
  };
  Floats y(x.size()), mean(N), rstd(N), dx(x.size()), dw(C, 0.0f), db(C, 0.0f);
  layer_norm_ref(x.data(), w.data(), b.data(), 1e-3f, y.data(), mean.data(), rstd.data(), N, C);
  layer_norm_backward_ref(x.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx.data(), false, dw.data(),
                          db.data(), N, C);
  expect_gradient(&x, dx, loss);
  expect_gradient(&w, dw, loss);
  expect_gradient(&b, db, loss);
}

}  // namespace
}  // namespace quern::testing
