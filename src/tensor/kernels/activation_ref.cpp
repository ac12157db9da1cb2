// SPDX-License-Identifier: MIT
#include <cmath>
#include <numbers>

#include "tensor/kernels/activation.h"

namespace quern {

namespace {

constexpr double kSqrt2OverPi = 0.79788456080286535588, kCubic = 0.044715, kQuick = 1.702;

double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double value(Activation f, double x) {
  switch (f) {
    case Activation::relu:
      return x < 0 ? 0 : x;  // NaN stays NaN
    case Activation::relu2:
      return x < 0 ? 0 : x * x;
    case Activation::gelu_tanh:  // (1 + tanh(u)) / 2 = 1 / (1 + e^-2u), which does not cancel
      return x * logistic(2 * kSqrt2OverPi * (x + kCubic * x * x * x));
    case Activation::gelu_erf:
      return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
    case Activation::quick_gelu:
      return x * logistic(kQuick * x);
    case Activation::silu:
      return x * logistic(x);
    case Activation::sigmoid:
      return logistic(x);
    case Activation::tanh:
      return std::tanh(x);
  }
  return 0;
}

double slope(Activation f, double x) {
  switch (f) {
    case Activation::relu:
      return x > 0 ? 1 : 0;
    case Activation::relu2:
      return x < 0 ? 0 : 2 * x;
    case Activation::gelu_tanh: {
      const double s = logistic(2 * kSqrt2OverPi * (x + kCubic * x * x * x));
      return s + 2 * x * s * (1 - s) * kSqrt2OverPi * (1 + 3 * kCubic * x * x);
    }
    case Activation::gelu_erf:
      return 0.5 * std::erfc(-x / std::numbers::sqrt2) +
             x * std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    case Activation::quick_gelu: {
      const double s = logistic(kQuick * x);
      return s + kQuick * x * s * (1 - s);
    }
    case Activation::silu: {
      const double s = logistic(x);
      return s + x * s * (1 - s);
    }
    case Activation::sigmoid:
      return logistic(x) * (1 - logistic(x));
    case Activation::tanh:
      return 1 - std::tanh(x) * std::tanh(x);
  }
  return 0;
}

}  // namespace

void activation_ref(Activation f, const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = float(value(f, x[i]));
}

void activation_backward_ref(Activation f, const float* x, const float* dy, float* dx, bool accumulate, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double d = slope(f, x[i]) * dy[i];
    dx[i] = float(accumulate ? dx[i] + d : d);
  }
}

void glu_ref(Activation f, const float* gate, int64_t gate_stride, const float* up, int64_t up_stride, float* out,
             int64_t N, int64_t F) {
  for (int64_t n = 0; n < N; ++n)
    for (int64_t i = 0; i < F; ++i) out[n * F + i] = float(value(f, gate[n * gate_stride + i]) * up[n * up_stride + i]);
}

void glu_backward_ref(Activation f, const float* gate, const float* up, const float* dout, float* dgate, float* dup,
                      int64_t gate_stride, int64_t up_stride, int64_t N, int64_t F) {
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t i = 0; i < F; ++i) {
      const double g = gate[n * gate_stride + i], u = up[n * up_stride + i], d = dout[n * F + i];
      dgate[n * gate_stride + i] = float(slope(f, g) * u * d);
      dup[n * up_stride + i] = float(value(f, g) * d);
    }
  }
}

}  // namespace quern
