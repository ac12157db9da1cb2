// SPDX-License-Identifier: MIT
// The block types: what they decode to, how well they are encoded, and what is refused. Decoding is held to ggml's bits
// by the golden runner (gguf/quants); here are the properties that need no reference.

#include <algorithm>

#include "base/error.h"
#include "tensor/kernels/convert.h"
#include "tensor/kernels/test_support.h"
#include "tensor/quant/blocks.h"
#include "tensor/quant/dequantise.h"
#include "tensor/quant/grids.h"
#include "tensor/quant/quantise.h"
#include "tensor/tensor.h"

namespace quern::testing {
namespace {

struct Written {
  DType dtype;
  double error;  // relative rms error on normal values; the golden file's own for such data is near it
};
const Written kWritten[] = {{DType::q4_0, 0.12},   {DType::q4_1, 0.10},  {DType::q5_0, 0.062},   {DType::q5_1, 0.052},
                            {DType::q8_0, 0.0090}, {DType::q2_k, 0.32},  {DType::q3_k, 0.17},    {DType::q4_k, 0.08},
                            {DType::q5_k, 0.043},  {DType::q6_k, 0.024}, {DType::iq4_nl, 0.095}, {DType::iq4_xs, 0.095},
                            {DType::mxfp4, 0.13}};
constexpr int64_t kRows = 5, kCols = 512;

std::vector<uint8_t> encoded(DType dtype, const Floats& x, int64_t K, std::span<const float> importance = {}) {
  std::vector<uint8_t> out(size_bytes(dtype, int64_t(x.size())));
  quantise(dtype, x.data(), int64_t(x.size()) / K, K, importance, out.data());
  return out;
}

Floats decoded(DType dtype, const std::vector<uint8_t>& bytes, size_t n) {
  Floats x(n);
  dequantise(dtype, bytes.data(), x.data(), int64_t(n));
  return x;
}

double relative_error(const Floats& got, const Floats& want) {
  double error = 0, size = 0;
  for (size_t i = 0; i < want.size(); ++i)
    error += std::pow(double{got[i]} - want[i], 2), size += double{want[i]} * want[i];
  return std::sqrt(error / size);
}

ErrorKind kind_of_error(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_FALSE(e.hint().empty() && e.kind() == ErrorKind::InvalidModel) << e.message();
    return e.kind();
  }
  return ErrorKind::Internal;
}

TEST(Quantise, NormalValuesLoseNoMoreThanTheTypeMust) {
  const Floats x = normal(kRows * kCols, 1, 0.02f);
  for (const auto& [dtype, limit] : kWritten) {
    SCOPED_TRACE(name(dtype));
    EXPECT_LT(relative_error(decoded(dtype, encoded(dtype, x, kCols), x.size()), x), limit);
  }
}

TEST(Quantise, EachBitMoreOfAFamilyLosesLess) {
  const Floats x = normal(kRows * kCols, 2);
  const auto error = [&](DType d) { return relative_error(decoded(d, encoded(d, x, kCols), x.size()), x); };
  double before = 1;
  for (DType d : {DType::q2_k, DType::q3_k, DType::q4_k, DType::q5_k, DType::q6_k, DType::q8_0}) {
    EXPECT_LT(error(d), 0.7 * before) << name(d);  // a bit halves the step; scales take some of that away
    before = error(d);
  }
}

TEST(Quantise, ZerosStayZerosAndConstantsStayClose) {
  for (const auto& [dtype, limit] : kWritten) {
    SCOPED_TRACE(name(dtype));
    const Floats zeros(256, 0.0f);
    EXPECT_EQ(decoded(dtype, encoded(dtype, zeros, 256), 256), zeros);
    for (const float value : {0.37f, -0.37f, 1e-3f, -250.0f}) {
      const Floats constant(256, value);
      EXPECT_LT(relative_error(decoded(dtype, encoded(dtype, constant, 256), 256), constant),
                dtype == DType::mxfp4 ? 0.26 : 0.02)  // mxfp4: just below 8 becomes 6
          << value;
    }
  }
}

TEST(Quantise, OneLargeValueAndManyTinyOnesDecodeFinitely) {
  for (const auto& [dtype, limit] : kWritten) {
    SCOPED_TRACE(name(dtype));
    for (const float large : {100.0f, -100.0f}) {
      Floats x = normal(256, 3, 1e-8f);
      x[77] = large;
      const Floats y = decoded(dtype, encoded(dtype, x, 256), 256);
      EXPECT_NEAR(y[77], large, dtype == DType::mxfp4 ? 26 : 4);
      for (const float v : y) ASSERT_TRUE(std::isfinite(v));
    }
  }
}

TEST(Quantise, TheBytesDontDependOnThreads) {
  const Floats x = normal(40 * 512, 4), importance(512, 0.5f);
  for (const auto& [dtype, limit] : kWritten) {
    SCOPED_TRACE(name(dtype));
    const std::vector<uint8_t> plain = encoded(dtype, x, 512), weighted = encoded(dtype, x, 512, importance);
    with_thread_counts([&](int) {
      EXPECT_EQ(encoded(dtype, x, 512), plain);
      EXPECT_EQ(encoded(dtype, x, 512, importance), weighted);
    });
  }
}

TEST(Quantise, ImportanceMovesErrorToWhatMattersLess) {
  const Floats x = normal(16 * 512, 5);
  Floats importance(512);
  for (size_t k = 0; k < importance.size(); ++k) importance[k] = k % 4 == 0 ? 10.0f : 0.1f;
  const auto weighted_error = [&](const Floats& y) {
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) sum += importance[i % 512] * std::pow(double{y[i]} - x[i], 2);
    return sum;
  };
  for (const auto& [dtype, limit] : kWritten) {
    if (dtype == DType::q8_0) continue;  // has nothing to choose
    SCOPED_TRACE(name(dtype));
    EXPECT_LT(weighted_error(decoded(dtype, encoded(dtype, x, 512, importance), x.size())),
              (dtype == DType::mxfp4 ? 0.95 : 0.9) * weighted_error(decoded(dtype, encoded(dtype, x, 512), x.size())));
    const Floats nothing_matters(512, 0.0f);
    EXPECT_LT(relative_error(decoded(dtype, encoded(dtype, x, 512, nothing_matters), x.size()), x), limit);
  }
}

