// SPDX-License-Identifier: MIT
// Rope, embedding, element-wise, reductions and movement of rows.
#include "tensor/kernels/rows.h"

#include "tensor/kernels/convert.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/embedding.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rope.h"
#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

TEST(RopeKernel, SimdMatchesReferenceAndTheInverseTurnsBack) {
  const int64_t N = 5, H = 3;
  const std::vector<int32_t> positions = {7, 0, 3, 3, 9};
  for (auto [D, R] : {std::pair<int64_t, int64_t>{64, 64}, {20, 20}, {24, 6}, {6, 2}}) {
    for (RopePairs pairs : {RopePairs::half, RopePairs::interleaved}) {
      const int64_t stride = H * D + 5;
      const Floats x = normal(N * stride, 1), angle = normal(10 * R / 2, 2, 3.0f);
      Floats cos(angle.size()), sin(angle.size());
      for (size_t i = 0; i < angle.size(); ++i) cos[i] = std::cos(angle[i]), sin[i] = std::sin(angle[i]);
      RopeShape shape = {.N = N, .H = H, .D = D, .R = R, .pairs = pairs};
      Floats out = x, out_ref = x;
      rope_ref(x.data(), stride, out_ref.data(), stride, cos.data(), sin.data(), positions.data(), shape);
      rope_simd(x.data(), stride, out.data(), stride, cos.data(), sin.data(), positions.data(), shape);
      EXPECT_TRUE(close(out, out_ref, 1e-6, 1e-6));
      EXPECT_FALSE(same_bits(out, x));
      shape.inverse = true;
      rope_simd(out.data(), stride, out.data(), stride, cos.data(), sin.data(), positions.data(), shape);
      EXPECT_TRUE(close(out, x, 1e-6, 2e-6));
    }
  }
}

TEST(EmbeddingKernel, GathersEveryDtypeAndScatterIsTheSameForAnyThreads) {
  const int64_t N = 300, C = 67, V = 11;
  const Floats table = normal(V * C, 1), dy = normal(N * C, 2);
  std::vector<int32_t> ids(static_cast<size_t>(N));
  for (size_t n = 0; n < ids.size(); ++n) ids[n] = int32_t(n * n % size_t(V));
  for (DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    std::vector<uint8_t> stored(size_bytes(dtype, V * C));
    convert_from_f32_ref(dtype, table.data(), stored.data(), V * C);
    Floats out(size_t(N * C)), out_ref(out.size());
    embedding_ref(stored.data(), dtype, ids.data(), 8.0f, out_ref.data(), N, C);
    embedding_simd(stored.data(), dtype, ids.data(), 8.0f, out.data(), N, C);
    EXPECT_TRUE(same_bits(out, out_ref));
  }
  Floats dtable_ref = table;
  embedding_backward_ref(dy.data(), ids.data(), 0.5f, dtable_ref.data(), N, C);
  with_thread_counts([&](int threads) {
    Floats dtable = table;
    embedding_backward_simd(dy.data(), ids.data(), 0.5f, dtable.data(), N, C);
    EXPECT_TRUE(same_bits(dtable, dtable_ref)) << threads << " threads";
  });
}

TEST(ElementwiseKernels, SimdEqualsReferenceInEachBit) {
  for (int64_t n : {1, 3, 8, 17, 100, 40000}) {
    SCOPED_TRACE(n);
    const Floats a = normal(n, 1), b = normal(n, 2), start = normal(n, 3);
    for (auto [ref, simd] : {std::pair<BinaryFn*, BinaryFn*>{add_ref, add_simd},
                             {subtract_ref, subtract_simd},
                             {multiply_ref, multiply_simd},
                             {multiply_add_ref, multiply_add_simd}}) {
      Floats out = start, out_ref = start;
      ref(a.data(), b.data(), out_ref.data(), n);
      simd(a.data(), b.data(), out.data(), n);
      EXPECT_TRUE(same_bits(out, out_ref));
    }
    for (auto [ref, simd] : {std::pair<ScaleFn*, ScaleFn*>{scale_ref, scale_simd}, {axpy_ref, axpy_simd}}) {
      Floats out = start, out_ref = start;
      ref(a.data(), 0.3f, out_ref.data(), n);
      simd(a.data(), 0.3f, out.data(), n);
      EXPECT_TRUE(same_bits(out, out_ref));
    }
  }
  const int64_t N = 9, C = 21;
  const Floats x = normal(N * C, 1), row = normal(C, 2), column = normal(N, 3);
  Floats out(x.size()), out_ref(x.size());
  bias_add_ref(x.data(), row.data(), out_ref.data(), N, C);
  bias_add_simd(x.data(), row.data(), out.data(), N, C);
  EXPECT_TRUE(same_bits(out, out_ref));
  column_scale_ref(x.data(), row.data(), out_ref.data(), N, C);
  column_scale_simd(x.data(), row.data(), out.data(), N, C);
  EXPECT_TRUE(same_bits(out, out_ref));
  row_scale_ref(x.data(), column.data(), out_ref.data(), N, C);
  row_scale_simd(x.data(), column.data(), out.data(), N, C);
  EXPECT_TRUE(same_bits(out, out_ref));
}

