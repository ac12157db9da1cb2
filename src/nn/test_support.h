// SPDX-License-Identifier: MIT
#pragma once
// What the tests of layers share: gradients against finite differences.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "nn/params.h"

namespace quern::testing_layers {

inline std::vector<Parameter> parameters_of(const ParamStore& store) {
  std::vector<Parameter> out;
  for (const Parameter& p : store.parameters())
    if (p.value.trainable()) out.push_back(p);
  return out;
}

// d(sum of y * w) for fixed random w, by the tape and by central differences, at up to 30 values of each tensor.
inline void expect_gradients(const std::vector<Parameter>& tested, const std::function<Tensor()>& y) {
  const Tensor first = y();
  const std::vector<float> w = Rng(3, "weights").normal(size_t(first.numel()));
  const auto weighed = [&] {
    const std::vector<float> values = y().to_vector();
    double total = 0;
    for (size_t i = 0; i < values.size(); ++i) total += double(values[i]) * w[i];
    return total;
  };
  for (const Parameter& p : tested) p.value.clear_grad();
  first.backward(Tensor::from(w, first.shape()));
  for (const Parameter& p : tested) {
    SCOPED_TRACE(p.name);
    const std::vector<float> grad =
        p.value.grad() ? p.value.grad().contiguous().to_vector() : std::vector<float>(size_t(p.value.numel()));
    double largest = 1;
    for (const float g : grad) largest = std::max(largest, double(std::abs(g)));
    const int64_t cols = p.value.size(-1), step = std::max<int64_t>(1, p.value.numel() / 30);
    for (int64_t e = 0; e < p.value.numel(); e += step) {
      float& value = p.value.data()[p.value.ndim() > 1 ? e / cols * p.value.strides()[0] + e % cols : e];
      const float h = 4e-3f, before = value;
      value = before + h;
      const double up = weighed();
      value = before - h;
      const double down = weighed();
      value = before;
      // Differences of f32 results with h = 4e-3: rounding 1e-7 / h and curvature h^2 stay well below 1 %.
      EXPECT_NEAR(grad[size_t(e)], (up - down) / (2 * double(h)), 1e-2 * largest) << "element " << e;
    }
  }
}

}  // namespace quern::testing_layers
