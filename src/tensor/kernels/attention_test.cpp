// SPDX-License-Identifier: MIT
#include "tensor/kernels/attention.h"

#include <string>

#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

struct Case {
  std::string name;
  AttentionShape shape;
  std::vector<int64_t> lengths;     // of the sequences
  std::vector<int64_t> kv_lengths;  // the same when empty
};

std::vector<Case> cases() {
  return {
      {"one token", {.H = 1, .K = 1, .D = 8}, {1}, {}},
      {"a tile's borders", {.H = 2, .K = 2, .D = 64}, {47, 48, 49, 95, 96, 97, 5, 193}, {}},
      {"grouped queries", {.H = 6, .K = 2, .D = 16}, {70, 1, 33}, {}},
      {"one key/value head", {.H = 4, .K = 1, .D = 24}, {101}, {}},
      {"odd sizes", {.H = 2, .K = 1, .D = 7, .D_v = 13}, {30, 110}, {}},
      {"wide heads", {.H = 1, .K = 1, .D = 192, .D_v = 128}, {100}, {}},
      {"an empty sequence", {.H = 2, .K = 2, .D = 8}, {3, 0, 4}, {}},
      {"no mask", {.H = 2, .K = 2, .D = 16, .causal = false}, {17, 150}, {}},
      {"a window", {.H = 2, .K = 2, .D = 16, .window = 5}, {17, 150, 260}, {}},
      {"a wide window", {.H = 2, .K = 1, .D = 16, .window = 100}, {99, 301}, {}},
      {"a cap", {.H = 2, .K = 2, .D = 16, .softcap = 2.0f}, {70}, {}},
      {"a cap and a window", {.H = 2, .K = 1, .D = 32, .window = 30, .softcap = 1.5f}, {111}, {}},
      {"across", {.H = 2, .K = 2, .D = 16, .causal = false}, {10, 60}, {33, 120}},
      {"the last queries of a longer past", {.H = 2, .K = 2, .D = 16}, {10, 60}, {33, 120}},
      {"queries without keys", {.H = 2, .K = 2, .D = 16}, {10, 130, 4}, {3, 20, 0}},
  };
}

std::vector<int64_t> offsets(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> result = {0};
  for (int64_t length : lengths) result.push_back(result.back() + length);
  return result;
}

// Inputs and both kernels' buffers of one case; q, k and v are column slices of one matrix where that is possible.
struct Problem {
  AttentionShape shape;
  std::vector<int64_t> segments, kv_segments;
  int64_t N, M, q_stride, k_stride, v_stride, out_stride;
  Floats q, k, v, dout;

  explicit Problem(const Case& c)
      : shape(c.shape),
        segments(offsets(c.lengths)),
        kv_segments(offsets(c.kv_lengths.empty() ? c.lengths : c.kv_lengths)),
        N(segments.back()),
        M(kv_segments.back()),
        q_stride(c.shape.H * c.shape.D + 3),
        k_stride(c.shape.K * c.shape.D + 1),
        v_stride(c.shape.K * c.shape.value_size() + 5),
        out_stride(c.shape.H * c.shape.value_size() + 2),
        q(normal(N * q_stride, 1)),
        k(normal(M * k_stride, 2)),
        v(normal(M * v_stride, 3)),
        dout(normal(N * out_stride, 4)) {
    shape.segments = segments.data();
    shape.num_segments = int64_t(segments.size()) - 1;
    if (!c.kv_lengths.empty()) shape.kv_segments = kv_segments.data();
    shape.scale = 1.3f / std::sqrt(float(shape.D));
  }

  void forward(AttentionFn* kernel, Floats* out, Floats* lse) {
    out->assign(size_t(N * out_stride), 7.0f);
    lse->assign(size_t(N * shape.H), 0.0f);
    kernel({q.data(), q_stride}, {k.data(), k_stride}, {v.data(), v_stride}, {out->data(), out_stride}, lse->data(),
           shape);
  }
  // dq, dk, dv one after the other.
  Floats backward(AttentionBackwardFn* kernel, const Floats& out, const Floats& lse, bool accumulate) {
    Floats grads(q.size() + k.size() + v.size(), 0.5f);
    float *dq = grads.data(), *dk = dq + q.size(), *dv = dk + k.size();
    kernel({q.data(), q_stride}, {k.data(), k_stride}, {v.data(), v_stride}, {out.data(), out_stride}, lse.data(),
           {dout.data(), out_stride}, {dq, q_stride}, {dk, k_stride}, {dv, v_stride}, accumulate, shape);
    return grads;
  }
};

TEST(AttentionKernel, SimdMatchesReferenceForEveryShapeAndMask) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Problem p(c);
    Floats out, lse, out_ref, lse_ref;
    p.forward(attention_ref, &out_ref, &lse_ref);
    p.forward(attention_simd, &out, &lse);
    EXPECT_TRUE(close(out, out_ref, 1e-5, 1e-5));  // sums of some hundred products
    EXPECT_TRUE(close(lse, lse_ref, 1e-5, 1e-5));
  }
}

