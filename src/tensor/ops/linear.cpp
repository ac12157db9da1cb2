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

void multiply(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
              const ProductOptions& options) {
  if (options.precision == Precision::int8)
    int8_gemm(M, N, K, a, b, c, ldc,
              {.block_k = options.block_k, .accumulate = options.accumulate, .bias = options.bias});
  else
    gemm(M, N, K, a, b, c, ldc, {.accumulate = options.accumulate, .bias = options.bias});
}

void product_into(const Tensor::GradSlot& c, const Mat& a, const Mat& b, int64_t inner, ProductOptions options) {
  const int64_t rows = c.buffer.size(0), cols = c.buffer.size(1);
  options.accumulate = c.accumulate;
  if (c.buffer.strides()[1] == 1 || cols == 1) {
    multiply(rows, cols, inner, a, b, c.buffer.data(), c.buffer.strides()[0], options);
  } else {
    QUERN_CHECK(c.buffer.strides()[0] == 1, "gradient of a matrix with strides {}", to_string(c.buffer.strides()));
    multiply(cols, rows, inner, transposed(b), transposed(a), c.buffer.data(), c.buffer.strides()[1], options);
  }
}

void add_column_sums(const Tensor& bias, const Tensor& dy) {
  const Tensor::GradSlot slot = bias.grad_slot();
  if (!slot.accumulate) slot.buffer.fill(0);
  column_sum_simd(dy.data(), dy.strides()[0], slot.buffer.data(), dy.size(0), dy.size(1));
}

namespace {

Shape with_columns(const Tensor& x, int64_t M) {
  Shape shape = x.shape();
  shape.back() = M;
  return shape;
}

// x as rows of f32, columns side by side.
Tensor input_rows(const Tensor& x) {
  const Tensor rows = as_matrix(x);
  if (rows.dtype() != DType::f32) return rows.to(DType::f32);
  return rows.size(1) == 1 || rows.strides()[1] == 1 ? rows : rows.contiguous();
}

QuantInput quant_input(const Tensor& rows) { return {rows.data(), rows.size(0), rows.size(1), rows.strides()[0]}; }

// dx (+)= dy[:, column .. column + M) w
void add_input_gradient(const Tensor& x, const Tensor& dy, const QuantMatrix& w, int64_t column) {
  const Tensor::GradSlot slot = x.grad_slot();
  QUERN_CHECK(slot.buffer.strides()[1] == 1 || w.K == 1, "gradient of rows with strides {}",
              to_string(slot.buffer.strides()));
  quant_linear_backward(x.size(0), dy.data() + column, dy.strides()[0], w, slot.buffer.data(), slot.buffer.strides()[0],
                        slot.accumulate);
}

// y = x w^T + b with a weight that is not trained.
Tensor linear_quantised(const Tensor& x, const Tensor& w, const Tensor& b) {
  QUERN_CHECK(!w.trainable(), "a weight of {} can't be trained", name(w.dtype()));
  const QuantWeight stored = stored_weight(w, QuantCompute::exact);
  const int64_t M = w.size(0);
  const Tensor rows = input_rows(x);
  Tensor y = Tensor::empty(with_columns(x, M));
  const QuantPart part{&stored, b ? b.data() : nullptr, 0};
  quant_linear(quant_input(rows), {&part, 1}, y.data(), M);
  y.record("linear", {rows, b}, [rows, b, stored, M](const Tensor& grad) {
    const Tensor dy = grad.reshape({rows.size(0), M});
    if (rows.trainable()) add_input_gradient(rows, dy, stored.matrix(), 0);
    if (b && b.trainable()) add_column_sums(b, dy);
  });
  return y;
}

}  // namespace

QuantWeight stored_weight(const Tensor& w, QuantCompute compute) {
  QUERN_CHECK(w.ndim() == 2 && w.is_contiguous(), "a stored weight must be a contiguous matrix, not {} with strides {}",
              to_string(w.shape()), to_string(w.strides()));
  return QuantWeight({w.raw(), w.dtype(), w.size(0), w.size(1), w.is_mapped()}, std::make_shared<Tensor>(w), compute);
}

Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b, Precision precision) {
  const int64_t K = x.size(-1), M = w.size(0);
  QUERN_SHAPE(w, M, K);
  if (b) QUERN_SHAPE(b, M);
  if (is_quantised(w.dtype())) return linear_quantised(x, w, b);
  const Tensor rows = as_matrix(x);
  const int64_t N = rows.size(0);
  Shape shape = x.shape();
  shape.back() = M;
  Tensor y = Tensor::empty(shape);
  const float* bias = b ? b.data() : nullptr;
  multiply(N, M, K, as_mat(rows), transposed(as_mat(w)), y.data(), M, {.precision = precision, .bias = bias});
  y.record("linear", {rows, w, b}, [rows, w, b, N, M, precision](const Tensor& grad) {
    const Tensor dy = grad.reshape({N, M});
    if (rows.trainable()) product_into(rows.grad_slot(), as_mat(dy), as_mat(w), M, {.precision = precision});
    if (w.trainable())
      product_into(w.grad_slot(), transposed(as_mat(dy)), as_mat(rows), N,
                   {.precision = precision, .block_k = kInt8Tokens});
    if (b && b.trainable()) add_column_sums(b, dy);
  });
  return y;
}

Tensor linear(const Tensor& x, const PackedMatrix& w, const Tensor& b) {
  const int64_t K = w.K(), M = w.N();
  QUERN_CHECK(x.size(-1) == K && !x.trainable(), "linear: a packed weight ({}, {}) can't take x {}", M, K,
              to_string(x.shape()));
  const Tensor rows = as_matrix(x);
  Shape shape = x.shape();
  shape.back() = M;
  Tensor y = Tensor::empty(shape);
  gemm_packed(rows.size(0), as_mat(rows), w, y.data(), M, {.bias = b ? b.data() : nullptr});
  return y;
}

Tensor linear(const Tensor& x, std::span<const WeightPart> parts) {
  const int64_t K = x.size(-1);
  int64_t M = 0;
  for (const WeightPart& part : parts) {
    QUERN_CHECK(part.K() == K, "linear: a weight ({}, {}) can't take x {}", part.M(), part.K(), to_string(x.shape()));
    if (part.bias) check_shape("linear", "bias", part.bias, "M", {part.M()});
    M += part.M();
  }
  const Tensor rows = input_rows(x);
  const int64_t N = rows.size(0);
  Tensor y = Tensor::empty(with_columns(x, M));
  std::vector<QuantPart> stored;
  int64_t column = 0;
  for (const WeightPart& part : parts) {
    const float* bias = part.bias ? part.bias.data() : nullptr;
    if (part.panels)
      gemm_packed(N, as_mat(rows), part.panels, y.data() + column, M, {.bias = bias});
    else
      stored.push_back({&part.stored, bias, column});
    column += part.M();
  }
  if (!stored.empty()) quant_linear(quant_input(rows), stored, y.data(), M);
  if (!rows.trainable()) return y;
  QUERN_CHECK(stored.size() == parts.size(), "linear: no gradient flows through packed weights");
  const std::vector<WeightPart> weights(parts.begin(), parts.end());
  y.record("linear", {rows}, [rows, N, M, weights](const Tensor& grad) {
    const Tensor dy = grad.reshape({N, M});
    int64_t column = 0;
    for (const WeightPart& part : weights) {
      add_input_gradient(rows, dy, part.stored.matrix(), column);
      column += part.M();
    }
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
