// SPDX-License-Identifier: MIT
#include "tensor/kernels/int8_gemm.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.h"
#include "base/threads.h"
#include "tensor/kernels/probe.h"

namespace quern {
namespace {

using Floats = std::vector<float>;

enum class Layout { RowMajor, ColMajor, Strided };
Mat view(const Floats& data, int64_t rows, int64_t cols, Layout layout) {
  switch (layout) {
    case Layout::RowMajor:
      return row_major(data.data(), cols);
    case Layout::ColMajor:
      return row_major(data.data(), rows).transposed();
    default:
      return {data.data(), DType::f32, 2 * cols, 2};
  }
}

void expect_same_bits(const Floats& c, const Floats& ref) {
  ASSERT_EQ(c.size(), ref.size());
  for (size_t i = 0; i < c.size(); ++i) {
    if (std::isnan(ref[i]))
      ASSERT_TRUE(std::isnan(c[i])) << "at " << i;
    else
      ASSERT_EQ(c[i], ref[i]) << "at " << i;
  }
}

// sqrt(mean (c - exact)^2 / mean exact^2)
double relative_error(const Floats& c, const Floats& exact) {
  double error = 0, size = 0;
  for (size_t i = 0; i < c.size(); ++i) {
    error += (double{c[i]} - exact[i]) * (double{c[i]} - exact[i]);
    size += double{exact[i]} * exact[i];
  }
  return std::sqrt(error / size);
}

class Int8KernelsTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { before_ = kernel_choice(), force_kernels(GetParam()); }
  void TearDown() override { force_kernels(before_), set_compute_threads(hardware_threads()); }
  std::string before_;
};

TEST_P(Int8KernelsTest, EqualTheReferenceBitForBitOnOddShapesInEveryLayout) {
  Rng rng(1);
  const int64_t shapes[][3] = {{1, 1, 1},    {1, 17, 8},   {2, 5, 31},    {3, 16, 32},   {4, 33, 65},   {5, 100, 130},
                               {13, 65, 97}, {70, 40, 24}, {9, 50, 1537}, {37, 19, 640}, {130, 136, 7}, {6, 9, 3100}};
  for (const auto& [M, N, K] : shapes)
    for (const Layout la : {Layout::RowMajor, Layout::ColMajor, Layout::Strided})
      for (const Layout lb : {Layout::RowMajor, Layout::ColMajor, Layout::Strided})
        for (const int64_t block_k : {0, 64, 128}) {
          SCOPED_TRACE(testing::Message()
                       << M << "x" << N << "x" << K << " layouts " << int(la) << int(lb) << " block " << block_k);
          const Floats a = rng.normal(size_t(2 * M * K)), b = rng.normal(size_t(2 * K * N));
          Floats c(size_t(M * (N + 1)), 3.0f), ref = c;
          const Mat ma = view(a, M, K, la), mb = view(b, K, N, lb);
          int8_gemm(M, N, K, ma, mb, c.data(), N + 1, {.block_k = block_k});
          int8_gemm_ref(M, N, K, ma, mb, ref.data(), N + 1, {.block_k = block_k});
          expect_same_bits(c, ref);
        }
}

TEST_P(Int8KernelsTest, AddBiasAndWhatWasThereOnce) {
  Rng rng(2);
  const int64_t M = 21, N = 35, K = 1700;
  const Floats a = rng.normal(size_t(M * K)), b = rng.normal(size_t(K * N)), bias = rng.normal(size_t(N));
  for (const bool accumulate : {false, true})
    for (const float* maybe_bias : {static_cast<const float*>(nullptr), bias.data()}) {
      Floats c(size_t(M * N), accumulate ? 0.5f : NAN), ref(c.size(), 0.5f);
      const Int8Options options{.accumulate = accumulate, .bias = maybe_bias};
      int8_gemm(M, N, K, row_major(a.data(), K), row_major(b.data(), N), c.data(), N, options);
      int8_gemm_ref(M, N, K, row_major(a.data(), K), row_major(b.data(), N), ref.data(), N, options);
      expect_same_bits(c, ref);
    }
}

TEST_P(Int8KernelsTest, GiveTheSameBitsOnAnyNumberOfThreads) {
  Rng rng(3);
  for (const auto& [M, N, K] : {std::array<int64_t, 3>{300, 200, 384}, {64, 96, 5000}, {700, 33, 100}}) {
    const Floats a = rng.normal(size_t(M * K)), b = rng.normal(size_t(K * N));
    Floats one(size_t(M * N)), c(one.size());
    const auto run = [&](int threads, Floats& out) {
      set_compute_threads(threads);
      int8_gemm(M, N, K, row_major(a.data(), M).transposed(), row_major(b.data(), N), out.data(), N, {.block_k = 128});
    };
    run(1, one);
    for (const int threads : {2, 3}) {
      run(threads, c);
      expect_same_bits(c, one);
    }
  }
}

// Every product at its largest magnitude and of one sign: what could overflow 16 bits on the way does so here.
TEST_P(Int8KernelsTest, SumTheLargestIntegersExactly) {
  const int64_t M = 8, N = 32, K = 1536;
  for (const float sa : {1.0f, -1.0f})
    for (const float sb : {1.0f, -1.0f}) {
      const Floats a(size_t(M * K), sa), b(size_t(K * N), sb);
      Floats c(size_t(M * N));
      int8_gemm(M, N, K, row_major(a.data(), K), row_major(b.data(), N), c.data(), N);
      for (const float x : c) ASSERT_NEAR(x, sa * sb * 1536, 1e-3);
    }
}

TEST_P(Int8KernelsTest, MakeOnlyTheRowOrColumnThatIsNotFiniteNan) {
  Rng rng(4);
  const int64_t M = 10, N = 20, K = 70;
  for (const float bad : {NAN, INFINITY, -INFINITY})
    for (const Layout layout : {Layout::RowMajor, Layout::ColMajor}) {
      Floats a = rng.normal(size_t(M * K)), b = rng.normal(size_t(K * N));
      a[size_t(layout == Layout::RowMajor ? 3 * K + 50 : 50 * M + 3)] = bad;
      b[size_t(layout == Layout::RowMajor ? 11 * N + 7 : 7 * K + 11)] = bad;
      Floats c(size_t(M * N));
      int8_gemm(M, N, K, view(a, M, K, layout), view(b, K, N, layout), c.data(), N);
      for (int64_t m = 0; m < M; ++m)
        for (int64_t n = 0; n < N; ++n) EXPECT_EQ(std::isnan(c[size_t(m * N + n)]), m == 3 || n == 7) << m << " " << n;
    }
}

TEST_P(Int8KernelsTest, TakeZeroAndTinyRowsAsZero) {
  const int64_t M = 3, N = 5, K = 40;
  Floats a(size_t(M * K), 0.0f), b(size_t(K * N), 1.0f), c(size_t(M * N), 9.0f);
  for (int64_t k = 0; k < K; ++k) a[size_t(K + k)] = 1e-40f, a[size_t(2 * K + k)] = 1e-20f;
  int8_gemm(M, N, K, row_major(a.data(), K), row_major(b.data(), N), c.data(), N);
  for (int64_t n = 0; n < N; ++n) {
    EXPECT_EQ(c[size_t(n)], 0.0f);
    EXPECT_EQ(c[size_t(N + n)], 0.0f);
    EXPECT_NEAR(c[size_t(2 * N + n)], 40e-20f, 1e-23f);
  }
}

// Rounding to steps of largest/63 gives each normal operand an error of about (3.5 / 63) / sqrt(12) = 1.6 %, so a
// product about 2.3 %; with eight bits half of that. Scales per 128 tokens make the largest, and the error, smaller.
TEST_P(Int8KernelsTest, StayWithinTheRoundingErrorOfSevenBits) {
  Rng rng(5);
  const int64_t M = 40, N = 48, K = 1536;
  const Floats a = rng.normal(size_t(M * K)), b = rng.normal(size_t(K * N));
  Floats exact(size_t(M * N)), rows(exact.size()), blocks(exact.size());
  gemm_ref(M, N, K, row_major(a.data(), K), row_major(b.data(), N), exact.data(), N);
  int8_gemm(M, N, K, row_major(a.data(), K), row_major(b.data(), N), rows.data(), N);
  int8_gemm(M, N, K, row_major(a.data(), K), row_major(b.data(), N), blocks.data(), N, {.block_k = 128});
  EXPECT_LT(relative_error(rows, exact), 0.025);
  EXPECT_LT(relative_error(blocks, exact), relative_error(rows, exact));
  RecordProperty("relative_error", std::to_string(relative_error(rows, exact)));
}

TEST_P(Int8KernelsTest, ReadHalfPrecision) {
  const int64_t M = 5, N = 20, K = 70;
  std::vector<uint16_t> a(size_t(M * K)), b(size_t(K * N));
  for (size_t i = 0; i < a.size(); ++i) a[i] = uint16_t(0x3C00 + i * 37 % 900);  // 1 to 2 as f16, small as bf16
  for (size_t i = 0; i < b.size(); ++i) b[i] = uint16_t(0x3C00 + i * 91 % 900);
  for (const DType dtype : {DType::f16, DType::bf16}) {
    Floats c(size_t(M * N)), ref(c.size());
    int8_gemm(M, N, K, {a.data(), dtype, K, 1}, {b.data(), dtype, N, 1}, c.data(), N);
    int8_gemm_ref(M, N, K, {a.data(), dtype, K, 1}, {b.data(), dtype, N, 1}, ref.data(), N);
    expect_same_bits(c, ref);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Int8KernelsTest, testing::ValuesIn(available_kernels()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace quern
