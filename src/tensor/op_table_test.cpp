// SPDX-License-Identifier: MIT
#include "tensor/op_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/threads.h"

namespace quern {
namespace {

// sum(y * w) for fixed random w: a scalar whose gradient reaches every element of y.
double weighed(const Tensor& y, const std::vector<float>& w) {
  const std::vector<float> values = y.to_vector();
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) total += double(values[i]) * w[i];
  return total;
}

TEST(OpTable, CoversEveryOp) {
  std::set<std::string> covered;
  for (const OpCase& c : op_cases(1)) covered.insert(c.op);
  for (const std::string& name : op_names()) EXPECT_TRUE(covered.contains(name)) << name;
  EXPECT_EQ(covered.size(), op_names().size());
}

TEST(OpTable, EveryBackwardMatchesFiniteDifferences) {
  for (OpCase& c : op_cases(7)) {
    SCOPED_TRACE(c.op + " " + c.variant);
    const Tensor y = c.call(c.inputs);
    Rng rng(3, "weights");
    const std::vector<float> w = rng.normal(size_t(y.numel()));
    for (const Tensor& x : c.inputs) x.clear_grad();
    ASSERT_TRUE(y.trainable());
    y.backward(Tensor::from(w, y.shape()));
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      Tensor& x = c.inputs[i];
      ASSERT_TRUE(x.grad().defined());
      const std::vector<float> grad = x.grad().to_vector();
      double largest = 1.0;
      for (float g : grad) largest = std::max(largest, double(std::abs(g)));
      for (int64_t e = 0; e < x.numel(); ++e) {
        const float h = 4e-3f, before = x.data()[e];
        x.data()[e] = before + h;
        const double up = weighed(c.call(c.inputs), w);
        x.data()[e] = before - h;
        const double down = weighed(c.call(c.inputs), w);
        x.data()[e] = before;
        // Differences of f32 results with h = 4e-3: rounding 1e-7 / h and curvature h^2 stay well below 1 %.
        EXPECT_NEAR(grad[size_t(e)], (up - down) / (2 * double(h)), 1e-2 * largest)
            << "input " << i << " element " << e;
      }
    }
  }
}

TEST(OpTable, ResultsAndGradientsAreTheSameBitsOnOneThreadAndTwo) {
  std::vector<std::vector<float>> seen[2];
  for (int threads : {1, 2}) {
    set_compute_threads(threads);
    for (OpCase& c : op_cases(11)) {
      const Tensor y = c.call(c.inputs);
      seen[threads - 1].push_back(y.to_vector());
      y.backward(Tensor::full(y.shape(), 1.0f));
      for (const Tensor& x : c.inputs) seen[threads - 1].push_back(x.grad().to_vector());
    }
  }
  set_compute_threads(hardware_threads());
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Tensor, AGradientSharedByASumIsNotWrittenByOneTermForTheOther) {
  Tensor a = Tensor::from({1.0f, 2.0f}, {2});
  a.set_trainable(true);
  const Tensor b = scale(a, 3.0f), c = a + b;  // dc/da = 1 + 3
  sum(c).backward();
  EXPECT_EQ(a.grad().to_vector(), (std::vector<float>{4.0f, 4.0f}));
}

TEST(Tensor, NothingIsRecordedWithoutATrainableInput) {
  const Tensor a = Tensor::from({1.0f, 2.0f}, {2});
  EXPECT_FALSE((a + a).trainable());
}

TEST(Tensor, ALongTapeIsFreedWithoutDeepRecursion) {
  Tensor x = Tensor::from({1.0f}, {1});
  x.set_trainable(true);
  Tensor y = x;
  for (int i = 0; i < 200'000; ++i) y = scale(y, 1.0f);
  y = {};
  SUCCEED();
}

TEST(Linear, RowsOfAnyBatchAreTheSameBitsAsTheRowAlone) {
  Rng rng(5);
  const Tensor w = Tensor::normal(rng, {77, 130}), x = Tensor::normal(rng, {64, 130});
  const std::vector<float> all = linear(x, w).to_vector();
  for (int64_t N = 1; N <= 64; ++N) {
    const std::vector<float> some = linear(x.slice(0, 64 - N, 64), w).to_vector();
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.end() - ptrdiff_t(some.size()))) << N;
  }
}

}  // namespace
}  // namespace quern
