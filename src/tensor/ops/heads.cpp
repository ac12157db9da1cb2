// SPDX-License-Identifier: MIT
// What multi-head latent attention does between its products: heads put together from parts, a matrix per head.
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/rows.h"
#include "tensor/ops.h"

namespace quern {

namespace {
// dst (N, H, W) += or = src's values [first, first + W) of each head; sums over heads where dst has one.
void take_part(const Tensor& dy, int64_t first, const Tensor& part) {
  const int64_t N = dy.size(0), H = dy.size(1), D = dy.size(2), W = part.size(2);
  Tensor g = Tensor::empty(part.shape());
  for (int64_t n = 0; n < N; ++n) {
    if (part.size(1) == H) {
      copy_rows_simd(dy.data() + n * H * D + first, D, g.data() + n * H * W, W, H, W);
      continue;
    }
    float* to = g.data() + n * W;
    for (int64_t i = 0; i < W; ++i) to[i] = 0;
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < W; ++i) to[i] += dy.data()[(n * H + h) * D + first + i];
  }
  part.add_grad(g);
}
}  // namespace

Tensor join_heads(const Tensor& a, const Tensor& b) {
  const int64_t N = a.size(0), H = a.size(1), A = a.size(2), B = b.size(2), heads = b.size(1);
  QUERN_CHECK((heads == H || heads == 1) && b.size(0) == N && a.strides()[2] == 1 && b.strides()[2] == 1,
              "join_heads: {} and {} don't fit", to_string(a.shape()), to_string(b.shape()));
  Tensor y = Tensor::empty({N, H, A + B});
  for (int64_t n = 0; n < N; ++n) {
    float* to = y.data() + n * H * (A + B);
    copy_rows_simd(a.data() + n * a.strides()[0], a.strides()[1], to, A + B, H, A);
    copy_rows_simd(b.data() + n * b.strides()[0], heads == 1 ? 0 : b.strides()[1], to + A, A + B, H, B);
  }
  y.record("join_heads", {a, b}, [a, b, A](const Tensor& dy) {
    if (a.trainable()) take_part(dy, 0, a);
    if (b.trainable()) take_part(dy, A, b);
  });
  return y;
}

Tensor head_products(const Tensor& x, const Tensor& w) {
  const int64_t N = x.size(0), H = x.size(1), A = x.size(2), B = w.size(2);
  QUERN_SHAPE(w, H, A, B);
  QUERN_CHECK(!any_trainable({&x, &w}), "head_products serves inference and has no gradient");
  const Mat x_0{x.raw(), x.dtype(), x.strides()[0], x.strides()[2]};
  const Mat w_0{w.raw(), w.dtype(), w.strides()[1], w.strides()[2]};
  Tensor y = Tensor::empty({N, H, B});
  gemm_batched(H, N, B, A, x_0, x.strides()[1], w_0, w.strides()[0], y.data(), H * B, B);
  return y;
}

}  // namespace quern