TEST(Quantise, WhatCantBeEncodedIsRefused) {
  Floats x = normal(512, 6);
  uint8_t out[4096];
  const auto kind = [&](DType d, int64_t K, std::span<const float> importance = {}) {
    return kind_of_error([&] { quantise(d, x.data(), 1, K, importance, out); });
  };
  EXPECT_EQ(kind(DType::q4_k, 288), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(DType::q8_0, 40), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(DType::i32, 512), ErrorKind::InvalidArgument);
  for (int d = 0; d < kNumDTypes; ++d) {
    if (!is_read_only(DType(d))) continue;
    EXPECT_EQ(kind(DType(d), 512), ErrorKind::InvalidArgument) << name(DType(d));
  }
  EXPECT_EQ(kind(DType::q4_k, 512, Floats(511, 1.0f)), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(DType::q4_k, 512, Floats(512, -1.0f)), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(DType::q4_k, 512, Floats(512, NAN)), ErrorKind::InvalidArgument);
  for (const auto& [dtype, limit] : kWritten) {
    SCOPED_TRACE(name(dtype));
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      x[300] = bad;
      EXPECT_EQ(kind(dtype, 512), ErrorKind::InvalidModel) << bad;
    }
    x[300] = 3e37f;  // finite, but its scale is beyond f16; mxfp4's exponent reaches that far
    EXPECT_EQ(kind(dtype, 512), dtype == DType::mxfp4 ? ErrorKind::Internal : ErrorKind::InvalidModel);
    x[300] = 1;
  }
}

