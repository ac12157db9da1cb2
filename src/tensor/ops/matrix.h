// SPDX-License-Identifier: MIT
#pragma once
// Between Tensor and the product kernels; for files in tensor/ops only.

#include "tensor/kernels/gemm.h"
#include "tensor/tensor.h"

namespace quern {

Mat as_mat(const Tensor& x);          // (M, N) with any strides
Mat transposed(const Mat& m);
Tensor as_matrix(const Tensor& x);    // (..., C) -> (N, C), a view
// c (+)= a b into a gradient slot, which may be a transposed view.
void product_into(const Tensor::GradSlot& c, const Mat& a, const Mat& b, int64_t inner);
void add_column_sums(const Tensor& bias, const Tensor& dy);
// linear() with all three products in 8 bits; y is the output to fill.
Tensor linear_int8(const Tensor& x, const Tensor& w, const Tensor& b, Tensor y);

}  // namespace quern
