// SPDX-License-Identifier: MIT
#include "tensor/kernels/quant_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/rng.h"
#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/quant_panels.h"
#include "tensor/kernels/quant_rows.h"
#include "tensor/kernels/test_support.h"
#include "tensor/quant/quantise.h"

namespace quern {
namespace {

using testing::Floats;

constexpr DType kTypes[] = {DType::q4_0,   DType::q4_1,   DType::q5_0, DType::q5_1, DType::q8_0,
                            DType::q2_k,   DType::q3_k,   DType::q4_k, DType::q5_k, DType::q6_k,
                            DType::iq4_nl, DType::iq4_xs, DType::mxfp4};

struct Weight {
  std::vector<uint8_t> blocks;
  QuantMatrix matrix;
  QuantWeight ready;
};

// Random bits in every field but the f16 scales (exponents of mxfp4), which are about one.
std::shared_ptr<Weight> random_weight(DType dtype, int64_t M, int64_t K, uint64_t seed) {
  auto w = std::make_shared<Weight>();
  w->blocks.resize(size_bytes(dtype, M * K));
  Rng rng(seed, "quant products test");
  for (uint8_t& byte : w->blocks) byte = uint8_t(rng.u64());
  const size_t step = size_t(info(dtype).block_bytes);
  const auto put = [&](size_t block, size_t at) {
    const uint16_t half = uint16_t(0x3800 + (rng.u64() & 0x83FF));  // +-0.5 .. 1
    std::memcpy(w->blocks.data() + block * step + at, &half, 2);
  };
  for (size_t b = 0; b < w->blocks.size() / step; ++b) {
    switch (dtype) {
      case DType::mxfp4:
        w->blocks[b * step] = uint8_t(124 + rng.u64() % 8);
        break;
      case DType::q3_k:
      case DType::q6_k:
        put(b, step - 2);
        break;
      case DType::q2_k:
        put(b, step - 4), put(b, step - 2);
        break;
      case DType::q4_1:
      case DType::q5_1:
      case DType::q4_k:
      case DType::q5_k:
        put(b, 0), put(b, 2);
        break;
      default:
        put(b, 0);
    }
  }
  w->matrix = {w->blocks.data(), dtype, M, K};
  w->ready = QuantWeight(w->matrix, w, QuantCompute::fast);
  return w;
}

Floats product(const Weight& w, const Floats& x, int64_t N, const float* bias = nullptr) {
  Floats y(size_t(N * w.matrix.M), 7.0f);
  const QuantPart part{&w.ready, bias, 0};
  quant_linear({x.data(), N, w.matrix.K, w.matrix.K}, {&part, 1}, y.data(), w.matrix.M);
  return y;
}
Floats product_ref(const Weight& w, const Floats& x, int64_t N, const float* bias = nullptr) {
  Floats y(size_t(N * w.matrix.M));
  quant_products_ref({x.data(), N, w.matrix.K, w.matrix.K}, w.matrix, bias, y.data(), w.matrix.M);
  return y;
}

int64_t inner(DType dtype, int64_t size) { return size * info(dtype).block_size; }

class QuantProducts : public ::testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    if (!quant_instructions()) GTEST_SKIP() << "the kernels in force have no integer products";
  }
};

TEST_P(QuantProducts, EqualTheDefinitionForEveryNumberOfRowsAndThreads) {
  constexpr int64_t kMost = 64, M = 40;    // two and a half panels
  for (const int64_t size : {1, 3, 18}) {  // blocks; the largest fill more than one strip of 512 values
    const int64_t K = inner(GetParam(), size);
    if (K > 1024) continue;
    const auto w = random_weight(GetParam(), M, K, uint64_t(size));
    const Floats x = testing::normal(kMost * K, 3), bias = testing::normal(M, 4);
    const Floats y = product_ref(*w, x, kMost), y_bias = product_ref(*w, x, kMost, bias.data());
    testing::with_thread_counts([&](int threads) {
      for (int64_t N = 1; N <= kMost; N += size == 1 ? 1 : 7) {
        SCOPED_TRACE(::testing::Message() << "K " << K << ", rows " << N << ", threads " << threads);
        EXPECT_TRUE(testing::same_bits(product(*w, x, N), Floats(y.begin(), y.begin() + N * M)));
        EXPECT_TRUE(testing::same_bits(product(*w, x, N, bias.data()), Floats(y_bias.begin(), y_bias.begin() + N * M)));
      }
    });
  }
}

// A team works only from some size on.
TEST_P(QuantProducts, EqualTheDefinitionWhenATeamShares) {
  const int64_t K = inner(GetParam(), GetParam() >= DType::q2_k && GetParam() <= DType::q6_k ? 4 : 32), M = 1000;
  const auto w = random_weight(GetParam(), M, K, 9);
  const Floats x = testing::normal(9 * K, 3);
  const Floats y = product_ref(*w, x, 9);
  testing::with_thread_counts([&](int threads) {
    for (int64_t N : {1, 2, 9}) {
      SCOPED_TRACE(::testing::Message() << "rows " << N << ", threads " << threads);
      EXPECT_TRUE(testing::same_bits(product(*w, x, N), Floats(y.begin(), y.begin() + N * M)));
    }
  });
}

