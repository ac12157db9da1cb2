// SPDX-License-Identifier: MIT
// Products with weights as stored: exact means the bits of the dense product of the dequantised weights.

#include "tensor/kernels/quant_linear.h"

#include "tensor/kernels/test_support.h"
#include "tensor/ops.h"

namespace quern::testing {
namespace {

const DType kStored[] = {DType::q4_0,   DType::q4_1,   DType::q5_0,  DType::q5_1, DType::q8_0,
                         DType::q2_k,   DType::q3_k,   DType::q4_k,  DType::q5_k, DType::q6_k,
                         DType::iq4_nl, DType::iq4_xs, DType::mxfp4, DType::f16,  DType::bf16};

Tensor random(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  return Tensor::normal(rng, shape);
}

TEST(QuantLinear, ExactProductsAreTheBitsOfTheDenseOnesForAnyRowsAndThreads) {
  const Tensor x = random({64, 768}, 1), w = random({53, 768}, 2), b = random({53}, 3);
  for (const DType dtype : kStored) {
    SCOPED_TRACE(name(dtype));
    const Tensor q = w.to(dtype), wide = q.to(DType::f32);
    const Floats want = linear(x, wide, b).to_vector();
    with_thread_counts([&](int) {
      for (const int64_t N : {1, 2, 7, 64}) {
        const Floats got = linear(x.slice(0, 64 - N, 64), q, b).to_vector();
        EXPECT_TRUE(std::equal(got.begin(), got.end(), want.end() - ptrdiff_t(got.size()))) << N << " rows";
      }
    });
  }
}

TEST(QuantLinear, ManyRowsOfWeightAreCutIntoPiecesWithoutATrace) {
  const Tensor x = random({3, 1024}, 4), q = random({1500, 1024}, 5).to(DType::q8_0);  // more than one piece a thread
  EXPECT_TRUE(same_bits(linear(x, q).to_vector(), linear(x, q.to(DType::f32)).to_vector()));
}

TEST(QuantLinear, ExactMatchesSumsInDouble) {
  const Tensor x = random({4, 512}, 6), q = random({9, 512}, 7).to(DType::q4_k), b = random({9}, 8);
  const QuantWeight w = stored_weight(q, QuantCompute::exact);
  const QuantPart part{&w, b.data(), 0};
  Floats got(4 * 9), want(4 * 9);
  quant_linear({x.data(), 4, 512, 512}, {&part, 1}, got.data(), 9);
  quant_linear_ref({x.data(), 4, 512, 512}, {&part, 1}, want.data(), 9);
  EXPECT_TRUE(close(got, want, 1e-5, 1e-4));  // f32 sums of 512 products of size 1
}

TEST(QuantLinear, PartsOfAnyDtypesStandSideBySide) {
  const Tensor x = random({5, 256}, 9);
  const Tensor ws[] = {random({7, 256}, 10).to(DType::q4_k), random({3, 256}, 11), random({4, 256}, 12).to(DType::f16),
                       random({6, 256}, 13).to(DType::q8_0)};
  std::vector<WeightPart> parts(4);
  for (size_t i = 0; i < 4; ++i) parts[i].stored = stored_weight(ws[i], QuantCompute::exact);
  parts[1].stored = {};
  parts[1].panels = pack_b(256, 3, {ws[1].raw(), DType::f32, 1, 256});
  parts[3].bias = random({6}, 14);
  const Tensor y = linear(x, parts);
  ASSERT_EQ(y.shape(), (Shape{5, 20}));
  int64_t column = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int64_t M = ws[i].size(0);
    EXPECT_TRUE(same_bits(y.slice(1, column, column + M).to_vector(), linear(x, ws[i], parts[i].bias).to_vector()))
        << i;
    column += M;
  }
}

TEST(QuantLinear, RowsOfAWiderMatrixAreTakenWhereTheyLie) {
  const Tensor wide = random({6, 700}, 15), q = random({8, 256}, 16).to(DType::q6_k);
  const Tensor x = wide.slice(1, 100, 356);
  EXPECT_TRUE(same_bits(linear(x, q).to_vector(), linear(x.contiguous(), q).to_vector()));
}

TEST(QuantLinear, TheInputsGradientIsThatOfTheDenseWeightInEachBit) {
  for (const DType dtype : {DType::q4_0, DType::q4_k, DType::iq4_xs}) {
    SCOPED_TRACE(name(dtype));
    // 1500 rows: the sum over them is cut into several pieces.
    const Tensor q = random({1500, 256}, 17).to(dtype), dy = random({3, 1500}, 18);
    Floats grads[2];
    for (int dense = 0; dense < 2; ++dense) {
      Tensor x = random({3, 256}, 19);
      x.set_trainable(true);
      linear(x, dense ? q.to(DType::f32) : q).backward(dy);
      grads[dense] = x.grad().to_vector();
    }
    EXPECT_TRUE(same_bits(grads[0], grads[1]));
  }
}

TEST(QuantLinear, EmbeddingRowsAreTheTablesValues) {
  const Tensor ids = Tensor::from(std::vector<int32_t>{3, 0, 3, 11}, {4});
  for (const DType dtype : kStored) {
    SCOPED_TRACE(name(dtype));
    const Tensor table = random({12, 256}, 20).to(dtype);
    EXPECT_TRUE(same_bits(embedding(table, ids).to_vector(), embedding(table.to(DType::f32), ids).to_vector()));
  }
}

TEST(QuantLinear, LossThroughAQuantisedHeadIsThatOfItsValues) {
  Tensor h = random({5, 256}, 21);
  h.set_trainable(true);
  const Tensor head = random({9, 256}, 22).to(DType::q5_0);
  const std::vector<int32_t> labels{1, 8, 0, kIgnoreLabel, 4};
  const auto a = cross_entropy_head(h, head, labels), b = cross_entropy_head(h, head.to(DType::f32), labels);
  EXPECT_EQ(a.row_nll, b.row_nll);
  a.sum.backward();
  const Floats da = h.grad().to_vector();
  h.clear_grad();
  b.sum.backward();
  EXPECT_TRUE(same_bits(da, h.grad().to_vector()));
}

}  // namespace
}  // namespace quern::testing
