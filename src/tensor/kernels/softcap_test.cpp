// SPDX-License-Identifier: MIT
#include "tensor/kernels/softcap.h"

#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

TEST(SoftcapKernel, SimdMatchesReferenceOnEveryTailLength) {
  for (int64_t n = 1; n <= 67; ++n) {
    SCOPED_TRACE(n);
    Floats x = normal(n, 3, 30.0f), dy = normal(n, 4);
    x[0] = 1e6f;  // far beyond the cap
    Floats y(x.size()), y_ref(x.size()), dx(x.size()), dx_ref(x.size());
    softcap_ref(x.data(), 20.0f, y_ref.data(), n);
    softcap_simd(x.data(), 20.0f, y.data(), n);
    EXPECT_TRUE(close(y, y_ref, 6e-7, 1e-12));  // tanh to 3e-7 (ActivationKernel's test) and two more roundings
    softcap_backward_ref(y_ref.data(), 20.0f, dy.data(), dx_ref.data(), n);
    softcap_backward_simd(y_ref.data(), 20.0f, dy.data(), dx.data(), n);
    EXPECT_TRUE(close(dx, dx_ref, 1e-6, 1e-6));  // 1 - t^2 cancels near the cap
  }
}

TEST(SoftcapKernel, BackwardReferenceIsTheDerivative) {
  Floats x = normal(40, 1, 3.0f);
  const Floats dy = normal(40, 2);
  Floats y(x.size()), dx(x.size());
  softcap_ref(x.data(), 4.0f, y.data(), 40);
  softcap_backward_ref(y.data(), 4.0f, dy.data(), dx.data(), 40);
  expect_gradient(&x, dx, [&] {
    softcap_ref(x.data(), 4.0f, y.data(), 40);
    return dot(y, dy);
  });
}

TEST(SoftcapKernel, SmallValuesPassAndNanStaysNan) {
  const Floats x{0.0f, 1e-3f, -1e-3f, NAN};
  Floats y(4), y_ref(4);
  softcap_simd(x.data(), 30.0f, y.data(), 4);
  softcap_ref(x.data(), 30.0f, y_ref.data(), 4);
  for (const Floats& out : {y, y_ref}) {
    EXPECT_EQ(out[0], 0.0f);
    EXPECT_NEAR(out[1], 1e-3f, 1e-9);
    EXPECT_NEAR(out[2], -1e-3f, 1e-9);
    EXPECT_TRUE(std::isnan(out[3]));
  }
}

}  // namespace
}  // namespace quern::testing