TEST(ReduceKernels, SumsMatchReferenceForAnyThreads) {
  const int64_t N = 777;
  for (int64_t C : {1, 6, 8, 65}) {
    SCOPED_TRACE(C);
    const int64_t stride = C + 2;
    const Floats x = normal(N * stride, 1), start = normal(C, 2);
    Floats columns_ref = start, columns_one, rows_ref(static_cast<size_t>(N)), rows(rows_ref.size());
    column_sum_ref(x.data(), stride, columns_ref.data(), N, C);
    row_sum_ref(x.data(), rows_ref.data(), N, C);
    row_sum_simd(x.data(), rows.data(), N, C);
    EXPECT_TRUE(close(rows, rows_ref, 1e-6, 1e-5));
    row_dot_ref(x.data(), x.data(), rows_ref.data(), N, C);
    row_dot_simd(x.data(), x.data(), rows.data(), N, C);
    EXPECT_TRUE(close(rows, rows_ref, 1e-6, 1e-5));
    double sum_one = 0.0;
    with_thread_counts([&](int threads) {
      Floats columns = start;
      column_sum_simd(x.data(), stride, columns.data(), N, C);
      const double sum = sum_simd(x.data(), N * stride);
      if (threads == 1) columns_one = columns, sum_one = sum;
      EXPECT_TRUE(same_bits(columns, columns_one)) << threads << " threads";
      EXPECT_EQ(sum, sum_one);
      EXPECT_TRUE(close(columns, columns_ref, 1e-5, 1e-4));
      EXPECT_NEAR(sum, sum_ref(x.data(), N * stride), 1e-9);
    });
  }
}

TEST(ReduceKernels, ArgmaxAndTopKTakeTheFirstOfEqualsAndPassOverNan) {
  Rng rng(5);
  for (int64_t C : {1, 2, 7, 8, 40, 333}) {
    for (bool with_nan : {false, true}) {
      const int64_t N = 20;
      Floats x(static_cast<size_t>(N * C));
      for (float& v : x) v = with_nan && rng.chance(0.3) ? NAN : float(rng.below(13));
      std::fill(x.begin(), x.begin() + C, with_nan ? NAN : -INFINITY);
      Floats value(N), value_ref(N);
      std::vector<int32_t> place(N), place_ref(N);
      row_argmax_ref(x.data(), value_ref.data(), place_ref.data(), N, C);
      row_argmax_simd(x.data(), value.data(), place.data(), N, C);
      EXPECT_EQ(place, place_ref);
      EXPECT_TRUE(close(value, value_ref, 0, 0));
      for (int64_t k : {int64_t{1}, std::min<int64_t>(C, 5), C}) {
        Floats top(static_cast<size_t>(N * k)), top_ref(top.size());
        std::vector<int32_t> places(top.size()), places_ref(top.size());
        row_top_k_ref(x.data(), k, top_ref.data(), places_ref.data(), N, C);
        row_top_k_simd(x.data(), k, top.data(), places.data(), N, C);
        EXPECT_EQ(places, places_ref) << C << " " << k;
        EXPECT_TRUE(close(top, top_ref, 0, 0));
      }
    }
  }
}

TEST(RowKernels, MovementEqualsReference) {
  for (auto [N, C] : {std::pair<int64_t, int64_t>{1, 1}, {3, 5}, {4, 4}, {37, 70}, {130, 33}}) {
    const int64_t stride = C + 3;
    const Floats x = normal(N * stride, 1), packed = normal(N * C, 2);
    std::vector<int32_t> rows(static_cast<size_t>(N));
    for (int64_t n = 0; n < N; ++n) rows[size_t(n)] = int32_t((n * 7 + 2) % N);
    Floats t(size_t(C * (N + 1)), 0.0f), t_ref = t;
    transpose_ref(x.data(), stride, t_ref.data(), N + 1, N, C);
    transpose_simd(x.data(), stride, t.data(), N + 1, N, C);
    EXPECT_TRUE(same_bits(t, t_ref));
    Floats g(packed.size()), g_ref(packed.size());
    gather_rows_ref(x.data(), stride, rows.data(), g_ref.data(), N, C);
    gather_rows_simd(x.data(), stride, rows.data(), g.data(), N, C);
    EXPECT_TRUE(same_bits(g, g_ref));
    for (int64_t n = 0; n < N; ++n) rows[size_t(n)] = int32_t(n / 2);  // repeats
    with_thread_counts([&](int) {
      Floats s = x, s_ref = x;
      scatter_rows_ref(packed.data(), rows.data(), s_ref.data(), stride, true, N, C);
      scatter_rows_simd(packed.data(), rows.data(), s.data(), stride, true, N, C);
      EXPECT_TRUE(same_bits(s, s_ref));
    });
    Floats c = x, c_ref = x;
    copy_rows_ref(packed.data(), C, c_ref.data(), stride, N, C);
    copy_rows_simd(packed.data(), C, c.data(), stride, N, C);
    EXPECT_TRUE(same_bits(c, c_ref));
  }
}

}  // namespace
}  // namespace quern::testing
