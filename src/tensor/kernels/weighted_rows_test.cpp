// SPDX-License-Identifier: MIT
#include "tensor/kernels/weighted_rows.h"

#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

TEST(WeightedRowsKernel, SimdMatchesReferenceOnEveryTailLengthAndForAnyThreads) {
  for (int64_t C : {1, 3, 8, 17, 67, 9000}) {
    for (int64_t J : {1, 3, 8}) {
      SCOPED_TRACE(std::to_string(C) + " columns of " + std::to_string(J));
      const int64_t N = 7;
      const Floats x = normal(N * J * C, 1), w = normal(N * J, 2), dy = normal(N * C, 3);
      std::vector<const float*> rows;
      for (int64_t i = 0; i < N * J; ++i) rows.push_back(x.data() + (i * 5 + 3) % (N * J) * C);
      Floats out_ref(size_t(N * C)), dw_ref(size_t(N * J)), dx_ref(x.size(), 9.0f);
      const auto row_pointers = [&](Floats& dx) {
        std::vector<float*> pointers;
        for (const float* row : rows) pointers.push_back(dx.data() + (row - x.data()));
        pointers[4] = nullptr;
        return pointers;
      };
      weighted_rows_ref(rows.data(), w.data(), out_ref.data(), N, J, C);
      weighted_rows_backward_ref(rows.data(), w.data(), dy.data(), dw_ref.data(), row_pointers(dx_ref).data(), N, J, C);
      Floats out_one, dw_one;
      with_thread_counts([&](int threads) {
        Floats out(out_ref.size()), dw(dw_ref.size()), dx(x.size(), 9.0f);
        weighted_rows_simd(rows.data(), w.data(), out.data(), N, J, C);
        weighted_rows_backward_simd(rows.data(), w.data(), dy.data(), dw.data(), row_pointers(dx).data(), N, J, C);
        EXPECT_TRUE(close(out, out_ref, 1e-6, 3e-6));
        EXPECT_TRUE(close(dw, dw_ref, 1e-5, 1e-4));  // sums of up to 9000 products
        EXPECT_TRUE(same_bits(dx, dx_ref));
        if (threads == 1) out_one = out, dw_one = dw;
        EXPECT_TRUE(same_bits(out, out_one)) << threads << " threads";
        EXPECT_TRUE(same_bits(dw, dw_one)) << threads << " threads";
      });
    }
  }
}

}  // namespace
}  // namespace quern::testing