TEST(Dequantise, AnyBytesDecodeWithoutReadingElsewhere) {
  Rng rng(7);
  for (int d = 0; d < kNumDTypes; ++d) {
    const DType dtype = DType(d);
    if (!is_quantised(dtype)) continue;
    SCOPED_TRACE(name(dtype));
    const int64_t n = 64 * info(dtype).block_size;
    // One byte off any alignment, and not a byte longer than the blocks: the sanitizers watch both.
    std::vector<uint8_t> bytes(size_bytes(dtype, n) + 1);
    for (uint8_t& b : bytes) b = uint8_t(rng.u32());
    std::vector<uint8_t> aligned(bytes.begin() + 1, bytes.end());
    Floats shifted(static_cast<size_t>(n)), straight(static_cast<size_t>(n));
    dequantise(dtype, bytes.data() + 1, shifted.data(), n);
    convert_to_f32_simd(dtype, aligned.data(), straight.data(), n);
    EXPECT_TRUE(same_bits(shifted, straight));
  }
}

TEST(Dequantise, GridsHaveTheirSizesAndNoPointTwice) {
  const auto check = [](auto grid, size_t size) {
    EXPECT_EQ(grid.size(), size);
    std::sort(grid.begin(), grid.end());
    EXPECT_EQ(std::unique(grid.begin(), grid.end()), grid.end());
  };
  check(iq2xxs_grid(), 256);
  check(iq2xs_grid(), 512);
  check(iq2s_grid(), 1024);
  check(iq1_grid(), 2048);
  check(iq3xxs_grid(), 256);
  check(iq3s_grid(), 512);
}

TEST(Dequantise, Nvfp4ByHand) {
  BlockNvfp4 b{};
  b.d[0] = 0x38;   // e4m3 1.0, halved because the levels are doubled
  b.d[1] = 0x01;   // the smallest: 2^-9
  b.d[2] = 0x7f;   // counts as 0
  b.d[3] = 0x7e;   // the largest: 448
  b.qs[0] = 0x7f;  // value 0: code 15, -6; value 8: code 7, 6
  b.qs[8] = 0x02, b.qs[16] = 0x02, b.qs[24] = 0x02;
  Floats x(64);
  dequantise(DType::nvfp4, &b, x.data(), 64);
  EXPECT_EQ(x[0], -6.0f);
  EXPECT_EQ(x[8], 6.0f);
  EXPECT_EQ(x[16], 0x1p-9f);
  EXPECT_EQ(x[32], 0.0f);
  EXPECT_EQ(x[48], 448.0f);
}

TEST(QuantisedTensor, RowsMustBeWholeBlocksAndViewsMustNotCutThem) {
  EXPECT_EQ(kind_of_error([] { Tensor::empty({4, 100}, DType::q4_k); }), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind_of_error([] { Tensor::zeros({4, 96}).to(DType::q4_k); }), ErrorKind::InvalidArgument);
  const Tensor w = Tensor::zeros({4, 512}).to(DType::q4_k);
  EXPECT_EQ(kind_of_error([&] { w.slice(1, 0, 32); }), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind_of_error([&] { w.reshape({16, 128}); }), ErrorKind::InvalidArgument);
}

TEST(QuantisedTensor, RowsCutOutAndConvertedAreTheSameValues) {
  Rng rng(8);
  const Tensor w = Tensor::normal(rng, {6, 256});
  for (const auto& [dtype, limit] : kWritten) {
    SCOPED_TRACE(name(dtype));
    const Tensor q = w.to(dtype);
    const Floats all = q.to_vector(), some = q.slice(0, 2, 5).to_vector();
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + 2 * 256));
    // Through another block type, and as a transposed view.
    EXPECT_LT(relative_error(q.to(DType::q8_0).to_vector(), all), 0.01);
    Tensor flipped = Tensor::empty({256, 6});
    flipped.copy_from(q.transpose(0, 1));
    EXPECT_EQ(flipped.transpose(0, 1).contiguous().to_vector(), all);
  }
}

}  // namespace
}  // namespace quern::testing
