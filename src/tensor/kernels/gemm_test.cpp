// SPDX-License-Identifier: MIT
#include "tensor/kernels/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "tensor/kernels/gemm_choice.h"
#include "tensor/kernels/probe.h"

namespace quern {
namespace {

using Floats = std::vector<float>;

// A matrix of random numbers in any dtype, with strides of a given layout; numbers are exact in 16 bits.
struct Operand {
  std::vector<std::byte> bytes;
  Mat mat;
};
enum class Layout { RowMajor, ColMajor, Padded, Strided };
constexpr Layout kLayouts[] = {Layout::RowMajor, Layout::ColMajor, Layout::Padded, Layout::Strided};

Operand operand(Rng& rng, int64_t rows, int64_t cols, Layout layout = Layout::RowMajor, DType dtype = DType::f32) {
  Operand o;
  o.mat.dtype = dtype;
  int64_t& rs = o.mat.row_stride;
  int64_t& cs = o.mat.col_stride;
  switch (layout) {
    case Layout::RowMajor:
      rs = cols, cs = 1;
      break;
    case Layout::ColMajor:
      rs = 1, cs = rows;
      break;
    case Layout::Padded:
      rs = cols + 3, cs = 1;
      break;
    case Layout::Strided:
      rs = 2 * cols + 1, cs = 2;
      break;
  }
  const int64_t count = std::max<int64_t>(1, (rows - 1) * rs + (cols - 1) * cs + 1);
  o.bytes.resize(size_bytes(dtype, count));
  for (int64_t i = 0; i < count; ++i) {
    float x = float(rng.normal());
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    if (dtype == DType::f32) {
      std::memcpy(o.bytes.data() + 4 * i, &bits, 4);
    } else if (dtype == DType::bf16) {
      const auto half = uint16_t(bits >> 16);
      std::memcpy(o.bytes.data() + 2 * i, &half, 2);
    } else {  // f16 with a random sign and fraction, magnitude in [1/4, 4), one in sixteen subnormal
      const uint32_t exponent = bits % 16 ? 13 + bits % 4 : 0;
      const auto half = uint16_t((bits >> 16 & 0x8000) | exponent << 10 | (bits >> 5 & 1023));
      std::memcpy(o.bytes.data() + 2 * i, &half, 2);
    }
  }
  o.mat.data = o.bytes.data();
  return o;
}

// |sum| of K products of standard normals has a float error below about sqrt(K) * 2^-24 per addition; 4x for blocks.
void expect_close(const Floats& c, const Floats& ref, int64_t K) {
  ASSERT_EQ(c.size(), ref.size());
  const float tolerance = 4e-6f * std::sqrt(float(std::max<int64_t>(K, 1))) + 1e-6f;
  for (size_t i = 0; i < c.size(); ++i) ASSERT_NEAR(c[i], ref[i], tolerance * (1 + std::fabs(ref[i]))) << "at " << i;
}

class GemmKernelsTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { before_ = kernel_choice(), force_kernels(GetParam()); }
  void TearDown() override { force_kernels(before_), set_compute_threads(hardware_threads()); }
  std::string before_;
};

TEST_P(GemmKernelsTest, MatchTheReferenceOnOddShapesInEveryLayout) {
  Rng rng(1);
  const int64_t shapes[][3] = {{1, 1, 1},     {1, 7, 5},     {2, 33, 17},   {3, 16, 384},  {5, 100, 385},
                               {6, 16, 9},    {7, 17, 40},   {13, 65, 769}, {14, 32, 64},  {29, 47, 31},
                               {50, 130, 64}, {61, 9, 1000}, {97, 65, 12},  {150, 40, 33}, {64, 64, 800}};
  for (const auto& [M, N, K] : shapes) {
    for (const Layout la : kLayouts) {
      for (const Layout lb : kLayouts) {
        SCOPED_TRACE(testing::Message() << M << "x" << N << "x" << K << " layouts " << int(la) << int(lb));
        const Operand a = operand(rng, M, K, la), b = operand(rng, K, N, lb);
        const int64_t ldc = N + 2;
        Floats c(size_t(M * ldc), 7.0f), ref = c;
        gemm(M, N, K, a.mat, b.mat, c.data(), ldc);
        gemm_ref(M, N, K, a.mat, b.mat, ref.data(), ldc);
        expect_close(c, ref, K);  // the sevens between rows too
      }
    }
  }
}

TEST_P(GemmKernelsTest, ApplyAlphaBiasAndAccumulationOnce) {
  Rng rng(2);
  for (const int64_t K : {0, 3, 384, 900}) {
    for (const int64_t M : {1, 5, 60}) {
      SCOPED_TRACE(testing::Message() << "K " << K << " M " << M);
      const int64_t N = 37;
      const Operand a = operand(rng, M, K), b = operand(rng, K, N);
      const Floats bias = rng.normal(size_t(N));
      for (const bool accumulate : {false, true}) {
        for (const float* maybe_bias : {static_cast<const float*>(nullptr), bias.data()}) {
          const GemmOptions options{.alpha = -0.75f, .accumulate = accumulate, .bias = maybe_bias};
          Floats c(size_t(M * N), accumulate ? 0.5f : NAN), ref(c.size(), 0.5f);
          gemm(M, N, K, a.mat, b.mat, c.data(), N, options);
          gemm_ref(M, N, K, a.mat, b.mat, ref.data(), N, options);
          expect_close(c, ref, K);
        }
      }
    }
  }
}

TEST_P(GemmKernelsTest, ReadHalfPrecisionExactly) {
  Rng rng(3);
  for (const DType dtype : {DType::bf16, DType::f16}) {
    for (const int64_t M : {1, 2, 3, 70}) {
      for (const Layout layout : kLayouts) {
        SCOPED_TRACE(testing::Message() << name(dtype) << " M " << M << " layout " << int(layout));
        const int64_t N = 75, K = 403;
        const Operand a = operand(rng, M, K, layout, dtype), b = operand(rng, K, N, layout, dtype);
        Floats c(size_t(M * N)), ref(c.size()), packed(c.size());
        gemm(M, N, K, a.mat, b.mat, c.data(), N);
        gemm_ref(M, N, K, a.mat, b.mat, ref.data(), N);
        expect_close(c, ref, K);
        gemm_packed(M, a.mat, pack_b(K, N, b.mat), packed.data(), N);
        EXPECT_EQ(c, packed);
      }
    }
  }
}

// The promise of gemm.h. 385 and 800 make a short second and third block of K.
TEST_P(GemmKernelsTest, GiveARowTheSameBitsAloneInEveryBatchOnOneAndTwoThreadsPackedOrNot) {
  Rng rng(4);
  const int64_t kMost = 200;
  for (const auto& [N, K] : {std::pair<int64_t, int64_t>{83, 385}, {256, 64}, {144, 800}}) {
    for (const Layout layout : {Layout::RowMajor, Layout::ColMajor}) {
      const Operand a = operand(rng, kMost, K), b = operand(rng, K, N, layout);
      const PackedMatrix packed = pack_b(K, N, b.mat);
      Floats all(size_t(kMost * N));
      set_compute_threads(1);
      gemm(kMost, N, K, a.mat, b.mat, all.data(), N);
      for (const int threads : {1, 2}) {
        set_compute_threads(threads);
        for (int64_t M = 1; M <= kMost; M += M < 64 ? 1 : 45) {
          SCOPED_TRACE(testing::Message() << threads << " threads, " << M << " rows of K " << K);
          Floats c(size_t(M * N), NAN), c_packed = c;
          gemm(M, N, K, a.mat, b.mat, c.data(), N);
          ASSERT_EQ(std::memcmp(c.data(), all.data(), c.size() * 4), 0);
          gemm_packed(M, a.mat, packed, c_packed.data(), N);
          ASSERT_EQ(std::memcmp(c_packed.data(), all.data(), c.size() * 4), 0);
        }
      }
    }
  }
}

TEST_P(GemmKernelsTest, GiveAColumnTheSameBitsAloneAndInAWiderMatrix) {
  Rng rng(5);
  const int64_t M = 70, N = 100, K = 500;
  const Operand a = operand(rng, M, K), b = operand(rng, K, N);
  Floats all(size_t(M * N));
  gemm(M, N, K, a.mat, b.mat, all.data(), N);
  for (int64_t n = 1; n <= N; n += 3) {
    Floats c(size_t(M * n));
    gemm(M, n, K, a.mat, b.mat, c.data(), n);
    for (int64_t m = 0; m < M; ++m)
      ASSERT_EQ(std::memcmp(&c[size_t(m * n)], &all[size_t(m * N)], size_t(n) * 4), 0) << n << " columns, row " << m;
  }
}

TEST_P(GemmKernelsTest, GiveLongInnerDimensionsTheSameBitsOnAnyNumberOfThreads) {
  Rng rng(6);
  const int64_t M = 64, N = 64, K = 16384;
  const Operand a = operand(rng, M, K, Layout::ColMajor), b = operand(rng, K, N);
  Floats one(size_t(M * N)), c(one.size()), ref(one.size());
  set_compute_threads(1);
  gemm(M, N, K, a.mat, b.mat, one.data(), N);
  for (const int threads : {2, 3}) {
    set_compute_threads(threads);
    gemm(M, N, K, a.mat, b.mat, c.data(), N);
    EXPECT_EQ(c, one) << threads;
  }
  gemm_ref(M, N, K, a.mat, b.mat, ref.data(), N);
  expect_close(one, ref, K);
}

TEST_P(GemmKernelsTest, MultiplyBatchesAsOneByOne) {
  Rng rng(7);
  const int64_t count = 5, M = 9, N = 21, K = 33;
  const Operand a = operand(rng, count * M, K), b = operand(rng, count * K, N);
  Floats c(size_t(count * M * N)), one(c.size());
  gemm_batched(count, M, N, K, a.mat, M * K, b.mat, K * N, c.data(), N, M * N);
  for (int64_t i = 0; i < count; ++i) {
    Mat a_i = a.mat, b_i = b.mat;
    a_i.data = static_cast<const float*>(a.mat.data) + i * M * K;
    b_i.data = static_cast<const float*>(b.mat.data) + i * K * N;
    gemm(M, N, K, a_i, b_i, one.data() + i * M * N, N);
  }
  EXPECT_EQ(c, one);
}

TEST_P(GemmKernelsTest, LetNanAndInfinityThrough) {
  Rng rng(8);
  Operand a = operand(rng, 10, 20), b = operand(rng, 20, 30);
  reinterpret_cast<float*>(a.bytes.data())[3 * 20 + 5] = NAN;
  Floats c(300);
  gemm(10, 30, 20, a.mat, b.mat, c.data(), 30);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(std::isnan(c[size_t(i)]), i / 30 == 3) << i;
}

INSTANTIATE_TEST_SUITE_P(Each, GemmKernelsTest, testing::ValuesIn(available_kernels()),
                         [](const auto& info) { return info.param; });

// The order of sums is one, so kernels that fuse multiply and add agree in every bit.
TEST(Gemm, KernelsThatFuseAgreeInEveryBit) {
  Rng rng(9);
  const std::string before = kernel_choice();
  const Operand a = operand(rng, 100, 800), b = operand(rng, 800, 90);
  Floats first;
  for (const std::string& kernels : available_kernels()) {
    if (kernels == "portable" && available_kernels().size() == 1) GTEST_SKIP() << "one set of kernels only";
    force_kernels(kernels);
    Floats c(9000);
    gemm(100, 90, 800, a.mat, b.mat, c.data(), 90);
    if (first.empty()) first = c;
    EXPECT_EQ(c, first) << kernels;
  }
  force_kernels(before);
}

TEST(Gemm, RefusesNumberFormatsItDoesNotKnow) {
  float c[1];
  EXPECT_THROW(gemm(1, 1, 1, {c, DType::q8_0, 1, 1}, {c, DType::f32, 1, 1}, c, 1), Error);
  EXPECT_THROW(pack_b(1, 1, {c, DType::i32, 1, 1}), Error);
}

}  // namespace
}  // namespace quern
