// SPDX-License-Identifier: MIT
// The dot products of quant_dots_vnni-inl.h with the instructions spelled out in AVX2, so that they are tested where
// VNNI is missing; and every set of kernels that this machine has.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/gemm_choice.h"
#include "tensor/kernels/int8_kernels.h"
#include "tensor/kernels/probe.h"
#include "tensor/kernels/quant_panels.h"
#include "tensor/kernels/quant_products.h"
#include "tensor/kernels/quant_tiles.h"
#include "tensor/kernels/test_support.h"
#include "tensor/quant/blocks.h"
#include "tensor/quant/quantise.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#include <utility>

HWY_PUSH_ATTRIBUTES("avx2,fma,f16c")
namespace quern {
namespace {
namespace spelled_out_dots {

#define QUERN_INLINE inline __attribute__((always_inline))
#include "tensor/kernels/quant_vector256-inl.h"
QUERN_INLINE Vector dot_words(Vector sum, Vector a, Vector b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
QUERN_INLINE Vector dot_bytes(Vector sum, Vector u, Vector s) {
  const Vector u_even = _mm256_and_si256(u, _mm256_set1_epi16(255)), u_odd = _mm256_srli_epi16(u, 8);
  const Vector s_even = _mm256_srai_epi16(_mm256_slli_epi16(s, 8), 8), s_odd = _mm256_srai_epi16(s, 8);
  return dot_words(dot_words(sum, u_even, s_even), u_odd, s_odd);
}
#include "tensor/kernels/quant_dots_vnni-inl.h"
//
#include "tensor/kernels/quant_codes-inl.h"
#include "tensor/kernels/quant_tiles-inl.h"
#undef QUERN_INLINE

}  // namespace spelled_out_dots
}  // namespace
}  // namespace quern
HWY_POP_ATTRIBUTES
#endif

namespace quern {
namespace {

// Every type with the kernels in force, few rows and many.
void expect_the_definition() {
  for (int i = 0; i < kNumDTypes; ++i) {
    const auto dtype = DType(i);
    if (!has_panels(dtype)) continue;
    const int64_t M = 21, N = 19, K = 3 * info(dtype).block_size;
    std::vector<uint8_t> blocks(size_bytes(dtype, M * K));
    quantise(dtype, testing::normal(M * K, uint64_t(i)).data(), M, K, {}, blocks.data());
    const QuantMatrix matrix{blocks.data(), dtype, M, K};
    const QuantWeight w(matrix, nullptr, QuantCompute::fast);
    const testing::Floats x = testing::normal(N * K, 1);
    testing::Floats y(size_t(N * M)), ref(y.size());
    quant_products_ref({x.data(), N, K, K}, matrix, nullptr, ref.data(), M);
    const QuantPart part{&w, nullptr, 0};
    quant_linear({x.data(), N, K, K}, {&part, 1}, y.data(), M);
    EXPECT_TRUE(testing::same_bits(y, ref)) << name(dtype);
    for (int64_t n = 0; n < N; n += 3) {
      const int64_t rows = std::min<int64_t>(3, N - n);
      quant_linear({x.data() + n * K, rows, K, K}, {&part, 1}, y.data() + n * M, M);
    }
    EXPECT_TRUE(testing::same_bits(y, ref)) << name(dtype) << ", three rows at a time";
  }
}

TEST(QuantVnni, DotProductsSpelledOutEqualTheDefinition) {
#if defined(__x86_64__)
  if (!cpu_features().avx2 || !cpu_features().fma || !cpu_features().f16c) GTEST_SKIP() << "this machine has no AVX2";
  const std::string before = kernel_choice();
  static const QuantInstructions kDots{"vnni spelled out", quantise_rows_ref, spelled_out_dots::tiles_of};
  static const KernelSet kSet{"vnni spelled out", gemm_kernels_portable(), int8_kernels_portable(), nullptr, &kDots};
  put_in_force(kSet);
  expect_the_definition();
  force_kernels(before);
#else
  GTEST_SKIP() << "not x86-64";
#endif
}

class QuantKernelSets : public ::testing::TestWithParam<const KernelSet*> {};

TEST_P(QuantKernelSets, EqualTheDefinition) {
  const KernelSet& set = *GetParam();
  if (set.missing) GTEST_SKIP() << "this machine lacks " << set.missing;
  if (!set.quant) GTEST_SKIP() << "these kernels have no integer products";
  const std::string before = kernel_choice();
  force_kernels(set.name);
  expect_the_definition();
  force_kernels(before);
}

std::vector<const KernelSet*> every_set() {
  std::vector<const KernelSet*> sets;
  for (const KernelSet& set : kernel_sets()) sets.push_back(&set);
  return sets;
}
INSTANTIATE_TEST_SUITE_P(Every, QuantKernelSets, ::testing::ValuesIn(every_set()),
                         [](const auto& param) { return std::string(param.param->name); });

}  // namespace
}  // namespace quern