TEST(AttentionKernel, BackwardMatchesReferenceForEveryShapeAndMask) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Problem p(c);
    Floats out, lse;
    p.forward(attention_ref, &out, &lse);
    for (bool accumulate : {false, true}) {
      const Floats grads_ref = p.backward(attention_backward_ref, out, lse, accumulate);
      const Floats grads = p.backward(attention_backward_simd, out, lse, accumulate);
      EXPECT_TRUE(close(grads, grads_ref, 2e-5, 3e-5));
    }
  }
}

TEST(AttentionKernel, BackwardReferenceIsTheDerivative) {
  for (const Case& c : {Case{"plain", {.H = 4, .K = 2, .D = 5, .D_v = 3}, {4, 9}, {}},
                        Case{"window and cap", {.H = 2, .K = 1, .D = 4, .window = 3, .softcap = 1.5f}, {8}, {}},
                        Case{"across", {.H = 2, .K = 2, .D = 4, .causal = false}, {3, 5}, {7, 2}}}) {
    SCOPED_TRACE(c.name);
    Problem p(c);
    Floats out, lse;
    p.forward(attention_ref, &out, &lse);
    const auto loss = [&] {
      Floats y, unused;
      p.forward(attention_ref, &y, &unused);
      double sum = 0.0;  // columns between the heads' end and the stride don't count
      for (int64_t n = 0; n < p.N; ++n)
        for (int64_t i = 0; i < p.shape.H * p.shape.value_size(); ++i)
          sum += double{y[size_t(n * p.out_stride + i)]} * p.dout[size_t(n * p.out_stride + i)];
      return sum;
    };
    Floats grads = p.backward(attention_backward_ref, out, lse, false);
    // Columns past the heads are untouched: no gradient there.
    const auto part = [&](size_t begin, int64_t rows, int64_t stride, int64_t used) {
      Floats g(grads.begin() + std::ptrdiff_t(begin), grads.begin() + std::ptrdiff_t(begin) + rows * stride);
      for (int64_t i = 0; i < rows * stride; ++i)
        if (i % stride >= used) g[size_t(i)] = 0.0f;
      return g;
    };
    const AttentionShape& s = p.shape;
    expect_gradient(&p.q, part(0, p.N, p.q_stride, s.H * s.D), loss);
    expect_gradient(&p.k, part(p.q.size(), p.M, p.k_stride, s.K * s.D), loss);
    expect_gradient(&p.v, part(p.q.size() + p.k.size(), p.M, p.v_stride, s.K * s.value_size()), loss);
  }
}

TEST(AttentionKernel, BitsDoNotDependOnThreads) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Problem p(c);
    Floats out_one, lse_one, grads_one;
    with_thread_counts([&](int threads) {
      Floats out, lse;
      p.forward(attention_simd, &out, &lse);
      const Floats grads = p.backward(attention_backward_simd, out, lse, false);
      if (threads == 1) out_one = out, lse_one = lse, grads_one = grads;
      EXPECT_TRUE(same_bits(out, out_one)) << threads << " threads";
      EXPECT_TRUE(same_bits(lse, lse_one)) << threads << " threads";
      EXPECT_TRUE(same_bits(grads, grads_one)) << threads << " threads";
    });
  }
}

TEST(AttentionKernel, PackedSequencesEqualEachAlone) {
  Problem both({"both", {.H = 2, .K = 1, .D = 16}, {70, 51}, {}});
  Floats out, lse;
  both.forward(attention_simd, &out, &lse);
  Problem second = both;
  second.segments = {0, 51};
  second.shape.segments = second.segments.data();
  second.shape.num_segments = 1;
  second.N = 51;
  for (auto [x, stride] : {std::pair{&second.q, both.q_stride}, {&second.k, both.k_stride}, {&second.v, both.v_stride}})
    x->erase(x->begin(), x->begin() + 70 * stride);
  Floats out_alone, lse_alone;
  second.forward(attention_simd, &out_alone, &lse_alone);
  EXPECT_TRUE(same_bits(Floats(out.begin() + 70 * both.out_stride, out.end()), out_alone));
}

TEST(AttentionKernel, ProbabilitiesSumToOneAndStayBehindTheMask) {
  Problem p({"packed", {.H = 2, .K = 1, .D = 8, .window = 4}, {5, 9}, {}});
  ASSERT_EQ(attention_probabilities_size(p.shape), 2 * (25 + 81));
  Floats probabilities(size_t(attention_probabilities_size(p.shape)));
  attention_probabilities_ref({p.q.data(), p.q_stride}, {p.k.data(), p.k_stride}, probabilities.data(), p.shape);
  const float* at = probabilities.data();
  for (int64_t T : {5, 9}) {
    for (int64_t h = 0; h < 2; ++h) {
      for (int64_t t = 0; t < T; ++t, at += T) {
        double sum = 0.0;
        for (int64_t s = 0; s < T; ++s) {
          const bool visible = s <= t && s > t - 4;
          EXPECT_TRUE(visible || at[s] == 0.0f);
          sum += at[s];
        }
        EXPECT_NEAR(sum, 1.0, 1e-6);
      }
    }
  }
}

}  // namespace
}  // namespace quern::testing
