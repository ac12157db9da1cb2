// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "tensor/kernels/gemm_kernels.h"

namespace quern {

float to_f32(F16 h) {
  const int sign = h.bits >> 15, exponent = h.bits >> 10 & 31, fraction = h.bits & 1023;
  const float magnitude = exponent == 0    ? std::ldexp(float(fraction), -24)
                          : exponent == 31 ? (fraction ? NAN : INFINITY)
                                           : std::ldexp(float(1024 + fraction), exponent - 25);
  return sign ? -magnitude : magnitude;
}

namespace {
double at(const Mat& m, int64_t i, int64_t j) {
  const int64_t offset = i * m.row_stride + j * m.col_stride;
  switch (m.dtype) {
    case DType::f32:
      return static_cast<const float*>(m.data)[offset];
    case DType::bf16:
      return to_f32(static_cast<const Bf16*>(m.data)[offset]);
    case DType::f16:
      return to_f32(static_cast<const F16*>(m.data)[offset]);
    default:
      throw Error(ErrorKind::Unsupported, "dense products take f32, bf16 and f16, not {}", name(m.dtype));
  }
}
}  // namespace

void gemm_ref(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
              const GemmOptions& options) {
  std::vector<double> a_m(size_t(std::max<int64_t>(K, 0))), b_all(size_t(std::max<int64_t>(N * K, 0)));
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k) b_all[size_t(n * K + k)] = at(b, k, n);
  for (int64_t m = 0; m < M; ++m) {
    for (int64_t k = 0; k < K; ++k) a_m[size_t(k)] = at(a, m, k);
    for (int64_t n = 0; n < N; ++n) {
      const double* b_n = b_all.data() + n * K;
      double sum = 0.0;  // double: the yardstick must not carry its own rounding error
      for (int64_t k = 0; k < K; ++k) sum += a_m[size_t(k)] * b_n[k];
      float& c_mn = c[m * ldc + n];
      double result = options.alpha * sum + (options.accumulate ? c_mn : 0.0f);
      if (options.bias) result += options.bias[n];
      c_mn = float(result);
    }
  }
}

}  // namespace quern
