// SPDX-License-Identifier: MIT
#pragma once
// Softmax and its logarithm over rows, with the row's maximum taken off first.

#include <cstdint>

namespace quern {

// y = exp(scale x - max) / sum;  x (N, C) -> y (N, C), may alias x. A row of only -inf gives zeros.
using SoftmaxFn = void(const float* x, float scale, float* y, int64_t N, int64_t C);
SoftmaxFn softmax_ref, softmax_simd;

// dx = scale * y * (dy - sum(dy * y)), written or, when accumulate, added; dx may alias dy.
using SoftmaxBackwardFn = void(const float* y, const float* dy, float scale, float* dx, bool accumulate, int64_t N,
                               int64_t C);
SoftmaxBackwardFn softmax_backward_ref, softmax_backward_simd;

// y = x - log(sum(exp(x)));  x (N, C) -> y (N, C), may alias x.
using LogSoftmaxFn = void(const float* x, float* y, int64_t N, int64_t C);
LogSoftmaxFn log_softmax_ref, log_softmax_simd;

// dx = dy - exp(y) * sum(dy), written or, when accumulate, added; dx may alias dy.
using LogSoftmaxBackwardFn = void(const float* y, const float* dy, float* dx, bool accumulate, int64_t N, int64_t C);
LogSoftmaxBackwardFn log_softmax_backward_ref, log_softmax_backward_simd;

}  // namespace quern