TEST_P(QuantProducts, DoNotSaturateAtTheLargestCodes) {
  const int64_t K = inner(GetParam(), 2), M = 16;
  for (const uint8_t fill : {0x00, 0xFF, 0x7F, 0x80, 0x88}) {
    const auto w = random_weight(GetParam(), M, K, 1);
    const auto blocks = w->blocks;
    auto filled = std::make_shared<Weight>(*w);
    for (size_t i = 0; i < filled->blocks.size(); ++i) {  // scales stay as they are
      const size_t at = i % size_t(info(GetParam()).block_bytes);
      const bool scale = at < 4 || at >= size_t(info(GetParam()).block_bytes) - 4;
      if (!scale) filled->blocks[i] = fill;
    }
    filled->matrix.data = filled->blocks.data();
    filled->ready = QuantWeight(filled->matrix, filled, QuantCompute::fast);
    for (const float value : {1.0f, -1.0f}) {
      const Floats x(size_t(8 * K), value);
      EXPECT_TRUE(testing::same_bits(product(*filled, x, 8), product_ref(*filled, x, 8))) << int(fill) << " " << value;
      EXPECT_TRUE(testing::same_bits(product(*filled, x, 1), product_ref(*filled, x, 1))) << int(fill) << " " << value;
    }
    filled->ready = {};
  }
}

// Rounding x to 8 bits per 32 (256) normal values errs by about 0.3 (0.4) % of x; random signs add up to that of y.
TEST_P(QuantProducts, AreCloseToTheValuesInF32) {
  const int64_t K = inner(GetParam(), 4), M = 64, N = 5;
  auto w = std::make_shared<Weight>();
  w->blocks.resize(size_bytes(GetParam(), M * K));
  quantise(GetParam(), testing::normal(M * K, 1).data(), M, K, {}, w->blocks.data());
  w->matrix = {w->blocks.data(), GetParam(), M, K};
  w->ready = QuantWeight(w->matrix, nullptr, QuantCompute::fast);
  const Floats x = testing::normal(N * K, 2), y = product(*w, x, N);
  Floats exact(y.size());
  const QuantPart part{&w->ready, nullptr, 0};
  quant_linear_ref({x.data(), N, K, K}, {&part, 1}, exact.data(), M);
  double error = 0, size = 0;
  for (size_t i = 0; i < y.size(); ++i) error += std::pow(y[i] - exact[i], 2), size += std::pow(exact[i], 2);
  EXPECT_LT(std::sqrt(error / size), 0.012);
  EXPECT_GT(error, 0.0);
}

TEST_P(QuantProducts, MakeARowThatIsNotFiniteNaNAndNoOther) {
  const int64_t K = inner(GetParam(), 2), M = 20;
  const auto w = random_weight(GetParam(), M, K, 5);
  Floats x = testing::normal(9 * K, 2);
  const Floats y = product(*w, x, 9);
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    x[size_t(4 * K + 3)] = bad;
    for (int64_t N : {5, 9}) {
      const Floats spoilt = product(*w, x, N);
      for (int64_t i = 0; i < N * M; ++i) {
        if (i / M == 4)
          EXPECT_TRUE(std::isnan(spoilt[size_t(i)])) << i;
        else
          EXPECT_EQ(spoilt[size_t(i)], y[size_t(i)]) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, QuantProducts, ::testing::ValuesIn(kTypes),
                         [](const auto& param) { return std::string(name(param.param)); });

TEST(QuantLinearParts, OfDifferentTypesFillTheirColumnsAlone) {
  const int64_t K = 512, N = 11, ldy = 100;
  const auto a = random_weight(DType::q4_k, 24, K, 1), b = random_weight(DType::q8_0, 33, K, 2),
             c = random_weight(DType::q6_k, 16, K, 3);
  const Floats x = testing::normal(N * K, 4), bias = testing::normal(33, 5);
  for (int64_t rows : {int64_t{1}, int64_t{3}, N}) {
    Floats y(size_t(N * ldy), -5.0f);
    const QuantPart parts[] = {{&a->ready, nullptr, 2}, {&b->ready, bias.data(), 30}, {&c->ready, nullptr, 70}};
    quant_linear({x.data(), rows, K, K}, parts, y.data(), ldy);
    const Floats ya = product(*a, x, rows), yb = product(*b, x, rows, bias.data()), yc = product(*c, x, rows);
    for (int64_t n = 0; n < N; ++n)
      for (int64_t m = 0; m < ldy; ++m) {
        float expected = -5.0f;
        if (n < rows && m >= 2 && m < 26) expected = ya[size_t(n * 24 + m - 2)];
        if (n < rows && m >= 30 && m < 63) expected = yb[size_t(n * 33 + m - 30)];
        if (n < rows && m >= 70 && m < 86) expected = yc[size_t(n * 16 + m - 70)];
        ASSERT_EQ(y[size_t(n * ldy + m)], expected) << n << ", " << m;
      }
  }
}

TEST(QuantRows, Avx2EqualsTheReference) {
#if defined(__x86_64__)
  if (!cpu_features().avx2 || !cpu_features().f16c) GTEST_SKIP() << "this machine has no AVX2";
  const int64_t N = 5, K = 1024;
  Floats x = testing::normal(N * K, 1);
  for (int i = 0; i < 256; ++i) x[size_t(K + i)] = 0.0f;
  x[17] = INFINITY, x[300] = NAN, x[700] = 1e-35f;
  for (int i = 512; i < 768; ++i) x[size_t(2 * K + i)] = 1e-36f;
  for (const int group : {32, 256}) {
    const size_t size = size_t(quant_rows_bytes(N, K, group));
    alignas(64) static char a[1 << 16], b[1 << 16];
    ASSERT_LE(size, sizeof a);
    std::memset(a, 0, sizeof a), std::memset(b, 0, sizeof b);
    quantise_rows_ref({x.data(), N, K, K}, 0, N, quant_rows_at(a, N, K, group));
    quantise_rows_avx2({x.data(), N, K, K}, 0, N, quant_rows_at(b, N, K, group));
    EXPECT_EQ(std::memcmp(a, b, size), 0);
  }
#else
  GTEST_SKIP() << "not x86-64";
#endif
}

}  // namespace
}  // namespace quern
