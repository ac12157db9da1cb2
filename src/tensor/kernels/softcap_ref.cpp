// SPDX-License-Identifier: MIT
#include "tensor/kernels/softcap.h"

#include <cmath>

namespace quern {

void softcap_ref(const float* x, float cap, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = float(cap * std::tanh(double{x[i]} / cap));
}

void softcap_backward_ref(const float* y, float cap, const float* dy, float* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double t = double{y[i]} / cap;
    dx[i] = float(dy[i] * (1 - t * t));
  }
}

}  // namespace quern
