// SPDX-License-Identifier: MIT
#include "tensor/kernels/adamw.h"

#include <bit>

#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

TEST(AdamwKernel, SimdMatchesReferenceOverSteps) {
  const int64_t n = 70001;  // more than two chunks, with a tail
  const Floats start = normal(n, 1);
  Floats p = start, m(p.size(), 0.0f), v(p.size(), 0.0f), p_ref = p, m_ref = m, v_ref = v;
  for (int64_t step = 1; step <= 5; ++step) {
    const Floats g = normal(n, uint64_t(100 + step));
    const AdamwStep s = {.lr = 1e-2f, .weight_decay = 0.1f, .step = step, .grad_scale = 0.5f};
    const AdamwTensor simd[] = {{.param = p.data(), .grad = g.data(), .m = m.data(), .v = v.data(), .n = 60000},
                                {.param = p.data() + 60000,
                                 .grad = g.data() + 60000,
                                 .m = m.data() + 60000,
                                 .v = v.data() + 60000,
                                 .n = n - 60000,
                                 .decay = false,
                                 .lr_scale = 2.0f}};
    const AdamwTensor ref[] = {
        {.param = p_ref.data(), .grad = g.data(), .m = m_ref.data(), .v = v_ref.data(), .n = 60000},
        {.param = p_ref.data() + 60000,
         .grad = g.data() + 60000,
         .m = m_ref.data() + 60000,
         .v = v_ref.data() + 60000,
         .n = n - 60000,
         .decay = false,
         .lr_scale = 2.0f}};
    adamw_simd(simd, s);
    adamw_ref(ref, s);
  }
  EXPECT_TRUE(close(p, p_ref, 1e-6, 1e-6));
  EXPECT_TRUE(close(m, m_ref, 1e-5, 1e-6));
  EXPECT_TRUE(close(v, v_ref, 1e-5, 1e-9));
}

TEST(AdamwKernel, FirstStepMovesByTheLearningRate) {
  // With bias correction the first step is lr g / |g| for any gradient far above eps.
  Floats p(9, 1.0f), g(9, -3.0f), m(9, 0.0f), v(9, 0.0f);
  const AdamwTensor t = {.param = p.data(), .grad = g.data(), .m = m.data(), .v = v.data(), .n = 9};
  adamw_simd({&t, 1}, {.lr = 0.125f, .weight_decay = 0.0f});
  for (float value : p) EXPECT_NEAR(value, 1.125f, 1e-6);
}

TEST(AdamwKernel, SplitStorageHoldsTheSameBitsAsF32) {
  const int64_t n = 1003;
  Floats p = normal(n, 1), m(p.size(), 0.0f), v(p.size(), 0.0f), m2 = m, v2 = v;
  std::vector<uint16_t> high(p.size()), low(p.size());
  for (size_t i = 0; i < p.size(); ++i) {
    high[i] = uint16_t(std::bit_cast<uint32_t>(p[i]) >> 16);
    low[i] = uint16_t(std::bit_cast<uint32_t>(p[i]) & 0xffffu);
  }
  for (int64_t step = 1; step <= 20; ++step) {
    const Floats g = normal(n, uint64_t(100 + step));
    const AdamwTensor whole = {.param = p.data(), .grad = g.data(), .m = m.data(), .v = v.data(), .n = n};
    const AdamwTensor split = {
        .param_bf16 = high.data(), .param_low = low.data(), .grad = g.data(), .m = m2.data(), .v = v2.data(), .n = n};
    adamw_simd({&whole, 1}, {.lr = 1e-3f, .step = step});
    adamw_simd({&split, 1}, {.lr = 1e-3f, .step = step});
  }
  Floats joined(p.size());
  for (size_t i = 0; i < p.size(); ++i) joined[i] = std::bit_cast<float>((uint32_t{high[i]} << 16) | low[i]);
  EXPECT_TRUE(same_bits(joined, p));
}

TEST(GlobalNorm, IsTheSameForAnyThreadsAndNamesTheFirstBadTensor) {
  Floats a = normal(100000, 1), b = normal(17, 2), c = normal(5, 3);
  const std::span<const float> tensors[] = {a, b, c};
  const std::vector<double> expected = sum_squares_ref(tensors);
  double one = 0.0;
  with_thread_counts([&](int threads) {
    const GlobalNorm norm = global_norm(tensors);
    if (threads == 1) one = norm.norm;
    EXPECT_EQ(norm.norm, one);
    EXPECT_EQ(norm.first_non_finite, -1);
    EXPECT_NEAR(norm.norm, std::sqrt(expected[0] + expected[1] + expected[2]), 1e-9);
  });
  c[4] = INFINITY;
  b[3] = NAN;
  EXPECT_EQ(global_norm(tensors).first_non_finite, 1);
  b[3] = 3e38f;  // its square is beyond f32, but it is a finite number
  EXPECT_EQ(global_norm(tensors).first_non_finite, 2);
}

}  // namespace
}  // namespace quern::testing
