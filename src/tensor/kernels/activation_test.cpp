// SPDX-License-Identifier: MIT
#include "tensor/kernels/activation.h"

#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

// Every activation over a fine grid, its tails, and the special values.
Floats inputs() {
  Floats x;
  for (int i = -4000; i <= 4000; ++i) x.push_back(float(i) * 0.0051f);
  for (float v : {0.0f, -0.0f, 1e-8f, -1e-8f, 40.0f, -40.0f, 100.0f, -100.0f, 1e4f, -1e4f}) x.push_back(v);
  return x;
}

TEST(ActivationKernel, SimdMatchesReferenceToAFewUnitsInTheLastPlace) {
  const Floats x = inputs();
  for (int f = 0; f < kNumActivations; ++f) {
    SCOPED_TRACE(f);
    Floats y(x.size()), y_ref(x.size());
    activation_ref(Activation(f), x.data(), y_ref.data(), int64_t(x.size()));
    activation_simd(Activation(f), x.data(), y.data(), int64_t(x.size()));
    // Relative: the argument of e^x carries its own rounding, |argument| up to 87 half units; absolute: results below
    // the smallest normal number are zero.
    EXPECT_TRUE(close(y, y_ref, f == int(Activation::tanh) ? 3e-7 : 1.2e-5, 1e-36));
    for (size_t i = 0; i < x.size(); ++i) {  // where results matter they are good to 4e-7
      if (std::fabs(x[i]) > 2) continue;
      EXPECT_NEAR(y[i], y_ref[i], 4e-7 * std::fabs(y_ref[i]) + 1e-12) << "x = " << x[i];
    }
  }
}

TEST(ActivationKernel, BackwardMatchesReference) {
  const Floats x = inputs(), dy = normal(int64_t(x.size()), 1);
  for (int f = 0; f < kNumActivations; ++f) {
    SCOPED_TRACE(f);
    for (bool accumulate : {false, true}) {
      Floats dx = normal(int64_t(x.size()), 2), dx_ref = dx;
      activation_backward_ref(Activation(f), x.data(), dy.data(), dx_ref.data(), accumulate, int64_t(x.size()));
      activation_backward_simd(Activation(f), x.data(), dy.data(), dx.data(), accumulate, int64_t(x.size()));
      EXPECT_TRUE(close(dx, dx_ref, 2e-6, 3e-6));  // x (1 - s) cancels where s is near 1
    }
  }
}

TEST(ActivationKernel, NanStaysNan) {
  for (int f = 0; f < kNumActivations; ++f) {
    const Floats x(9, NAN);
    Floats y(9, 0.0f), y_ref(9, 0.0f);
    activation_simd(Activation(f), x.data(), y.data(), 9);
    activation_ref(Activation(f), x.data(), y_ref.data(), 9);
    for (size_t i = 0; i < 9; ++i) EXPECT_TRUE(std::isnan(y[i]) && std::isnan(y_ref[i])) << "activation " << f;
  }
}

TEST(ActivationKernel, BackwardReferenceIsTheDerivative) {
  for (int f = 0; f < kNumActivations; ++f) {
    SCOPED_TRACE(f);
    Floats x = normal(40, 1, 1.5f);
    for (float& v : x)
      if (std::fabs(v) < 0.05f) v = 0.1f;  // away from relu's corner
    const Floats dy = normal(40, 2);
    const auto loss = [&] {
      Floats y(x.size());
      activation_ref(Activation(f), x.data(), y.data(), int64_t(x.size()));
      return dot(y, dy);
    };
    Floats dx(x.size());
    activation_backward_ref(Activation(f), x.data(), dy.data(), dx.data(), false, int64_t(x.size()));
    expect_gradient(&x, dx, loss);
  }
}

TEST(GluKernel, SimdMatchesReferenceInBothLayouts) {
  const int64_t N = 7;
  for (int64_t F : {1, 5, 8, 19, 64, 67}) {
    for (Activation f : {Activation::silu, Activation::gelu_tanh, Activation::gelu_erf}) {
      const Floats x = normal(N * 2 * F, 1, 2.0f), dout = normal(N * F, 2);
      Floats out(size_t(N * F)), out_ref(out.size()), dx(x.size()), dx_ref(x.size());
      glu_ref(f, x.data(), 2 * F, x.data() + F, 2 * F, out_ref.data(), N, F);
      glu_simd(f, x.data(), 2 * F, x.data() + F, 2 * F, out.data(), N, F);
      EXPECT_TRUE(close(out, out_ref, 1e-6, 1e-6));
      glu_backward_ref(f, x.data(), x.data() + F, dout.data(), dx_ref.data(), dx_ref.data() + F, 2 * F, 2 * F, N, F);
      glu_backward_simd(f, x.data(), x.data() + F, dout.data(), dx.data(), dx.data() + F, 2 * F, 2 * F, N, F);
      EXPECT_TRUE(close(dx, dx_ref, 1e-6, 2e-6));
      // Gradients may take the place of their inputs.
      Floats in_place = x;
      glu_backward_simd(f, in_place.data(), in_place.data() + F, dout.data(), in_place.data(), in_place.data() + F,
                        2 * F, 2 * F, N, F);
      EXPECT_TRUE(same_bits(in_place, dx));
    }
  }
}

TEST(GluKernel, BackwardReferenceIsTheDerivative) {
  const int64_t N = 3, F = 7;
  Floats gate = normal(N * F, 1), up = normal(N * F, 2);
  const Floats dout = normal(N * F, 3);
  const auto loss = [&] {
    Floats out(gate.size());
    glu_ref(Activation::silu, gate.data(), F, up.data(), F, out.data(), N, F);
    return dot(out, dout);
  };
  Floats dgate(gate.size()), dup(up.size());
  glu_backward_ref(Activation::silu, gate.data(), up.data(), dout.data(), dgate.data(), dup.data(), F, F, N, F);
  expect_gradient(&gate, dgate, loss);
  expect_gradient(&up, dup, loss);
}

}  // namespace
}  // namespace quern::testing
