// SPDX-License-Identifier: MIT
// Products. y = x w^T; dx = dy w; dw = dy^T x.
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/int8_gemm.h"
#include "tensor/kernels/reduce.h"
#include "tensor/ops.h"
#include "tensor/ops/matrix.h"

namespace quern {

Mat as_mat(const Tensor& x) { return {x.raw(), x.dtype(), x.strides()[0], x.strides()[1]}; }
Mat transposed(const Mat& m) { return {m.data, m.dtype, m.col_stride, m.row_stride}; }

Tensor as_matrix(const Tensor& x) {
  if (x.ndim() == 2) return x;
  return x.reshape({x.numel() / x.size(-1), x.size(-1)});
}

// c (+)= a b, where c is a gradient slot that may itself be a transposed view.
void product_into(const Tensor::GradSlot& c, const Mat& a, const Mat& b, int64_t inner) {
  const int64_t rows = c.buffer.size(0), cols = c.buffer.size(1);
  const GemmOptions options{.accumulate = c.accumulate};
  if (c.buffer.strides()[1] == 1 || cols == 1) {
    gemm(rows, cols, inner, a, b, c.buffer.data(), c.buffer.strides()[0], options);
  } else {
    QUERN_CHECK(c.buffer.strides()[0] == 1, "gradient of a matrix with strides {}", to_string(c.buffer.strides()));
    gemm(cols, rows, inner, transposed(b), transposed(a), c.buffer.data(), c.buffer.strides()[1], options);
  }
}

void add_column_sums(const Tensor& bias, const Tensor& dy) {
  const Tensor::GradSlot slot = bias.grad_slot();
  if (!slot.accumulate) slot.buffer.fill(0);
  column_sum_simd(dy.data(), dy.strides()[0], slot.buffer.data(), dy.size(0), dy.size(1));
}

Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b, Precision precision) {
  const int64_t K = x.size(-1), M = w.size(0);
  QUERN_SHAPE(w, M, K);
  if (b) QUERN_SHAPE(b, M);
  const Tensor rows = as_matrix(x);
  const int64_t N = rows.size(0);
  Shape shape = x.shape();
  shape.back() = M;
  Tensor y = Tensor::empty(shape);
  const float* bias = b ? b.data() : nullptr;
  if (precision == Precision::int8) return linear_int8(rows, w, b, std::move(y));
  gemm(N, M, K, as_mat(rows), transposed(as_mat(w)), y.data(), M, {.bias = bias});
  y.record("linear", {x, w, b}, [x, rows, w, b, N, M, K](const Tensor& grad) {
    const Tensor dy = grad.reshape({N, M});
    if (x.trainable()) product_into(rows.grad_slot(), as_mat(dy), as_mat(w), M);
    if (w.trainable()) product_into(w.grad_slot(), transposed(as_mat(dy)), as_mat(rows), N);
    if (b && b.trainable()) add_column_sums(b, dy);
  });
  return y;
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  const int64_t M = a.size(0), K = a.size(1), N = b.size(1);
  QUERN_SHAPE(b, K, N);
  Tensor y = Tensor::empty({M, N});
  gemm(M, N, K, as_mat(a), as_mat(b), y.data(), N);
  y.record("matmul", {a, b}, [a, b, M, N](const Tensor& dy) {
    if (a.trainable()) product_into(a.grad_slot(), as_mat(dy), transposed(as_mat(b)), N);
    if (b.trainable()) product_into(b.grad_slot(), transposed(as_mat(a)), as_mat(dy), M);
  });
  return y;
}

}  // namespace quern
