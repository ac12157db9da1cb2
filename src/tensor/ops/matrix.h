// SPDX-License-Identifier: MIT
#pragma once
// Between Tensor and the product kernels; for files in tensor/ops only.

#include "tensor/kernels/gemm.h"
#include "tensor/ops.h"

namespace quern {

Mat as_mat(const Tensor& x);  // (M, N) with any strides
Mat transposed(const Mat& m);
Tensor as_matrix(const Tensor& x);  // (..., C) -> (N, C), a view

// Rows of the batch that share a scale in the weight gradient of int8 training; one scale over all rows costs accuracy
// (measured: validation loss 1.7779 against 1.7682 on a 4 x 128 character model, f32 1.7676).
inline constexpr int64_t kInt8Tokens = 128;

struct ProductOptions {
  Precision precision = Precision::f32;
  int64_t block_k = 0;  // int8 only: values of K that share a scale, 0 = all
  bool accumulate = false;
  const float* bias = nullptr;
};
// c (M, N) (+)= a b + bias in the precision asked for.
void multiply(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
              const ProductOptions& options = {});
// The same into a gradient slot, which may be a transposed view.
void product_into(const Tensor::GradSlot& c, const Mat& a, const Mat& b, int64_t inner, ProductOptions options = {});
void add_column_sums(const Tensor& bias, const Tensor& dy);

}  // namespace quern
