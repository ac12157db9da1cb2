// SPDX-License-Identifier: MIT
#include "tensor/kernels/softmax.h"

#include "tensor/kernels/cross_entropy.h"
#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

const int64_t kWidths[] = {1, 2, 7, 8, 9, 33, 65, 257, 1003};

TEST(SoftmaxKernel, SimdMatchesReferenceOnEveryTailLength) {
  const int64_t N = 5;
  for (int64_t C : kWidths) {
    SCOPED_TRACE(C);
    const Floats x = normal(N * C, 1, 4.0f), dy = normal(N * C, 2);
    Floats y(x.size()), y_ref(x.size()), dx = normal(N * C, 3), dx_ref = dx;
    softmax_ref(x.data(), 0.7f, y_ref.data(), N, C);
    softmax_simd(x.data(), 0.7f, y.data(), N, C);
    EXPECT_TRUE(close(y, y_ref, 5e-6, 1e-30));  // arguments up to about 30, half a unit each
    softmax_backward_ref(y_ref.data(), dy.data(), 0.7f, dx_ref.data(), true, N, C);
    softmax_backward_simd(y_ref.data(), dy.data(), 0.7f, dx.data(), true, N, C);
    EXPECT_TRUE(close(dx, dx_ref, 1e-6, 1e-6));
    log_softmax_ref(x.data(), y_ref.data(), N, C);
    log_softmax_simd(x.data(), y.data(), N, C);
    EXPECT_TRUE(close(y, y_ref, 1e-6, 2e-6));
    log_softmax_backward_ref(y_ref.data(), dy.data(), dx_ref.data(), false, N, C);
    log_softmax_backward_simd(y_ref.data(), dy.data(), dx.data(), false, N, C);
    EXPECT_TRUE(close(dx, dx_ref, 1e-5, 2e-5));
  }
}

TEST(SoftmaxKernel, RowOfMinusInfinityGivesZerosAndNanStays) {
  Floats x(22, -INFINITY), y(22, 1.0f), y_ref(22, 1.0f);
  x[11 + 3] = NAN;
  softmax_simd(x.data(), 1.0f, y.data(), 2, 11);
  for (size_t i = 0; i < 11; ++i) EXPECT_EQ(y[i], 0.0f);
  EXPECT_TRUE(std::isnan(y[11 + 3]));
  softmax_ref(x.data(), 1.0f, y_ref.data(), 1, 11);
  EXPECT_EQ(y_ref[0], 0.0f);
}

TEST(SoftmaxKernel, BackwardReferencesAreTheDerivatives) {
  const int64_t N = 3, C = 9;
  Floats x = normal(N * C, 1);
  const Floats dy = normal(N * C, 2);
  Floats y(x.size()), dx(x.size());
  softmax_ref(x.data(), 1.3f, y.data(), N, C);
  softmax_backward_ref(y.data(), dy.data(), 1.3f, dx.data(), false, N, C);
  expect_gradient(&x, dx, [&] {
    softmax_ref(x.data(), 1.3f, y.data(), N, C);
    return dot(y, dy);
  });
  log_softmax_ref(x.data(), y.data(), N, C);
  log_softmax_backward_ref(y.data(), dy.data(), dx.data(), false, N, C);
  expect_gradient(&x, dx, [&] {
    log_softmax_ref(x.data(), y.data(), N, C);
    return dot(y, dy);
  });
}

struct LossCase {
  CrossEntropyOptions options;
  bool weights;
};
const LossCase kLossCases[] = {
    {{}, false},
    {{.label_smoothing = 0.1f}, true},
    {{.z_loss = 1e-2f, .grad_scale = 0.25f}, false},
    {{.softcap = 30.0f}, true},
    {{.label_smoothing = 0.2f, .z_loss = 1e-3f, .softcap = 5.0f, .grad_scale = 2.0f}, true},
};

TEST(CrossEntropyKernel, SimdMatchesReferenceOnEveryTailLength) {
  const int64_t N = 6;
  for (const LossCase& c : kLossCases) {
    for (int64_t V : kWidths) {
      SCOPED_TRACE(V);
      const int64_t stride = V + 3;
      Floats logits = normal(N * stride, 1, 3.0f), logits_ref = logits;
      const Floats weights = normal(N, 2);
      std::vector<int32_t> labels(static_cast<size_t>(N));
      for (int64_t n = 0; n < N; ++n) labels[size_t(n)] = n == 2 ? kIgnoreLabel : int32_t(n * 17 % V);
      Floats loss(N), lse(N), loss_ref(N), lse_ref(N);
      const float* w = c.weights ? weights.data() : nullptr;
      cross_entropy_ref(logits_ref.data(), stride, labels.data(), w, loss_ref.data(), lse_ref.data(), c.options, N, V);
      cross_entropy_simd(logits.data(), stride, labels.data(), w, loss.data(), lse.data(), c.options, N, V);
      EXPECT_TRUE(close(loss, loss_ref, 2e-6, 2e-6));
      EXPECT_TRUE(close(lse, lse_ref, 1e-6, 1e-6));
      EXPECT_TRUE(close(logits, logits_ref, 1e-5, 1e-6));
    }
  }
}

TEST(CrossEntropyKernel, LossOnlyLeavesTheLogits) {
  const Floats before = normal(67, 1);
  Floats logits = before, loss(1);
  const int32_t label = 5;
  cross_entropy_simd(logits.data(), 67, &label, nullptr, loss.data(), nullptr, {.write_grad = false}, 1, 67);
  EXPECT_TRUE(same_bits(logits, before));
  EXPECT_GT(loss[0], 0.0f);
}

TEST(CrossEntropyKernel, ReferenceGradientIsTheDerivative) {
  const int64_t N = 3, V = 11;
  for (LossCase c : kLossCases) {
    c.options.grad_scale = 1.0f;
    Floats logits = normal(N * V, 1), loss(N);
    const std::vector<int32_t> labels = {4, kIgnoreLabel, 10};
    Floats gradient = logits;
    cross_entropy_ref(gradient.data(), V, labels.data(), nullptr, loss.data(), nullptr, c.options, N, V);
    expect_gradient(&logits, gradient, [&] {
      Floats copy = logits;
      cross_entropy_ref(copy.data(), V, labels.data(), nullptr, loss.data(), nullptr, c.options, N, V);
      return double{loss[0]} + loss[1] + loss[2];
    });
  }
}

TEST(CrossEntropyKernel, UniformLogitsCostTheLogarithmOfTheVocabulary) {
  Floats logits(50257, 1000.0f), loss(1);
  const int32_t label = 7;
  cross_entropy_simd(logits.data(), 50257, &label, nullptr, loss.data(), nullptr, {}, 1, 50257);
  EXPECT_NEAR(loss[0], std::log(50257.0), 1e-5);
}

}  // namespace
}  // namespace quern::testing
